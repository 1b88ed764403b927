import { afterEach, describe, expect, test } from 'vitest'
import { ENTRY_WORDS, readBlock } from '../../src/delivery/read-results.ts'
import { readLine } from '../../src/delivery/vendor-line.ts'
import { outcomes, reasons } from '../../src/domain/outcome.ts'
import { type Emulator, startEmulator } from '../../src/emulator/index.ts'
import { answersIn } from '../../src/executor/read-journal.ts'
import type { SourceRow } from '../../src/executor/work.ts'
import { clockAt } from '../../src/kit/clock.ts'
import { anthropic } from '../../src/providers/anthropic/index.ts'
import type { Call, SyncLane } from '../../src/providers/contract.ts'
import { gemini } from '../../src/providers/gemini/index.ts'
import { sync as tiers } from '../../src/providers/openai/sync.ts'
import { vertex } from '../../src/providers/vertex/index.ts'
import { callTo, fly, keyed, rows, workFor } from './far-end.ts'

const open: Emulator[] = []
afterEach(async () => {
  for (const emulator of open.splice(0)) await emulator.close()
})

interface Vendor {
  readonly name: string
  readonly sync: Readonly<Record<string, SyncLane>>
  call(emulator: Emulator, speed: number): Call
  row(row: number): SourceRow
}

const text = (row: number): string => `What is ${row} and one?`
const rowOf = (row: number, endpoint: string, model: string, body: object): SourceRow => ({
  row,
  endpoint,
  model,
  body: Buffer.from(JSON.stringify(body)),
  inputTokens: 50,
  outputMax: 500,
})
const contents = (row: number) => ({ contents: [{ role: 'user', parts: [{ text: text(row) }] }] })

const vendors: readonly Vendor[] = [
  {
    name: 'openai',
    sync: tiers, // completion windows answer later: test/flights/completion-windows.test.ts
    call: ({ baseUrls }, speed) => callTo(baseUrls.openai, clockAt(speed)),
    row: (row) =>
      rowOf(row, '/v1/chat/completions', 'gpt-5-mini', {
        model: 'gpt-5-mini',
        messages: [{ role: 'user', content: text(row) }],
      }),
  },
  {
    name: 'anthropic',
    sync: anthropic.sync,
    call: ({ baseUrls }, speed) => callTo(baseUrls.anthropic, clockAt(speed)),
    row: (row) =>
      rowOf(row, '/v1/messages', 'claude-haiku-4-5', {
        model: 'claude-haiku-4-5',
        max_tokens: 500,
        messages: [{ role: 'user', content: text(row) }],
      }),
  },
  {
    name: 'gemini',
    sync: gemini.sync,
    call: ({ baseUrls }, speed) => callTo(baseUrls.gemini, clockAt(speed)),
    row: (row) => rowOf(row, ':generateContent', 'gemini-3.5-flash', contents(row)),
  },
  {
    name: 'vertex',
    sync: vertex.sync,
    call: ({ baseUrls }, speed) => ({
      ...callTo(`${baseUrls.vertex}/v1/projects/proj/locations/global`, clockAt(speed)),
      authorize: async () => ({ authorization: 'Bearer ya29.test' }),
    }),
    row: (row) => rowOf(row, ':generateContent', 'gemini-3.5-flash', contents(row)),
  },
]
const lanes = vendors.flatMap((vendor) =>
  Object.entries(vendor.sync).map(([tier, lane]) => ({ ...vendor, tier, lane, label: `${vendor.name}/${tier}` })),
)

async function flown(
  vendor: Vendor & { readonly lane: SyncLane },
  scenario: string | readonly string[] = [],
  { count = 60, speed = 1, triesMax = 5 } = {},
) {
  const emulator = await startEmulator({ scenario, speed })
  open.push(emulator)
  const flight = await fly({
    ...workFor({ to: emulator.url, lane: vendor.lane, source: rows(count, vendor.row), triesMax }),
    call: vendor.call(emulator, speed),
  })
  const log = await emulator.log()
  const executed = log.acts.filter(({ act }) => act === 'call')
  return { emulator, ...flight, executed, bill: await emulator.bill() }
}

describe.each(lanes)('$label', (vendor) => {
  test('is answered, and says its tier, which is the one on the bill', async () => {
    const { ended, executed, bill } = await flown(vendor)
    expect(ended).toMatchObject({ kind: 'finished', progress: { answered: 60, succeeded: 60 } })
    expect(executed).toHaveLength(60)
    const word = vendor.name === 'openai' && vendor.tier === 'standard' ? 'default' : vendor.tier
    expect(ended.progress.tiers).toEqual({ [word]: 60 })
    expect(new Set(bill.entries.map(({ tier }) => tier))).toEqual(new Set([vendor.tier]))
    const billed = (kinds: RegExp) =>
      bill.entries.filter(({ kind }) => kinds.test(kind)).reduce((sum, { tokens }) => sum + Number(tokens), 0)
    expect(ended.progress.tokens).toEqual({ input: billed(/input|cache/i), output: billed(/output/) })
  })

  test('leaves rows that are collected and delivered like those of a batch', async () => {
    const { journal } = await flown(vendor, `${vendor.name}/rows-400:share=0.2`)
    const bytes = Buffer.concat(await Array.fromAsync(answersIn([journal])))
    const buffer = new ArrayBuffer(bytes.length)
    new Uint8Array(buffer).set(bytes)
    const { scanRow } = (await import(vendor.lane.scanner.href)) as { scanRow: SyncLane['scanRow'] }
    const scanner = vendor.lane.scanner.href
    const out = readBlock({ buffer, length: bytes.length, scanner, key: keyed(0).slice(0, 20) }, scanRow)
    expect(out).toMatchObject({ lines: 60, strangers: 0, count: 60 })
    const entries = new Uint32Array(out.entries)
    const seen = Array.from({ length: 60 }, (_, each) => {
      const at = each * ENTRY_WORDS
      const start = entries[at + 2] as number
      const line = readLine(bytes, start, start + (entries[at + 3] as number))
      const outcome = outcomes[(entries[at + 1] as number) & 0xff]
      const reason = reasons[((entries[at + 1] as number) >>> 8) & 0xff]?.name
      return `${outcome} ${reason} ${line.kind}`
    })
    expect(new Set(seen)).toEqual(new Set(['succeeded none answer', 'failed request_rejected error']))
  })

  test('gets through a storm, and pays for each request once', async () => {
    const { ended, executed } = await flown(
      vendor,
      [`${vendor.name}/storm-429:times=5,on=answer`, `${vendor.name}/storm-503:times=5,on=answer`].concat(
        `${vendor.name}/storm-500:times=5,on=answer`,
      ),
      { speed: 200 },
    )
    expect(ended).toMatchObject({ kind: 'finished', progress: { succeeded: 60, unproven: { attempts: 0 } } })
    expect(executed).toHaveLength(60)
  })

  test('counts answers that were lost on the way', async () => {
    const { ended, executed } = await flown(vendor, [`${vendor.name}/sync-lost:times=3`], { speed: 200 })
    expect(ended).toMatchObject({ kind: 'finished', progress: { succeeded: 60, unproven: { attempts: 3 } } })
    expect(executed).toHaveLength(63)
  })

  test('ends at once with a key that is not good', async () => {
    const { ended, executed } = await flown(vendor, `${vendor.name}/wrong-key:times=always,on=answer`)
    expect(ended).toMatchObject({ kind: 'halted', why: 'credentials' })
    expect(executed).toEqual([])
  })
})

const dry = lanes.filter(({ tier }) => tier === 'flex')
test.each(dry)('$label waits out a drought and tells that there is one', async (vendor) => {
  const { ended, views, executed } = await flown(vendor, `${vendor.name}/flex-drought:seconds=600`, { speed: 2000 })
  expect(ended).toMatchObject({ kind: 'finished', progress: { succeeded: 60, unproven: { attempts: 0 } } })
  expect(views.some(({ trouble }) => trouble?.why === 'drought')).toBe(true)
  expect(executed).toHaveLength(60)
})

test.each(lanes.filter(({ name, tier }) => tier === 'standard' && ['openai', 'anthropic'].includes(name)))(
  '$label keeps to the rates that the vendor enforces',
  async (vendor) => {
    const { ended, executed } = await flown(vendor, `${vendor.name}/sync-429:requests=60`, { count: 100, speed: 100 })
    expect(ended).toMatchObject({ kind: 'finished', progress: { succeeded: 100, unproven: { attempts: 0 } } })
    expect(executed).toHaveLength(100)
  },
)

test.each(lanes.filter(({ tier, name }) => tier === 'priority' && name !== 'vertex'))(
  '$label that is served as standard says so',
  async (vendor) => {
    const { ended, bill } = await flown(vendor, `${vendor.name}/priority-downgraded`, { count: 10 })
    expect(ended.progress.tiers).toEqual({ [vendor.name === 'openai' ? 'default' : 'standard']: 10 })
    expect(new Set(bill.entries.map(({ tier }) => tier))).toEqual(new Set(['standard']))
  },
)

test('Anthropic’s committed capacity is told apart', async () => {
  const [vendor] = lanes.filter(({ name }) => name === 'anthropic')
  const { ended } = await flown(vendor as (typeof lanes)[number], 'anthropic/committed-capacity', { count: 5 })
  expect(ended.progress.tiers).toEqual({ priority: 5 })
})
