import { expect } from 'vitest'
import type { Effects } from './vertex-effects.ts'
import { labelOf, lines, type Row, type Trial, textOf } from './vertex-trial.ts'

async function strikes(on: Trial, isSo: (row: Row) => boolean): Promise<number> {
  const { job, rows } = await on.flown(lines(200))
  const struck = rows.filter((row) => row.status !== '')
  expect(rows).toHaveLength(200)
  expect(struck.every((row) => isSo(row) && JSON.stringify(row.response) === '{}')).toBe(true)
  expect(Number(job.completionStats?.['failedCount'] ?? 0)).toBe(struck.length)
  expect(job.state).toBe('JOB_STATE_SUCCEEDED')
  return struck.length
}

const withStatus = (text: string) => (row: Row) => row.status.startsWith(text)
const transient = (text: string) => async (on: Trial) => {
  const struck = await strikes(on, withStatus(text))
  expect(struck).toBeGreaterThan(5)
  expect(struck).toBeLessThan(60)
  expect((await on.emulator.tally()).executions).toBe(200 - struck)
  expect(await strikes(on, withStatus(text))).toBe(0)
}
const permanent = (text: string) => async (on: Trial) => {
  const struck = await strikes(on, withStatus(text))
  expect(struck).toBeGreaterThan(5)
  expect(await strikes(on, withStatus(text))).toBe(struck)
}
const finishing = (reason: string) => async (on: Trial) => {
  const { job, rows } = await on.flown(lines(200))
  expect(rows.filter((row) => row.response.candidates?.[0]?.finishReason === reason).length).toBeGreaterThan(5)
  expect(job.completionStats).toEqual({ successfulCount: '200' })
}

async function labels(on: Trial): Promise<{ broken: number; off: number }> {
  const responseSchema = { type: 'OBJECT', properties: { label: { type: 'STRING' } }, required: ['label'] }
  const generationConfig = { responseMimeType: 'application/json', responseSchema }
  const { rows } = await on.flown(lines(200, { generationConfig }))
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

/** What the scenarios of single rows do, seen from outside. */
export const vertexRowEffects: Effects = {
  'rows-429': transient('Too Many Requests: '),
  'rows-500': transient('Internal Server Error: '),
  'rows-503': transient('Service Unavailable: '),
  'rows-504': transient('Gateway Timeout: '),
  'rows-400': permanent('Bad Request: '),
  'rows-403': permanent('Forbidden: '),
  'rows-too-long': permanent('Bad Request: {"error": {"code": 400, "message": "The input token count'),
  'rows-mix': async (on) => {
    const kinds = async () => new Set((await on.flown(lines(400))).rows.map((row) => row.status.split(':')[0]))
    expect((await kinds()).size).toBe(5)
    expect(await kinds()).toEqual(new Set(['', 'Bad Request']))
  },
  'all-failed': async (on) => {
    const { job, rows } = await on.flown(lines(3))
    expect(job).toMatchObject({ state: 'JOB_STATE_SUCCEEDED', completionStats: { failedCount: '3' } })
    expect(rows.every((row) => row.status !== '')).toBe(true)
    expect((await on.emulator.bill()).nanoUsd).toBe('0')
  },
  'rows-missing': async (on) => {
    const { job, rows } = await on.flown(lines(200))
    expect(rows.length).toBeLessThan(200)
    expect(job.completionStats).toEqual({ successfulCount: String(rows.length) })
  },
  'rows-twice': async (on) => {
    const marks = (await on.flown(lines(200))).rows.map(labelOf)
    expect(marks.length).toBeGreaterThan(200)
    expect(new Set(marks).size).toBe(200)
    expect((await on.emulator.tally()).executions).toBe(200)
  },
  'rows-strangers': async (on) => {
    const { rows } = await on.flown(lines(200))
    const strangers = rows.filter((row) => row.request?.labels?.['stranger'] !== undefined)
    expect(strangers.length).toBe(rows.length - 200)
    expect(strangers.length).toBeGreaterThan(5)
  },
  'rows-keyless': async (on) => {
    const { rows } = await on.flown(lines(200))
    expect(rows).toHaveLength(200)
    expect(rows.some((row) => row.request?.labels === undefined && row.status === '')).toBe(true)
  },
  'rows-cut': finishing('MAX_TOKENS'),
  'rows-safety': finishing('SAFETY'),
  'rows-recitation': finishing('RECITATION'),
  'rows-blocked': async (on) => {
    const { job, rows } = await on.flown(lines(200))
    expect(rows.filter((row) => row.response.promptFeedback).length).toBeGreaterThan(5)
    expect(job.completionStats).toEqual({ successfulCount: '200' })
  },
  'rows-invalid-json': async (on) => {
    const { broken, off } = await labels(on)
    expect([broken > 0, off]).toEqual([true, 0])
  },
  'rows-off-schema': async (on) => {
    const { broken, off } = await labels(on)
    expect([broken, off > 0]).toEqual([0, true])
  },
  'rows-empty': async (on) => {
    expect((await on.flown(lines(200))).rows.map((row) => textOf(row))).toContain('')
  },
  'huge-output': async (on) => {
    const { rows } = await on.flown(lines(20))
    expect(rows.every((row) => textOf(row).length > 19_000)).toBe(true)
  },
}
