import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { outcomes, reasons } from '../../domain/outcome.ts'
import type { ScannedRow } from '../../domain/scanned-row.ts'
import { scanRow } from '../file-lane/scanner.ts'

const fixture = (name: string) => readFileSync(new URL(`__fixtures__/${name}`, import.meta.url), 'utf8')

const blank = (): ScannedRow => ({
  idStart: 7,
  idEnd: 7,
  outcome: 99,
  reason: 99,
  input: 99,
  cachedInput: 99,
  cacheWrite: 99,
  cacheWrite5m: 99,
  cacheWrite1h: 99,
  output: 99,
  webSearches: 99,
  resident: true,
  model: 'stale',
  tier: 'stale',
  billed: true,
})

/** The row in words, or undefined when it is none. Scanned out of the middle of a block, as it is in life. */
function scanned(line: string) {
  const before = '{"custom_id":"somebody else"}\n'
  const bytes = Buffer.from(`${before}${line}\n{"custom_id":"the next"}`)
  const start = before.length
  const end = start + Buffer.byteLength(line)
  const row = blank()
  if (!scanRow(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), start, end, row)) return undefined
  const { idStart, idEnd, outcome, reason, cacheWrite5m, cacheWrite1h, webSearches, resident, ...rest } = row
  expect([cacheWrite5m, cacheWrite1h, webSearches, resident]).toEqual([0, 0, 0, false]) // kinds that this vendor does not have
  const id = idStart < 0 ? null : bytes.toString('utf8', idStart, idEnd)
  return { id, outcome: outcomes[outcome], reason: reasons[reason]?.name, ...rest }
}

const idsIn = (name: string) =>
  fixture(name)
    .trim()
    .split('\n')
    .map((line) => scanned(line)?.id)

const nothing = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0, model: '', tier: '', billed: false }
const golden = { model: 'gpt-5-mini-2025-08-07', tier: 'default', billed: true }

describe('A result line of OpenAI', () => {
  test.each([
    ['line.output.chat.json', { id: 'chat-0001', input: 378, cachedInput: 1024, cacheWrite: 0, output: 74, ...golden }],
    [
      'line.output.responses.json',
      { id: 'resp-0001', input: 378, cachedInput: 1024, cacheWrite: 0, output: 74, ...golden },
    ],
    [
      'line.output.embeddings.json',
      {
        id: 'emb-0001',
        input: 4,
        cachedInput: 0,
        cacheWrite: 0,
        output: 0,
        model: 'text-embedding-3-small',
        tier: '',
        billed: true,
      },
    ],
  ])('tells the tokens by kind, model and tier of an answer: %s', (name, expected) => {
    expect(scanned(fixture(name).trim())).toEqual({ outcome: 'succeeded', reason: 'none', ...expected })
  })

  test.each([
    ['line.error.http_400.json', 'chat-0002', 'failed', 'request_rejected'],
    ['line.error.http_500.json', 'chat-0003', 'failed', 'vendor_error'],
    ['line.error.batch_expired.json', 'chat-0004', 'expired', 'batch_expired'],
    ['line.error.batch_cancelled.json', 'chat-0005', 'cancelled', 'batch_cancelled'],
    ['line.error.request_timeout.json', 'chat-0006', 'failed', 'request_timeout'],
    ['line.error.status_0.json', 'chat-0007', 'failed', 'vendor_error'],
  ])('without an answer says why, and is not billed: %s', (name, id, outcome, reason) => {
    expect(scanned(fixture(name).trim())).toEqual({ ...nothing, id, outcome, reason })
  })

  test('is read wherever it stands in its file', () => {
    expect(idsIn('output.shuffled.jsonl')).toEqual(['chat-0002', 'chat-0001'])
    expect(idsIn('errors.mixed.jsonl')).toEqual(['chat-0002', 'chat-0003', 'chat-0004', 'chat-0005', 'chat-0006'])
  })
})

const answer = (body: unknown, more: Record<string, unknown> = {}) =>
  JSON.stringify({ custom_id: 'a', response: { status_code: 200, body }, error: null, ...more })
const answerOf = (escaped: string) =>
  `{"custom_id":"a","error":null,"response":{"body":{"x":"${escaped}","model":"m"},"status_code":200}}`
const failure = (status_code: number, code: string | null = null) =>
  JSON.stringify({ custom_id: 'a', response: { status_code, body: { error: { message: 'm', code } } }, error: null })

describe('The outcome of a line', () => {
  test.each([
    [429, null, 'rate_limited'],
    [408, null, 'request_timeout'],
    [503, 'server_is_overloaded', 'vendor_error'],
    [302, null, 'vendor_error'],
    [400, 'context_length_exceeded', 'request_rejected'],
    [400, 'rate_limit_exceeded', 'rate_limited'],
    [404, null, 'request_rejected'],
    [400, 'constructor', 'request_rejected'],
  ])('follows status %i with code %s: %s', (status, code, reason) => {
    expect(scanned(failure(status, code))).toMatchObject({ outcome: 'failed', reason, billed: false })
  })

  test('is a failure when the line carries an error of its own, whatever its status', () => {
    expect(scanned(answer({ usage: { prompt_tokens: 3 } }, { error: { code: 'odd', message: '' } }))).toMatchObject({
      outcome: 'failed',
      billed: false,
    })
    expect(scanned(answer({}, { error: 'odd' }))?.outcome).toBe('failed')
    expect(scanned(answer({}, { error: {} }))?.outcome).toBe('failed')
  })

  test('is a failure without a body or without a response', () => {
    expect(scanned(answer(null))).toMatchObject({ outcome: 'failed', reason: 'vendor_error' })
    expect(scanned('{"custom_id":"a","response":null,"error":null}')).toMatchObject({
      outcome: 'failed',
      reason: 'vendor_error',
    })
    expect(scanned('{"custom_id":"a"}')).toMatchObject({ outcome: 'failed', reason: 'vendor_error' })
  })

  test('is a success that says so when the answer was cut short', () => {
    const chat = {
      choices: [{ finish_reason: 'length' }, { finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 2 },
    }
    expect(scanned(answer(chat))).toMatchObject({ outcome: 'succeeded', reason: 'truncated', billed: true })
    const incomplete = (reason: string) => ({ incomplete_details: { reason }, status: 'incomplete' })
    expect(scanned(answer({ status: 'incomplete' }))).toMatchObject({ outcome: 'succeeded', reason: 'truncated' })
    expect(scanned(answer(incomplete('max_output_tokens')))).toMatchObject({ reason: 'truncated' })
    expect(scanned(answer(incomplete('content_filter')))).toMatchObject({ outcome: 'succeeded', reason: 'none' })
    const full = { choices: [{ finish_reason: 'model_length' }] }
    expect(scanned(answer(full))).toMatchObject({ outcome: 'succeeded', reason: 'context_full' })
    const second = { choices: [{ finish_reason: 'stop' }, { finish_reason: 'length' }] }
    expect(scanned(answer(second))).toMatchObject({ outcome: 'succeeded', reason: 'none' })
  })

  test('is a failure that is billed when the answer itself says that it failed', () => {
    const failed = {
      status: 'failed',
      error: { code: 'server_error', message: '' },
      usage: { input_tokens: 5, output_tokens: 0 },
    }
    expect(scanned(answer(failed))).toMatchObject({ outcome: 'failed', reason: 'vendor_error', billed: true, input: 5 })
  })

  test('is not billed when the vendor counts no tokens', () => {
    expect(scanned(answer({ choices: [] }))).toMatchObject({ outcome: 'succeeded', billed: false })
    expect(scanned(answer({ usage: null }))).toMatchObject({ outcome: 'succeeded', billed: false })
  })
})

describe('Reading a line', () => {
  test('splits the input into fresh, cached and written to the cache', () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 7,
      prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 30 },
    }
    expect(scanned(answer({ usage }))).toMatchObject({ input: 10, cachedInput: 60, cacheWrite: 30, output: 7 })
  })

  test('is not fooled by a body that echoes the names it looks for', () => {
    const echo = '{"custom_id":"stolen","error":{"code":"batch_expired"},"response":{"status_code":500}}'
    const body = {
      custom_id: 'stolen',
      status_code: 500,
      response: { status_code: 500 },
      choices: [{ message: { content: echo } }],
      output: [{ status: 'incomplete', error: { code: 'batch_expired' }, usage: { prompt_tokens: 9 } }],
    }
    expect(scanned(answer(body))).toMatchObject({ id: 'a', outcome: 'succeeded', reason: 'none', billed: false })
  })

  test.each(['\\"', '\\\\', '\\\\\\"', '\\n\\"'])('finds the end of a long answer that holds %s', (escape) => {
    for (const length of [0, 1, 46, 47, 48, 49, 200]) {
      const filler = 'x'.repeat(length)
      expect(scanned(answerOf(filler + escape + filler))).toMatchObject({ outcome: 'succeeded', model: 'm' })
      expect(scanned(answerOf(filler + escape))).toMatchObject({ outcome: 'succeeded', model: 'm' })
    }
  })

  test('takes members in any order, with any white space', () => {
    const line =
      ' {\t"error" : null , "response":{ "body" : {"usage":{"output_tokens":2, "input_tokens" : 1},"model":"m"},"status_code": 201 }, "custom_id" : "z" } \r'
    expect(scanned(line)).toMatchObject({ id: 'z', outcome: 'succeeded', input: 1, output: 2, model: 'm' })
  })

  test('has no id where the line has none', () => {
    expect(scanned('{"custom_id":null,"response":null,"error":{"code":"batch_expired"}}')?.id).toBeNull()
    expect(scanned('{"response":null,"error":{"code":"batch_expired"}}')?.id).toBeNull()
  })

  test('takes a model it has not seen before, and the next one again', () => {
    const models = ['gpt-a', 'gpt-b', 'gpt-b', 'gpt-bb', 'gpt-a', 'm\u00fc"x'].map(
      (model) => scanned(answer({ model }))?.model,
    )
    expect(models).toEqual(['gpt-a', 'gpt-b', 'gpt-b', 'gpt-bb', 'gpt-a', 'm\u00fc"x'])
  })

  test('goes through a body that is nested ten thousand deep', () => {
    const line = answer('DEEP').replace('"DEEP"', `{"x":${'['.repeat(10_000)}${']'.repeat(10_000)},"model":"m"}`)
    expect(scanned(line)).toMatchObject({ outcome: 'succeeded', model: 'm' })
  })

  test.each(['', ' ', 'null', '[]', '1', '"text"', '<html>', '{"custom_id":"a"', '{"custom_id":"a"} x', '{"a":"b'])(
    'refuses what is no row: %j',
    (line) => {
      expect(scanned(line)).toBeUndefined()
    },
  )

  test('never takes a line that was cut off for an answer', () => {
    const line = fixture('output.shuffled.jsonl').split('\n')[0] as string
    for (let length = 0; length < line.length; length++) expect(scanned(line.slice(0, length))).toBeUndefined()
  })
})

type Loose = Record<string, unknown> | null | undefined
const inside = (value: unknown, name: string) => (value as Loose)?.[name] ?? undefined
const firstOf = (value: unknown, ...names: string[]) =>
  names.map((name) => inside(value, name)).find((found) => found !== undefined)

/** What JSON.parse makes of a line, by the same rules, written the plain way. */
function parsed(line: string) {
  const row: unknown = JSON.parse(line)
  const id = inside(row, 'custom_id')
  const response = inside(row, 'response')
  const status = Number(inside(response, 'status_code') ?? 0)
  const body = inside(response, 'body')
  const usage = inside(body, 'usage')
  const prompt = firstOf(usage, 'prompt_tokens', 'input_tokens')
  const details = firstOf(usage, 'prompt_tokens_details', 'input_tokens_details')
  const answered = inside(row, 'error') === undefined && status >= 200 && status < 300
  const billed = answered && prompt !== undefined
  const count = (value: unknown) => (billed ? Number(value ?? 0) : 0)
  const cached = count(inside(details, 'cached_tokens'))
  const written = count(inside(details, 'cache_write_tokens'))
  return {
    id: typeof id === 'string' ? JSON.stringify(id).slice(1, -1) : null,
    success: answered && body !== undefined,
    model: inside(body, 'model') ?? '',
    tier: inside(body, 'service_tier') ?? '',
    billed,
    input: Math.max(0, count(prompt) - cached - written),
    cached,
    written,
    output: count(firstOf(usage, 'completion_tokens', 'output_tokens')),
  }
}

const shuffled = <T extends object>(object: T) =>
  fc.shuffledSubarray(Object.entries(object)).map((entries) => Object.fromEntries(entries) as Partial<T>)
const some = <T>(model: fc.Arbitrary<T>) => fc.option(model, { nil: null })

describe('Reading any line', () => {
  const count = fc.nat({ max: 2 ** 31 })
  const hostile = fc.string({
    unit: fc.constantFrom('"', '\\', 'n', '}', '\n', ',', 'x'.repeat(47), 'x'.repeat(48)),
    maxLength: 100,
  })
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 120 }), hostile)
  const details = fc.record({ cached_tokens: count, cache_write_tokens: count }).chain(shuffled)
  const usage = fc.oneof(
    fc
      .record({ prompt_tokens: count, completion_tokens: count, prompt_tokens_details: details, total_tokens: count })
      .chain(shuffled),
    fc.record({ output_tokens: count, input_tokens: count, input_tokens_details: details }).chain(shuffled),
  )
  const noise = fc.jsonValue({ maxDepth: 4 })
  const body = fc
    .record({ usage: some(usage), model: text, service_tier: some(text), output: noise, object: text, custom_id: text })
    .chain(shuffled)
  const response = fc
    .record({ status_code: fc.constantFrom(0, 200, 201, 299, 300, 400, 500), request_id: text, body: some(body) })
    .chain(shuffled)
  const error = fc.record({ code: text, message: text }).chain(shuffled)
  const line = fc
    .record({
      id: text,
      custom_id: some(text),
      response: some(response),
      error: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: error }),
      noise,
    })
    .chain(shuffled)

  test('tells what JSON.parse tells', () => {
    fc.assert(
      fc.property(line, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        const row = scanned(text)
        const { outcome, reason: _, cachedInput: cached, cacheWrite: written, ...rest } = row as NonNullable<typeof row>
        expect({ ...rest, cached, written, success: outcome === 'succeeded' }).toEqual(parsed(text))
      }),
      { numRuns: 1000 },
    )
  })

  test('refuses it when it was cut off', () => {
    fc.assert(
      fc.property(line, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (value, share) => {
        const text = JSON.stringify(value)
        expect(scanned(text.slice(0, Math.floor(text.length * share)))).toBeUndefined()
      }),
      { numRuns: 1000 },
    )
  })
})
