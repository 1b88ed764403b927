import { expect } from 'vitest'
import type { Effects } from './gemini-call-effects.ts'
import { lines, type Row, type Trial, textOf } from './gemini-trial.ts'

const schema = { type: 'OBJECT', properties: { label: { type: 'STRING', enum: ['a', 'b'] } }, required: ['label'] }
const jsonSchema = {
  type: 'object',
  properties: { label: { enum: ['a', 'b'] } },
  required: ['label'],
  additionalProperties: false,
}

async function strikes(on: Trial, isSo: (row: Row) => boolean): Promise<number> {
  const { operation, rows } = await on.flown(lines(200))
  const struck = rows.filter((row) => !row.response?.candidates)
  expect(rows).toHaveLength(200)
  expect(struck.every(isSo)).toBe(true)
  const counted = Number(operation.metadata.batchStats['failedRequestCount'] ?? 0)
  expect(counted).toBe(struck.length)
  expect(operation.metadata.state).toBe('BATCH_STATE_SUCCEEDED')
  return struck.length
}

/** A fault of lines that is over when they are sent again. */
const transient = (isSo: (row: Row) => boolean) => async (on: Trial) => {
  const struck = await strikes(on, isSo)
  expect(struck).toBeGreaterThan(5)
  expect(struck).toBeLessThan(60)
  expect((await on.emulator.tally()).executions).toBe(200 - struck)
  expect(await strikes(on, isSo)).toBe(0)
}

const permanent = (isSo: (row: Row) => boolean) => async (on: Trial) => {
  const struck = await strikes(on, isSo)
  expect(struck).toBeGreaterThan(5)
  expect(await strikes(on, isSo)).toBe(struck)
}

/** Answers that are successes on paper: counted, billed, and not what was hoped for. */
const finishing = (reason: string) => async (on: Trial) => {
  const { operation, rows } = await on.flown(lines(200))
  const struck = rows.filter((row) => row.response?.candidates?.[0]?.finishReason === reason)
  expect(struck.length).toBeGreaterThan(5)
  expect(struck.length).toBeLessThan(60)
  expect(operation.metadata.batchStats['successfulRequestCount']).toBe('200')
}

async function labels(on: Trial, config: object): Promise<{ broken: number; off: number }> {
  const { rows } = await on.flown(lines(200, { generationConfig: { responseMimeType: 'application/json', ...config } }))
  let broken = 0
  let off = 0
  for (const row of rows) {
    try {
      if (!('label' in (JSON.parse(textOf(row)) as object))) off++
    } catch {
      broken++
    }
  }
  return { broken, off }
}

const withCode = (code: number) => (row: Row) => row.error?.code === code && row.response === undefined

/** What the scenarios of single lines do, seen from outside. */
export const rowEffects: Effects = {
  'rows-429': transient(withCode(8)),
  'rows-500': transient(withCode(13)),
  'rows-503': transient(withCode(14)),
  'rows-504': transient(withCode(4)),
  'rows-400': permanent(withCode(3)),
  'rows-403': permanent(withCode(7)),
  'rows-too-long': permanent((row) => /exceeds the maximum number of tokens/.test(row.error?.message ?? '')),
  'rows-status-form': transient((row) => row.error === undefined && row.status?.code === 13),
  'rows-empty-response': transient(
    (row) => row.error === undefined && row.status === undefined && JSON.stringify(row.response) === '{}',
  ),
  'rows-http-code': transient(withCode(500)),
  'rows-mix': async (on) => {
    const codes = async () => new Set((await on.flown(lines(400))).rows.map((row) => row.error?.code))
    expect(await codes()).toEqual(new Set([undefined, 8, 13, 4, 3]))
    expect(await codes()).toEqual(new Set([undefined, 3]))
  },
  'all-failed': async (on) => {
    const { operation, rows } = await on.flown(lines(3))
    expect(operation.metadata).toMatchObject({
      state: 'BATCH_STATE_SUCCEEDED',
      batchStats: { requestCount: '3', failedRequestCount: '3' },
    })
    expect(rows.every((row) => row.error?.code === 13)).toBe(true)
    expect((await on.emulator.bill()).nanoUsd).toBe('0')
    expect((await on.flown(lines(3))).rows.every((row) => row.response)).toBe(true)
  },
  'rows-missing': async (on) => {
    const { operation, rows } = await on.flown(lines(200))
    expect(rows.length).toBeLessThan(200)
    expect(operation.metadata.batchStats).toEqual({
      requestCount: '200',
      successfulRequestCount: String(rows.length),
    })
    expect((await on.emulator.log()).purchases).toMatchObject([{ billed: rows.length }])
  },
  'rows-twice': async (on) => {
    const keys = (await on.flown(lines(200))).rows.map((row) => row.key)
    expect(keys.length).toBeGreaterThan(200)
    expect(new Set(keys).size).toBe(200)
    expect((await on.emulator.tally()).executions).toBe(200)
  },
  'rows-strangers': async (on) => {
    const keys = (await on.flown(lines(200))).rows.map((row) => row.key ?? '')
    expect(keys.length).toBeGreaterThan(200)
    expect(keys.filter((key) => key.startsWith('stranger-')).length).toBe(keys.length - 200)
  },
  'rows-keyless': async (on) => {
    const { rows } = await on.flown(lines(200))
    expect(rows).toHaveLength(200)
    expect(rows.some((row) => row.key === undefined && row.response)).toBe(true)
  },
  'rows-cut': finishing('MAX_TOKENS'),
  'rows-safety': finishing('SAFETY'),
  'rows-recitation': finishing('RECITATION'),
  'rows-blocked': async (on) => {
    const { operation, rows } = await on.flown(lines(200))
    const blocked = rows.filter((row) => row.response?.promptFeedback?.blockReason === 'PROHIBITED_CONTENT')
    expect(blocked.length).toBeGreaterThan(5)
    expect(blocked.every((row) => row.response?.candidates === undefined)).toBe(true)
    expect(operation.metadata.batchStats['successfulRequestCount']).toBe('200')
  },
  'rows-schema-ignored': async (on) => {
    expect(await labels(on, { responseJsonSchema: jsonSchema })).toEqual({ broken: 0, off: 200 })
    expect(await labels(on, { responseSchema: schema })).toEqual({ broken: 0, off: 0 })
  },
  'rows-invalid-json': async (on) => {
    const { broken, off } = await labels(on, { responseSchema: schema })
    expect(broken).toBeGreaterThan(0)
    expect(off).toBe(0)
  },
  'rows-off-schema': async (on) => {
    const { broken, off } = await labels(on, { responseJsonSchema: jsonSchema })
    expect(broken).toBe(0)
    expect(off).toBeGreaterThan(0)
  },
  'rows-empty': async (on) => {
    const { rows } = await on.flown(lines(200))
    expect(rows.map((row) => textOf(row))).toContain('')
  },
  'huge-output': async (on) => {
    const { operation } = await on.flown(lines(20))
    const file = await on.json(`/v1beta/${operation.response?.responsesFile}`)
    expect(Number(file['sizeBytes'])).toBeGreaterThan(20 * 20_000)
  },
}
