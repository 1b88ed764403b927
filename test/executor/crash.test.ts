import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Ended } from '../../src/executor/work.ts'
import { farEnd, folder, resultsIn } from './far-end.ts'

const count = 300
const concurrency = 8

test.each([1, 2, 3])(
  'A run that is killed again and again buys nothing twice but what was in flight (%i)',
  async (seed) => {
    const dir = folder()
    const random = randomOf(seed)
    let killAt = Number.POSITIVE_INFINITY
    let kill = () => {}
    const vendor = await farEnd(async (_, nth) => {
      if (nth === killAt) kill()
      await new Promise((resolve) => setTimeout(resolve, random() * 20))
      return {}
    })
    let kills = 0
    let ended: Ended | undefined
    while (ended === undefined) {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, 'crash-child.ts'), vendor.url, dir, String(count), String(concurrency)],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      killAt = kills < 6 ? vendor.asked.length + 1 + Math.floor(random() * 60) : Number.POSITIVE_INFINITY
      kill = () => setTimeout(() => child.kill('SIGKILL'), random() * 15)
      let out = ''
      child.stdout.on('data', (chunk) => (out += chunk))
      const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
      if (signal === 'SIGKILL') kills++
      else if (code === 0) ended = JSON.parse(out) as Ended
      else throw new Error(`the child ended with ${code}`)
    }
    expect(kills).toBeGreaterThan(0)
    const journals = readdirSync(dir)
      .toSorted()
      .map((name) => join(dir, name))
    const results = await resultsIn(journals) // throws where one was answered twice
    expect(results.size).toBe(count)
    expect(ended).toMatchObject({ kind: 'finished', progress: { answered: count, succeeded: count } })

    const { attempts } = ended.progress.unproven
    expect(vendor.asked.length - count).toBeLessThanOrEqual(attempts)
    expect(attempts).toBeLessThanOrEqual(kills * concurrency)
    const asked = Map.groupBy(vendor.asked, ({ name }) => name)
    expect(asked.size).toBe(count)
  },
)

test('A run whose disk is full ends with that, and the next one goes on from what was kept', async () => {
  const dir = folder()
  const vendor = await farEnd(() => ({}))
  const child = join(import.meta.dirname, 'crash-child.ts')
  const run = async (limit: string) => {
    const command = `${limit} exec "$0" "$@"`
    const args = ['-c', command, process.execPath, child, vendor.url, dir, String(count), String(concurrency)]
    const ran = spawn('bash', args, { stdio: 'pipe' })
    let out = ''
    for (const stream of [ran.stdout, ran.stderr]) stream.on('data', (chunk) => (out += chunk))
    await once(ran, 'close')
    return out
  }
  expect(await run('ulimit -f 32;')).toContain("code: 'store_unavailable'")
  const ended = JSON.parse(await run('')) as Ended
  expect(ended).toMatchObject({ kind: 'finished', progress: { answered: count, succeeded: count } })
  expect(vendor.asked.length).toBeGreaterThan(count)
  expect(vendor.asked.length - count).toBeLessThanOrEqual(ended.progress.unproven.attempts)
})

/** mulberry32 */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
