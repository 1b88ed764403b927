/** Tokens of one kind at one unit price, bought in one batch (or, with `batch: null`, by ordinary calls). */
export interface Charge {
  readonly vendor: string
  readonly batch: string | null
  readonly model: string
  readonly tier: string
  /** The catalogue's names: input, cachedInput, cacheWriteDefault, output. */
  readonly kind: string
  readonly unitPicoUsd: bigint
  readonly tokens: bigint
  /** Emulated epoch seconds at which the vendor counts it. */
  readonly at: number
}

/** Adds a charge of an ordinary call to those of its hour: no vendor's day begins within one. */
export function addCall(charges: Map<string, Charge>, charge: Charge): void {
  const { model, tier, kind, unitPicoUsd, tokens, at } = charge
  const key = [model, tier, kind, unitPicoUsd, Math.floor(at / 3600)].join('|')
  const known = charges.get(key)
  charges.set(key, known ? { ...known, tokens: known.tokens + tokens } : charge)
}

export interface BillEntry {
  readonly vendor: string
  readonly batch: string | null
  readonly model: string
  readonly tier: string
  readonly kind: string
  readonly unitPicoUsd: string
  readonly tokens: string
  readonly nanoUsd: string
  readonly at: number
}

export interface Bill {
  readonly entries: readonly BillEntry[]
  /** Sum of the entries. */
  readonly nanoUsd: string
  readonly usd: string
  /** The same for each vendor that bills anything. */
  readonly vendors: Readonly<Record<string, { readonly nanoUsd: string; readonly usd: string }>>
}

/**
 * The vendor's bill. Rounding happens once per (batch, model, tier, kind, unit price), half to even, to nano-USD:
 * the finest grain at which a customer can check it.
 */
export function billOf(charges: Iterable<Charge>): Bill {
  const groups = new Map<string, { charge: Charge; tokens: bigint }>()
  for (const charge of charges) {
    if (charge.tokens === 0n) continue
    const key = [charge.vendor, charge.batch, charge.model, charge.tier, charge.kind, charge.unitPicoUsd].join('|')
    const group = groups.get(key)
    if (group) group.tokens += charge.tokens
    else groups.set(key, { charge, tokens: charge.tokens })
  }
  let total = 0n
  const byVendor = new Map<string, bigint>()
  const entries: BillEntry[] = []
  for (const { charge, tokens } of groups.values()) {
    const nano = nanoHalfEven(tokens * charge.unitPicoUsd)
    total += nano
    const { vendor, batch, model, tier, kind, at } = charge
    byVendor.set(vendor, (byVendor.get(vendor) ?? 0n) + nano)
    entries.push({
      vendor,
      batch,
      model,
      tier,
      kind,
      unitPicoUsd: String(charge.unitPicoUsd),
      tokens: String(tokens),
      nanoUsd: String(nano),
      at,
    })
  }
  const vendors = [...byVendor].map(([vendor, nano]) => [vendor, amountOf(nano)] as const)
  return { entries, ...amountOf(total), vendors: Object.fromEntries(vendors) }
}

function amountOf(nano: bigint): { nanoUsd: string; usd: string } {
  return { nanoUsd: String(nano), usd: usdText(nano) }
}

/** pico-USD to nano-USD, a tie to the even neighbour. */
export function nanoHalfEven(pico: bigint): bigint {
  const quotient = pico / 1000n
  const rest = pico % 1000n
  if (rest > 500n || (rest === 500n && quotient % 2n === 1n)) return quotient + 1n
  return quotient
}

/** nano-USD as a decimal USD text, exact, without trailing zeros. */
export function usdText(nano: bigint): string {
  const digits = String(nano).padStart(10, '0')
  const fraction = digits.slice(-9).replace(/0+$/, '')
  return fraction === '' ? digits.slice(0, -9) : `${digits.slice(0, -9)}.${fraction}`
}
