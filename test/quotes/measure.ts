import { countTokens as cl100k } from 'gpt-tokenizer/encoding/cl100k_base'
import { countTokens as o200k } from 'gpt-tokenizer/encoding/o200k_base'
import { setManner } from '../../src/emulator/index.ts'
import type { Quote, Redeye } from '../../src/index.ts'
import { field } from '../flights/field.ts'
import { type Bounds, type GeneratedJob, jobOf } from './jobs.ts'

/** What was quoted for a job, and what the emulated vendor billed for it. USD. */
export interface Quoted {
  readonly low: number
  readonly high: number
  readonly actual: number
}

export const knowledge = ['cold', 'pilot', 'history'] as const
export type Knowledge = (typeof knowledge)[number]

export interface Measured extends Readonly<Record<Knowledge, Quoted>> {
  readonly job: GeneratedJob
}

export const PILOT = 50

/**
 * Flies one job in three ways: as nobody has ever seen the like, after a pilot of 50 requests, and after the night before,
 * whose job had the same template and other rows. The bill is the emulated vendor's own.
 */
export async function measure(seed: number, number: number, bounds: Bounds): Promise<Measured> {
  const job = jobOf(seed, number, bounds)
  const atOnce = { medianSeconds: 0, validatingSeconds: 0, finalizingSeconds: 0 }
  await using on = await field({ speed: 7200, seed, latency: atOnce })
  const billed = async (): Promise<number> => Number((await on.emulator.bill()).nanoUsd) / 1e9
  const tokensOf = remembered(job.model.startsWith('text-') ? cl100k : o200k)
  const night = (at: number): void => setManner(job.manner(at, tokensOf))
  const lines = job.lines(0, job.requests)

  const fresh = await on.open({ home: on.path('fresh') })
  const cold = rangeOf(await fresh.quote(lines))
  const before = await billed()
  night(1)
  const known = await on.open({ home: on.path('known') })
  night(0)
  await (await known.submit(job.lines(-job.requests, job.requests))).wait()
  night(1)
  const history = await flown(known, lines, billed)
  const pilot = await flown(fresh, lines, billed, PILOT)
  setManner({})
  if (before !== 0) throw new Error('A quote was billed.')
  return { job, cold: { ...cold, actual: history.actual }, history, pilot }
}

async function flown(
  redeye: Redeye,
  lines: readonly object[],
  billed: () => Promise<number>,
  pilot?: number,
): Promise<Quoted> {
  const job = await redeye.submit(lines, pilot === undefined ? {} : { pilot })
  const before = await billed() // a pilot has been paid for by now
  await job.wait()
  const { usd, requests } = await job.receipt()
  if (requests.succeeded !== requests.total) throw new Error(`${requests.total - requests.succeeded} requests failed.`)
  return { low: Number(usd.quotedLow), high: Number(usd.quotedHigh), actual: (await billed()) - before }
}

/** The same prompts are counted again and again. */
function remembered(count: (text: string) => number): (text: string) => number {
  const known = new Map<string, number>()
  return (text) => {
    const tokens = known.get(text) ?? count(text)
    known.set(text, tokens)
    return tokens
  }
}

function rangeOf(quote: Quote): { low: number; high: number } {
  const lines = quote.lanes.filter(({ lane }) => lane === quote.recommended)
  const sum = (end: 'low' | 'high'): number => lines.reduce((all, { usd }) => all + Number(usd[end]), 0)
  return { low: sum('low'), high: sum('high') }
}
