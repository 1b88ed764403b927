import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { outcomes, reasons } from '../../domain/outcome.ts'
import type { ScannedRow } from '../../domain/scanned-row.ts'
import { scanRow } from './scanner.ts'

const linesOf = (name: string) =>
  readFileSync(new URL(`__fixtures__/${name}`, import.meta.url), 'utf8')
    .trim()
    .split('\n')

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
  const before = '{"key":"somebody else"}\n'
  const bytes = Buffer.from(`${before}${line}\n{"key":"the next"}`)
  const start = before.length
  const row = blank()
  if (!scanRow(bytes, start, start + Buffer.byteLength(line), row)) return undefined
  const { idStart, idEnd, outcome, reason, cacheWrite, cacheWrite5m, cacheWrite1h, webSearches, ...rest } = row
  expect([cacheWrite, cacheWrite5m, cacheWrite1h, webSearches]).toEqual([0, 0, 0, 0]) // this vendor has none
  const id = idStart < 0 ? null : bytes.toString('utf8', idStart, idEnd)
  return { id, outcome: outcomes[outcome], reason: reasons[reason]?.name, ...rest }
}

const rowOf = (value: object) => scanned(JSON.stringify(value))
const nothing = { input: 0, cachedInput: 0, output: 0, resident: false, model: '', tier: '', billed: false }
const answer = (more: object = {}, candidate: object = {}) => ({
  candidates: [{ content: { parts: [{ text: 'Hi' }], role: 'model' }, finishReason: 'STOP', ...candidate }],
  usageMetadata: { promptTokenCount: 6, candidatesTokenCount: 1, totalTokenCount: 7 },
  modelVersion: 'gemini-3.5-flash',
  ...more,
})
const counted = { ...nothing, input: 6, output: 1, model: 'gemini-3.5-flash', billed: true }

describe('A row of results', () => {
  test('is an answer with its tokens, or an error', () => {
    expect(linesOf('results.generate.jsonl').map(scanned)).toEqual([
      { id: 'item-1', outcome: 'succeeded', reason: 'none', ...counted },
      { id: 'item-2', outcome: 'succeeded', reason: 'none', ...counted, input: 4 },
      { id: 'item-3', outcome: 'failed', reason: 'request_rejected', ...nothing },
    ])
  })

  test('is read in each of the ways that were met', () => {
    expect(linesOf('results.generate.tolerant-variants.jsonl').map(scanned)).toEqual([
      { id: 'item-1', outcome: 'succeeded', reason: 'none', ...counted },
      // A blocked prompt is an answer too, and what was read is paid.
      { id: 'item-2', outcome: 'succeeded', reason: 'none', ...counted, input: 4, output: 0 },
      { id: 'item-3', outcome: 'failed', reason: 'vendor_error', ...nothing },
      { id: 'item-4', outcome: 'failed', reason: 'rate_limited', ...nothing },
      { id: 'item-5', outcome: 'failed', reason: 'vendor_error', ...nothing },
    ])
  })

  test('may be an embedding, whose tokens are told in one way or another, or not at all', () => {
    expect(linesOf('results.embed.jsonl').map(scanned)).toEqual([
      { id: 'emb-1', outcome: 'succeeded', reason: 'none', ...nothing },
      { id: 'emb-2', outcome: 'succeeded', reason: 'none', ...nothing },
    ])
    const embedding = { values: [0.5, -0.25] }
    for (const usage of [{ usageMetadata: { promptTokenCount: 81 } }, { tokenCount: '81' }, { token_count: 81 }])
      expect(rowOf({ key: 'e', response: { embedding, ...usage } })).toEqual({
        id: 'e',
        outcome: 'succeeded',
        reason: 'none',
        ...nothing,
        input: 81,
        billed: true,
      })
  })

  test('counts thoughts as output, and no cached token twice', () => {
    const usageMetadata = {
      promptTokenCount: 100,
      cachedContentTokenCount: 60,
      toolUsePromptTokenCount: 7,
      candidatesTokenCount: 20,
      thoughtsTokenCount: 300,
      totalTokenCount: 427,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: 100 }],
    }
    expect(rowOf({ key: 'a', response: answer({ usageMetadata }) })).toMatchObject({
      input: 47,
      cachedInput: 60,
      output: 320,
    })
  })

  test.each([
    ['MAX_TOKENS', 'truncated'],
    ['SAFETY', 'none'],
    ['RECITATION', 'none'],
    ['STOP', 'none'],
  ])('that ended with %s has succeeded, %s', (finishReason, reason) => {
    expect(rowOf({ key: 'a', response: answer({}, { finishReason }) })).toMatchObject({ outcome: 'succeeded', reason })
  })

  test('without candidates, and without a word why, is no answer, but what was counted is paid', () => {
    for (const candidates of [undefined, []])
      expect(rowOf({ key: 'a', response: answer({ candidates }) })).toMatchObject({
        outcome: 'failed',
        reason: 'vendor_error',
        input: 6,
        billed: true,
      })
  })

  test.each([
    [1, 'cancelled', 'batch_cancelled'],
    [499, 'cancelled', 'batch_cancelled'],
    [3, 'failed', 'request_rejected'],
    [400, 'failed', 'request_rejected'],
    [7, 'failed', 'request_rejected'],
    [404, 'failed', 'request_rejected'],
    [4, 'failed', 'request_timeout'],
    [504, 'failed', 'request_timeout'],
    [8, 'failed', 'rate_limited'],
    [429, 'failed', 'rate_limited'],
    [13, 'failed', 'vendor_error'],
    [500, 'failed', 'vendor_error'],
    [14, 'failed', 'vendor_error'],
    [0, 'failed', 'vendor_error'],
  ])('with an error of the code %i is %s: %s', (code, outcome, reason) => {
    expect(rowOf({ key: 'a', error: { code, message: 'No.' } })).toEqual({ id: 'a', outcome, reason, ...nothing })
  })

  test('with a status that says that all is well is an answer', () => {
    for (const status of [{ code: 0 }, {}, null, ''])
      expect(rowOf({ key: 'a', response: answer(), status })).toMatchObject({ outcome: 'succeeded' })
    expect(rowOf({ key: 'a', response: answer(), error: null })).toMatchObject({ outcome: 'succeeded' })
    expect(rowOf({ key: 'a', response: answer(), error: { code: 13 } })).toMatchObject({
      outcome: 'failed',
      billed: true,
    })
  })

  test('has its key at the top, wherever else a key is told', () => {
    const echo = answer({}, { content: { parts: [{ text: '{"key":"no"}', functionCall: { args: { key: 'no' } } }] } })
    expect(rowOf({ response: echo, key: 'yes' })?.id).toBe('yes')
    expect(rowOf({ response: echo })?.id).toBeNull()
    expect(rowOf({ key: 5, response: echo })?.id).toBeNull()
    expect(rowOf({ response: echo, metadata: { key: 'inline' } })?.id).toBe('inline')
  })

  test('is none when it is no whole JSON object', () => {
    for (const line of ['', 'null', '[]', '{"key":"a"', '{"key":"a"} {}', '<html>'])
      expect(scanned(line)).toBeUndefined()
  })
})
