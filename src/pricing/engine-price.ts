import type { EngineRates } from '../domain/engine-settings.ts'
import type { PicoUsd } from '../domain/money.ts'
import { tokenKinds, type UnitPrices } from '../domain/usage.ts'
import type { Price } from './price.ts'

/** What a run had of an engine: its share of the engine's time, and what came out of it. */
export interface EngineWork {
  readonly ms: number
  readonly inputTokens: number
  readonly outputTokens: number
}

/**
 * Unit prices of an engine of the user's own. By the token where its account says so. By the hour the time that was used
 * is what is paid, and the tokens of the answers bear all of it, since prompts are read in that same time; where there
 * are no answers (embeddings) those of the prompts do.
 * @param work  what was used; before that is known, a quote goes by `tokensPerSecond`
 * @returns undefined where it is paid by the hour and nobody knows how many tokens that is
 */
export function enginePrice(model: string, rates: EngineRates, work?: EngineWork): Price | undefined {
  const { usdPerMillionTokens, usdPerHour, gpus = 1, tokensPerSecond } = rates
  const price = (perToken: UnitPrices, doubts: readonly string[]): Price => ({
    model,
    tier: 'idle',
    long: false,
    perToken,
    basis: 'listed',
    doubts,
    asOf: '',
    sourceUrls: [],
  })
  if (usdPerMillionTokens !== undefined) {
    const { input, output } = usdPerMillionTokens
    return price(of(picoPerToken(input), picoPerToken(output)), [])
  }
  if (usdPerHour === undefined) return price(of(0n, 0n), [FREE])
  const usdPerMs = (usdPerHour * gpus) / HOUR_MS
  if (work !== undefined) {
    const usd = usdPerMs * work.ms
    const each = (tokens: number): PicoUsd => BigInt(Math.round((usd / tokens) * 1e12))
    if (work.outputTokens > 0) return price(of(0n, each(work.outputTokens)), [BY_TIME])
    return price(of(work.inputTokens > 0 ? each(work.inputTokens) : 0n, 0n), [BY_TIME])
  }
  if (tokensPerSecond === undefined) return undefined
  return price(of(0n, BigInt(Math.round(((usdPerMs * 1000) / tokensPerSecond) * 1e12))), [BY_SPEED])
}

const HOUR_MS = 3_600_000
const FREE =
  'Nothing is charged for an engine of your own whose account names no usdPerHour and no usdPerMillionTokens.'
const BY_TIME =
  'The time that the engine worked on these requests is charged, by the hour, to the tokens of the answers.'
const BY_SPEED =
  'The engine is charged by the hour, at full use: by tokensPerSecond of its account, prompts within that time.'

/** A user's own figure may be finer than those of the catalogue. */
const picoPerToken = (usdPerMillion: number): PicoUsd => BigInt(Math.round(usdPerMillion * 1e6))

/** Prompt tokens cost alike, whether or not the engine had them in a cache. */
const of = (input: PicoUsd, output: PicoUsd): UnitPrices =>
  Object.fromEntries(tokenKinds.map((kind) => [kind, kind === 'output' ? output : input]))
