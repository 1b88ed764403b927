import { readFileSync } from 'node:fs'
import OpenAI, { toFile } from 'openai'
import { describe, expect, test } from 'vitest'
import type { AdoptableBatch, AdoptedBatch, Bill, JobSummary } from '../../src/index.ts'
import { lastJson, Night } from './night.ts'

const night = new Night()
/** Each test has a project of its own, for all of them share one vendor. */
const project = () => `proj_${night.folder.split('-').at(-1)}`
const as = (more: Readonly<Record<string, string>> = {}) => ({ env: { OPENAI_PROJECT_ID: project(), ...more } })
const client = () =>
  new OpenAI({ apiKey: 'sk-emulated-key', project: project(), baseURL: night.emulator.baseUrls.openai, maxRetries: 0 })

/** Batches that another tool makes, which have ended. */
async function theirs(counts: readonly number[]): Promise<string[]> {
  const openai = client()
  const ids: string[] = []
  for (const count of counts) {
    const text = readFileSync(night.lines(`theirs-${count}.jsonl`, count), 'utf8')
    const file = await openai.files.create({ file: await toFile(Buffer.from(text), 'in.jsonl'), purpose: 'batch' })
    const how = { endpoint: '/v1/chat/completions', completion_window: '24h' } as const
    ids.push((await openai.batches.create({ input_file_id: file.id, ...how })).id)
  }
  night.emulator.advance(7200)
  return ids
}

describe('redeye adopt', { timeout: 60_000 }, () => {
  test('--dry-run says of each batch its state, rows, price, saving, what expires, and whose it is', async () => {
    const [first = '', second = ''] = await theirs([5, 7])
    await night.redeye(['submit', night.lines('ours.jsonl', 3), '--yes'], as())
    const listed = await night.redeye(['adopt', '--account', 'openai', '--dry-run'], as())
    expect(listed.code).toBe(0)
    expect(listed.stdout).toMatch(/^batch +model +state +done +age +usd +saved +expires +job\n/)
    const lines = listed.stdout.split('\n')
    const of = (id: string) => lines.find((line) => line.includes(id))
    expect(of(first)).toMatch(/completed +5\/5 +\d+h.* 0\.0\d+ +0\.0\d+ +results in 29d/)
    expect(of(second)).toMatch(/completed +7\/7/)
    expect(lines.filter((line) => / job_\w+$/.test(line))).toHaveLength(1)
    expect(listed.stdout).toContain('2 of 3 can be taken over.')
    const { batches } = lastJson(await night.redeye(['adopt', '--account', 'openai', '--dry-run', '--json'], as())) as {
      batches: AdoptableBatch[]
    }
    expect(batches.map(({ by }) => by).toSorted()).toEqual(['others', 'others', 'this home'])
    const one = batches.find(({ batch }) => batch === `openai:${first}`)
    expect(one).toMatchObject({ ended: true, rows: { total: 5, done: 5, failed: 0 }, job: null, obstacle: null })
    const { entries } = await night.emulator.bill()
    const nano = entries.filter(({ batch }) => batch === first).reduce((sum, { nanoUsd }) => sum + Number(nanoUsd), 0)
    expect(Number(one?.usd?.batch) * 1e9).toBeCloseTo(nano, 0)
    expect(one?.usd?.saved).toBe(one?.usd?.batch) // half of the standard price
  })

  test('takes over what others have submitted, once, and marks it wherever it is shown', async () => {
    const ids = await theirs([5, 7])
    await night.redeye(['run', night.lines('ours.jsonl', 3), '-o', 'ours.out', '--yes'], as())
    const purchases = await night.purchases()
    const told = await night.redeye(['adopt', '--account', 'openai', '--since', '2d', '--tag', 'team=x'], as())
    expect(told).toMatchObject({ code: 0, stderr: expect.stringContaining('Passed over 1') })
    expect(told.stdout.trimEnd().split('\n')).toHaveLength(2)
    const jobs = [...told.stdout.matchAll(/^job_\w+/gm)].map(([id]) => id)
    expect(told.stderr).toContain(`redeye wait ${jobs.join(' ')}`)
    const again = lastJson(await night.redeye(['adopt', ...ids.map((id) => `openai:${id}`), '--json'], as())) as {
      adopted: AdoptedBatch[]
    }
    expect(again.adopted.map(({ created, job }) => [created, job]).toSorted()).toEqual(
      jobs.map((id) => [false, id]).toSorted(),
    )
    expect((await night.redeye(['wait', ...jobs], as())).code).toBe(0)
    const listed = lastJson(await night.redeye(['list', '--json'], as())) as JobSummary[]
    expect(listed.flatMap(({ adopted }) => adopted ?? []).toSorted()).toEqual(
      ids.map((id) => `openai:${id}`).toSorted(),
    )
    expect((await night.redeye(['list'], as())).stdout).toContain(`adopted openai:${ids[0]}`)
    const shown = await night.redeye(['show', jobs[0] as string], as())
    expect(shown.stdout).toMatch(/adopted +openai:batch_\w+, which others have bought\n/)
    expect(shown.stdout).toMatch(/took over batch_\w+, which others have bought/)
    const bill = lastJson(await night.redeye(['bill', '--json'], as())) as Bill
    const byTag = lastJson(await night.redeye(['bill', '--per', 'tag:team', '--json'], as())) as Bill
    expect(bill.adopted).toBe(byTag.lines.find(({ name }) => name === 'x')?.usd.charged)
    expect((await night.redeye(['bill'], as())).stderr).toContain(`jobs took over from others: ${bill.adopted} USD`)
    expect(await night.purchases()).toBe(purchases)
  })

  test('killed in the middle, it goes on, and makes one job', { timeout: 120_000 }, async () => {
    const [id = ''] = await theirs([6])
    const batch = `openai:${id}`
    const before = await night.billed()
    const jobs = new Set<string>()
    for (const step of ['job-created', 'collecting', 'collected', 'settled', 'landing']) {
      const killed = as({ REDEYE_CRASH_AT: step })
      const adopted = await night.redeye(['adopt', batch, '--json'], killed)
      if (step === 'job-created') expect(adopted.code).toBeNull()
      else jobs.add((lastJson(adopted) as { adopted: AdoptedBatch[] }).adopted[0]?.job ?? '')
      const [job = ''] = jobs
      if (job !== '') expect((await night.redeye(['wait', job], killed)).code).toBeNull()
    }
    expect(jobs.size).toBe(1)
    const [job = ''] = jobs
    const home = await night.redeye(['results', job], as())
    expect(home.stdout.trimEnd().split('\n')).toHaveLength(6)
    const bill = lastJson(await night.redeye(['bill', '--json'], as())) as Bill
    const { entries } = await night.emulator.bill()
    const own = entries.filter((entry) => entry.batch === id).reduce((sum, { nanoUsd }) => sum + BigInt(nanoUsd), 0n)
    expect(Math.round(Number(bill.total.usd.charged) * 1e9)).toBe(Number(own))
    expect(await night.billed()).toBe(before)
  })

  test('a download that breaks off leaves nothing behind, and the next one goes through', async () => {
    const [id = ''] = await theirs([6])
    night.emulator.setScenario(['openai/drop-download'])
    expect(await night.redeye(['adopt', `openai:${id}`], as())).toMatchObject({ code: 4, stdout: '' })
    expect(lastJson(await night.redeye(['list', '--json'], as()))).toEqual([])
    expect(await night.redeye(['adopt', `openai:${id}`], as())).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('6 requests, as they were sent'),
    })
  })

  test('says what is wrong, of each batch by itself', async () => {
    const [id = ''] = await theirs([2])
    const some = await night.redeye(['adopt', 'openai:batch_none', `openai:${id}`], as())
    expect(some).toMatchObject({ code: 2, stdout: expect.stringMatching(/^job_/) })
    expect(some.stderr).toContain('openai:batch_none: openai knows no batch batch_none in this account.')
    const wrong: readonly (readonly [args: readonly string[], says: string])[] = [
      [[], 'Say which batches'],
      [[`openai:${id}`, '--account', 'openai'], 'Say which batches'],
      [['batch_1'], '"batch_1" names no batch'],
      [['nobody:batch_1'], 'There is no account "nobody"'],
      [['anthropic:msgbatch_1'], 'No API key for anthropic'],
      [[`openai:${id}`, '--since', '3d'], '--since goes with --account'],
      [['--account', 'openai', '--since', 'tomorrow'], 'no time that has passed'],
      [[`openai:${id}`, '--budget', '5'], 'Nothing is bought without --rescue'],
    ]
    for (const [args, says] of wrong) {
      const { code, stderr } = await night.redeye(['adopt', ...args], as({ ANTHROPIC_API_KEY: '' }))
      expect([says, code === 2 || code === 4, stderr]).toEqual([says, true, expect.stringContaining(says)])
    }
  })
})
