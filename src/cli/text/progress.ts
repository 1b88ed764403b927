import type { JobStatus } from '../../index.ts'
import { count, duration, moneyOr } from './figures.ts'
import { landing } from './quote.ts'
import { outcomesOf } from './receipt.ts'

/** How far a job is: what has ended, what the vendor says it has done, cost so far. Changes only when something did. */
export function progressFacts({ receipt, atVendor, held, shards }: JobStatus): string {
  const { requests, usd } = receipt
  const ended = requests.succeeded + requests.failed + requests.expired + requests.cancelled + requests.missing
  const parts = [
    ended === 0 ? `0 of ${count(requests.total)} requests` : `${outcomesOf(requests)} of ${count(requests.total)}`,
  ]
  if (atVendor.rows > 0) parts.push(`at the vendor ${count(atVendor.done)} of ${count(atVendor.rows)} rows done`)
  if (held !== null) parts.push(`held (${held})`)
  else if (shards.held > 0) parts.push(`${shards.held} of ${shards.total} shards wait`)
  parts.push(`${moneyOr(usd.charged)} USD`)
  return parts.join(' · ')
}

/** When it lands and how long it flies: changes with every look. */
export function progressTimes({ receipt, quote, lands }: JobStatus, now: number): string {
  const elapsed = `${duration(now - Date.parse(receipt.createdAt))} so far`
  const expected = lands == null ? landing(quote) : { p50: Date.parse(lands.p50), p90: Date.parse(lands.p90) }
  if (receipt.state === 'landing') return `landing · ${elapsed}`
  if (expected === null) return elapsed
  const { p50, p90 } = expected
  if (now > p90) return `later than nine in ten such jobs · ${elapsed}`
  const eta = now > p50 ? `within ${duration(p90 - now)}` : `in ${duration(p50 - now)}–${duration(p90 - now)}`
  return `lands ${eta} · ${elapsed}`
}
