import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { BadInput, type JobSettings } from '../../src/index.ts'
import { pdf, png } from '../media-files.ts'
import { type Field, field, fly, until } from './field.ts'
import { judge } from './judge.ts'

const MB = 1_000_000
const document = (bytes: number): Buffer => pdf(3, { padding: bytes - pdf(3).length })
const picture = (bytes: number): Buffer => Buffer.concat([png(300, 200), Buffer.alloc(bytes - png(300, 200).length)])

/** Of each vendor, a file that is too large to stand in its requests. */
const vendors = {
  openai: { model: 'gpt-5.4-mini', file: document(16 * MB), as: 'files' },
  anthropic: { model: 'claude-haiku-4-5', file: document(25 * MB), as: 'files' },
  gemini: { model: 'gemini/gemini-3.5-flash', file: picture(76 * MB), as: 'images' },
  vertex: { model: 'vertex/gemini-3.5-flash', file: picture(8 * MB), as: 'images' },
} as const

const rows = [{ question: 'What is it?' }, { question: 'Whose is it?' }]

async function laid(on: Field, content: Buffer, name = 'large'): Promise<string> {
  await writeFile(on.path(name), content)
  return on.path(name)
}

/** A file of that size that takes no room. */
async function hollow(on: Field, head: Buffer, bytes: number): Promise<string> {
  const path = await laid(on, head, 'hollow')
  await truncate(path, bytes)
  return path
}

/** How often a file of that size came to a vendor. */
const uploadsOf = async (on: Field, bytes: number): Promise<number> =>
  (await on.emulator.log()).acts.filter((act) => act.act === 'upload' && act['bytes'] === bytes).length

const HOUR = 3_600_000

describe.concurrent('a file that is too large for the requests that bring it along', () => {
  test.for(Object.entries(vendors))(
    'is uploaded to %s once, named by both of its rows, counted in the bill, and gone when the job is home',
    { timeout: 120_000 },
    async ([, { model, file, as }], { expect }) => {
      await using on = await field({ cloud: true })
      const redeye = await on.open()
      const settings: JobSettings = { prompt: '{{question}}', model, [as]: await laid(on, file) }
      const job = await fly(redeye, rows, settings)
      const receipt = await job.receipt()
      expect(receipt.requests).toMatchObject({ total: 2, succeeded: 2 })
      expect((await judge(on.emulator, [{ ids: null, receipt, lines: null }])).faults).toEqual([])
      expect(await uploadsOf(on, file.length)).toBe(1)
      expect((await redeye.remoteLeftovers()).leftovers).toEqual([])
    },
  )

  test.for([
    ['openai', 'standard'],
    ['anthropic', 'standard'],
    ['vertex', 'flex'],
  ] as const)(
    'is uploaded once too where requests fly one by one: %s/%s',
    { timeout: 120_000 },
    async ([vendor, tier], { expect }) => {
      await using on = await field({ cloud: true, speed: 60 })
      const redeye = await on.open({ env: { ...on.env, GOOGLE_CLOUD_LOCATION: 'global' } })
      const { model, file, as } = vendors[vendor]
      const settings: JobSettings = { prompt: '{{question}}', model, [as]: await laid(on, file), ladder: [tier] }
      const job = await fly(redeye, rows, settings)
      const receipt = await job.receipt()
      expect(receipt.lanes).toMatchObject([{ lane: `${vendor}/${tier}`, requests: 2 }])
      expect(receipt.requests).toMatchObject({ total: 2, succeeded: 2 })
      expect((await judge(on.emulator, [{ ids: null, receipt, lines: null }])).faults).toEqual([])
      expect(await uploadsOf(on, file.length)).toBe(1)
      expect((await redeye.remoteLeftovers()).leftovers).toEqual([])
    },
  )

  test('does not keep an answer from its row where Vertex tells rows by what they asked', { timeout: 120_000 }, async ({
    expect,
  }) => {
    await using on = await field({ cloud: true, scenario: 'vertex/labels-dropped' })
    const redeye = await on.open()
    const { model, file } = vendors.vertex
    const job = await fly(redeye, rows, { prompt: '{{question}}', model, images: await laid(on, file) })
    expect((await job.receipt()).requests).toMatchObject({ total: 2, succeeded: 2 })
  })

  test('is uploaded once for two jobs that fly at the same time, and stays until both are home', {
    timeout: 120_000,
  }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const { file, model } = vendors.openai
    const settings = { model, files: await laid(on, file), prompt: '{{question}}' }
    const [first, second] = await Promise.all([
      fly(redeye, rows, settings),
      fly(redeye, rows, { ...settings, prompt: 'In one word: {{question}}' }),
    ])
    for (const job of [first, second]) expect((await job.receipt()).requests).toMatchObject({ total: 2, succeeded: 2 })
    expect(await uploadsOf(on, file.length)).toBe(1)
    expect((await redeye.remoteLeftovers()).leftovers).toEqual([])
  })

  test('stays at the vendor where that is wished, is used again, and goes when that is asked', {
    timeout: 120_000,
  }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const { file, model } = vendors.anthropic
    const settings = { model, files: await laid(on, file), prompt: '{{question}}', keepRemote: true }
    const job = await fly(redeye, rows, settings)
    await fly(redeye, rows, { ...settings, prompt: 'In one word: {{question}}' })
    expect(await uploadsOf(on, file.length)).toBe(1)
    const kept = async () =>
      (await redeye.remoteLeftovers({ remove: true })).leftovers.filter(({ kind }) => kind === 'attachment')
    expect(await kept()).toMatchObject([{ job: job.id, bytes: file.length, kept: null, removed: true }])
    expect(await kept()).toEqual([])
    await fly(redeye, rows, { ...settings, prompt: 'Again: {{question}}', keepRemote: false })
    expect(await uploadsOf(on, file.length)).toBe(2)
    expect(await kept()).toEqual([])
  })

  test('is uploaded anew when the vendor is about to forget it', { timeout: 120_000 }, async ({ expect }) => {
    await using on = await field({ speed: 40_000 })
    const redeye = await on.open()
    const { file, model } = vendors.gemini
    const settings = { model, images: await laid(on, file), prompt: '{{question}}', keepRemote: true }
    await fly(redeye, rows, settings)
    const later = redeye.now() + 25 * HOUR
    await until(() => redeye.now() > later)
    const job = await fly(redeye, rows, { ...settings, prompt: 'Now: {{question}}' })
    expect((await job.receipt()).requests).toMatchObject({ total: 2, succeeded: 2 })
    expect(await uploadsOf(on, file.length)).toBe(2)
  })

  test('that a crash left unrecorded is uploaded again; the other is found by our name, and goes', {
    timeout: 120_000,
  }, async ({ expect }) => {
    await using on = await field()
    const { file, model } = vendors.openai
    await writeFile(on.path('rows.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    const run = ['run', on.path('rows.jsonl'), '-o', on.path('out.jsonl'), '--key', 'night', '--yes', '--model', model]
    const brought = ['--prompt', '{{question}}', '--file', await laid(on, file)]
    const launch = async (env: Record<string, string> = {}): Promise<unknown[]> => {
      const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/cli/main.ts'), ...run, ...brought], {
        env: { ...process.env, ...on.env, REDEYE_HOME: on.home, REDEYE_SPEED: String(on.speed), ...env },
        stdio: 'ignore',
      })
      return once(child, 'close')
    }
    expect(await launch({ REDEYE_CRASH_AT: 'attached' })).toEqual([null, 'SIGKILL'])
    expect(await launch()).toEqual([0, null])
    expect(await uploadsOf(on, file.length)).toBe(2)
    const redeye = await on.open()
    const [orphan, ...others] = (await redeye.remoteLeftovers()).leftovers
    expect(others).toEqual([])
    expect(orphan).toMatchObject({ vendor: 'openai', kind: 'attachment', bytes: file.length, removed: false })
    const old = Date.parse(orphan?.createdAt ?? '') + 2 * HOUR
    await until(() => redeye.now() > old)
    expect((await redeye.remoteLeftovers({ remove: true })).leftovers).toMatchObject([
      { id: orphan?.id, removed: true },
    ])
    expect((await redeye.remoteLeftovers()).leftovers).toEqual([])
  })

  test('is refused with its size where requests name no such file, and nothing is sent', {
    timeout: 120_000,
  }, async ({ expect }) => {
    await using on = await field({ cloud: true })
    const redeye = await on.open()
    const refusal = async (model: string, settings: JobSettings): Promise<string> => {
      const error = await redeye.submit(rows, { model, prompt: '{{question}}', ...settings }).catch((thrown) => thrown)
      expect(error).toBeInstanceOf(BadInput)
      return (error as BadInput).problems[0]?.message ?? ''
    }
    const image = await hollow(on, png(300, 200), 200 * MB)
    const scan = await laid(on, png(9000, 10), 'wide.png')
    const small = await laid(on, png(3, 2), 'small.png')
    expect(await refusal('gpt-5.4-mini', { images: image })).toMatch(
      /hollow: too large, the request would be 266\d{6} bytes; its vendor takes at most 196000000/,
    )
    expect(await refusal('claude-haiku-4-5', { images: image })).toContain(
      'is 200000000 bytes; its vendor takes images of at most 10000000',
    )
    expect(await refusal('vertex/gemini-3.5-flash', { images: image })).toContain('takes images of at most 30000000')
    expect(await refusal('vertex/claude-haiku-4-5', { images: image })).toContain('takes images of at most 3750000')
    const document = await hollow(on, pdf(1), 60 * MB)
    expect(await refusal('gpt-5.4-mini', { files: document })).toContain(
      'too large, 60000000 bytes; its vendor takes at most 50000000 bytes of PDFs in a request',
    )
    expect(await refusal('gemini/gemini-3.5-flash', { files: document })).toContain('takes PDFs of at most 50000000')
    expect(await refusal('claude-haiku-4-5', { images: scan })).toContain(
      'is 9000 by 10 pixels; its vendor takes images of at most 8000 by 8000',
    )
    expect(await refusal('claude-haiku-4-5', { images: Array<string>(101).fill(small) })).toContain(
      'has 101 images; its vendor takes at most 100 in a request',
    )
    expect((await on.emulator.log()).acts).toEqual([])
  })
})
