import { PriceMissing } from '../../domain/errors.ts'
import { type NanoUsd, type PicoUsd, roundToNano, usd } from '../../domain/money.ts'
import { outcomes } from '../../domain/outcome.ts'
import { blankRow, type ScannedRow } from '../../domain/scanned-row.ts'
import type { Usage } from '../../domain/usage.ts'
import type { ModelRow } from '../../pricing/catalogue.ts'
import { costOf } from '../../pricing/cost.ts'
import { priceFor } from '../../pricing/price.ts'
import { type Remote, type ResultStream, ResultsGone, type RowScanner } from '../../providers/contract.ts'
import type { Ports } from '../ports.ts'
import type { Desk } from './adopt.ts'

/** What a batch cost that has ended, in decimal USD; the same at the standard price, and the difference. */
export interface VendorPrice {
  readonly batch: string
  readonly standard: string | null
  readonly saved: string | null
  /**
   * `reported`: by the tokens that the vendor reports of all of it · `counted`: by all its results · `sampled`: by the
   * first of its results, an estimate
   */
  readonly basis: 'reported' | 'counted' | 'sampled'
}

/** Of results, when a batch says nothing of its tokens. */
const SAMPLE_BYTES = 256 * 1024

const nothing: VendorPrice = { batch: '0', standard: '0', saved: '0', basis: 'counted' }

/** Null: it has not ended, or what it used or what that costs is not known. Nothing is guessed. */
export async function priceAtVendor(ports: Ports, desk: Desk, remote: Remote): Promise<VendorPrice | null> {
  const { state, counts, perhapsBilled } = remote
  if (state === 'refused' || (state === 'ended' && counts?.completed === 0 && perhapsBilled !== true)) return nothing
  if (state !== 'ended') return null
  try {
    return (await byReport(ports, desk, remote)) ?? (await bySample(ports, desk, remote))
  } catch (error) {
    if (error instanceof PriceMissing || error instanceof ResultsGone) return null
    throw error
  }
}

/**
 * Not where the sum alone does not tell the price: of a model with a price for long prompts, or one that charges what it
 * writes to a cache, of which a sum says nothing.
 */
async function byReport(ports: Ports, desk: Desk, { about, createdAt: at }: Remote): Promise<VendorPrice | null> {
  const vendor = desk.row.vendor
  if (about?.usage == null || about.model === null) return null
  const row = ports.vendors.prices.find(about.model, vendor)
  const price = row && priceFor({ model: row, vendor, tier: 'batch', at })
  if (price === undefined || row?.prices.longContext !== null || price.perToken.cacheWriteDefault !== undefined)
    return null
  const resident = desk.call.resident === true
  const cost = (tier: 'batch' | 'standard'): PicoUsd | null =>
    costAt({ row, vendor, tier, at, resident }, about.usage ?? {})
  return priced(cost('batch'), cost('standard'), 1, 'reported')
}

async function bySample(ports: Ports, desk: Desk, remote: Remote): Promise<VendorPrice | null> {
  const [file, ...more] = remote.files.filter(({ role }) => role === 'output')
  if (file === undefined) return null
  const { scanRow } = (await import(desk.lane.scanner.href)) as { scanRow: RowScanner }
  const sums = { batch: 0n as PicoUsd | null, standard: 0n as PicoUsd | null, answers: 0 }
  const whole = await eachRow(await desk.lane.open(desk.call, file), scanRow, (row) => {
    if (outcomes[row.outcome] === 'succeeded') sums.answers++
    if (!row.billed) return
    const { vendor } = desk.row
    const of = { requested: remote.about?.model ?? '', answered: row.model, vendor }
    const model = ports.vendors.prices.resolve(of)
    const { input, cachedInput, cacheWrite: cacheWriteDefault, cacheWrite5m, cacheWrite1h, output } = row
    const usage = {
      input,
      cachedInput,
      cacheWriteDefault,
      cacheWrite5m,
      cacheWrite1h,
      output,
      webSearch: row.webSearches,
    }
    const promptTokens = input + cachedInput + cacheWriteDefault + cacheWrite5m + cacheWrite1h
    const resident = row.resident || desk.call.resident === true
    for (const tier of ['batch', 'standard'] as const) {
      const cost = costAt({ row: model, vendor, tier, at: remote.createdAt, resident, promptTokens }, usage)
      sums[tier] = cost === null || sums[tier] === null ? null : sums[tier] + cost
    }
  })
  if (whole && more.length === 0) return priced(sums.batch, sums.standard, 1, 'counted')
  // Without a count of all there is nothing to scale by.
  const all = remote.counts?.completed
  if (all === undefined || sums.answers === 0) return null
  return priced(sums.batch, sums.standard, all / sums.answers, 'sampled')
}

interface PricedRow {
  readonly row: ModelRow | undefined
  readonly vendor: string
  readonly tier: 'batch' | 'standard'
  readonly at: number
  readonly resident: boolean
  readonly promptTokens?: number
}

function costAt({ row, ...query }: PricedRow, usage: Usage): PicoUsd | null {
  const price = row && priceFor({ model: row, ...query })
  return price === undefined ? null : costOf(usage, price)
}

function priced(
  batch: PicoUsd | null,
  standard: PicoUsd | null,
  share: number,
  basis: VendorPrice['basis'],
): VendorPrice | null {
  if (batch === null) return null
  const scaled = (pico: PicoUsd): NanoUsd => roundToNano(share === 1 ? pico : BigInt(Math.round(Number(pico) * share)))
  const saved = standard === null ? null : usd(scaled(standard) - scaled(batch))
  return { batch: usd(scaled(batch)), standard: standard === null ? null : usd(scaled(standard)), saved, basis }
}

/** Shows rows of the first bytes; true: these are all. */
async function eachRow({ body }: ResultStream, scanRow: RowScanner, see: (row: ScannedRow) => void): Promise<boolean> {
  const row = blankRow()
  const chunks: Uint8Array[] = []
  let read = 0
  let whole = true
  for await (const chunk of body) {
    chunks.push(chunk)
    read += chunk.length
    if (read < SAMPLE_BYTES) continue
    whole = false
    break
  }
  const bytes = Buffer.concat(chunks)
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(10, start)
    if (newline < 0 && !whole) break // cut off
    const end = newline < 0 ? bytes.length : newline
    if (end > start && scanRow(bytes, start, end, row)) see(row)
    start = end + 1
  }
  return whole
}
