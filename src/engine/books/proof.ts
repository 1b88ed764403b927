import { type CostLine, type CostReport, dayIn, SEARCHES } from '../../domain/cost-report.ts'
import { NoAdminKey, UsageError } from '../../domain/errors.ts'
import { type NanoUsd, usd } from '../../domain/money.ts'
import { vendorOf } from '../../domain/usage.ts'
import { type Because, type Comparison, type OwnCharge, reconcile, unexplained } from '../../ledger/reconcile.ts'
import { baseName, type PriceBook } from '../../pricing/catalogue.ts'
import type { LedgerRow } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'
import { courseOf } from '../shards/course.ts'

/** Our books beside the vendors' own. Amounts are decimal USD. */
export interface Proof {
  readonly vendors: readonly VendorProof[]
  /** What no reason was found for, of all vendors, without sign: "0" when the bill is proven. */
  readonly unexplained: string
  /** What could not be compared, and why. */
  readonly notes: readonly string[]
}

export interface VendorProof {
  readonly vendor: string
  /** The days of the report, `to` not among them, and whose midnight cuts them. */
  readonly from: string
  readonly to: string
  readonly zone: string
  readonly usd: {
    /** Proven here, of what was bought on these days. */
    readonly charged: string
    readonly billed: string
    /** billed − charged */
    readonly difference: string
    /** The same by reason. */
    readonly because: Readonly<Partial<Record<Because, string>>>
  }
  readonly lines: readonly ProofLine[]
}

export interface ProofLine {
  readonly day: string
  readonly model: string | null
  readonly tier: string | null
  /** The model, or what else the vendor charges for. */
  readonly text: string
  readonly usd: {
    readonly charged: string
    readonly billed: string
    readonly difference: string
    /** Part of `charged`: rows that went ahead of their jobs. */
    readonly ahead: string
  }
  /** They add up to the difference. `day`: the other day, of what was counted on another. */
  readonly because: readonly { readonly reason: Because; readonly usd: string; readonly day?: string }[]
}

/** What a ledger row does not say of its submission. */
interface Purchase {
  readonly vendor: string
  readonly model: string
  readonly at: number
  /** It went ahead of its job, to be turned down first. */
  readonly ahead: boolean
}

/**
 * Compares the ledger of the home with what vendors say they charged.
 * @param against  `live`: every report that a key of this process may read; or the text of an exported file
 * @param since    of live reports: from which day (epoch ms). Default: the first purchase
 * @throws UsageError where a file is of no known kind · NoAdminKey where nothing may be read live
 */
export async function proofOf(
  ports: Ports,
  against: 'live' | { readonly name: string; readonly text: string },
  since?: number,
): Promise<Proof> {
  const [ledger, purchases] = [await ports.store.ledger(), await purchasesOf(ports)]
  const from = since ?? Math.min(ports.clock.now(), ...[...purchases.values()].map(({ at }) => at))
  const reports = against === 'live' ? await liveReports(ports, from) : [fileReport(ports, against)]
  const { prices } = ports.vendors
  const notes: string[] = []
  const vendors: VendorProof[] = []
  let open = 0n
  for (const report of reports) {
    for (const vendor of report.vendors) {
      const own = chargesOf(prices, { ledger, purchases, vendor, zone: report.zone })
      const models = new Set(own.map(({ model }) => model))
      const lines = report.lines.filter((line) => line.vendor === vendor).map((line) => named(prices, line, models))
      if (lines.length === 0 && own.length === 0) continue
      const compared = reconcile({ ...report, lines }, own, dayIn(report.zone, ports.clock.now()))
      vendors.push(vendorProof(vendor, report, compared.lines))
      for (const { because, nanoUsd } of compared.lines.flatMap(({ reasons }) => reasons))
        if (unexplained.includes(because)) open += nanoUsd < 0n ? -nanoUsd : nanoUsd
      if (!compared.tellsModels) notes.push(`${vendor}: the report holds sums of days; models are not told apart.`)
      else if (!compared.tellsTiers) notes.push(`${vendor}: the report names no tier; tiers are not told apart.`)
    }
  }
  const told = new Set(reports.flatMap((report) => report.vendors))
  notes.push(...untold(ports, ledger, purchases, told))
  return { vendors, unexplained: usd(open), notes }
}

async function liveReports({ vendors }: Ports, from: number): Promise<CostReport[]> {
  const readable = vendors.costs().filter(({ book, calls }) => book.live !== undefined && calls.length > 0)
  if (readable.length === 0) {
    const live = vendors.costs().filter(({ book }) => book.live !== undefined)
    const sellers = live.flatMap(({ book }) => book.sells).join(' or ')
    throw new NoAdminKey(sellers, live.map(({ book }) => book.adminKey[0]).join(' or '))
  }
  return Promise.all(
    readable.map(async ({ book, calls }) => {
      const parts = await Promise.all(calls.map((call) => book.live?.(call, from) as Promise<CostReport>))
      const [first] = parts as [CostReport]
      return { ...first, lines: parts.flatMap(({ lines }) => lines) }
    }),
  )
}

function fileReport({ vendors }: Ports, { name, text }: { readonly name: string; readonly text: string }): CostReport {
  const books = vendors.costs().map(({ book }) => book)
  for (const book of books) {
    const report = book.read(text)
    if (report !== undefined) return report
  }
  const kinds = books.map(({ file }) => `\n  ${file}`).join('')
  throw new UsageError(`${name} is no report of costs that is known here.`, `Known are:${kinds}`)
}

async function purchasesOf({ store }: Ports): Promise<Map<string, Purchase>> {
  const ahead = new Set<string>()
  for (const { id } of await store.jobs())
    for (const shard of await store.shards(id)) if (courseOf(shard).preflight === true) ahead.add(shard.id)
  return new Map(
    (await store.submissions({})).map(({ id, lane, model, shardId, sentAt, openedAt, createdAt }) => [
      id,
      { vendor: vendorOf(lane), model, at: sentAt ?? openedAt ?? createdAt, ahead: ahead.has(shardId) },
    ]),
  )
}

/** One charge for each submission, model, tier and part, at one vendor. */
function chargesOf(
  prices: PriceBook,
  of: {
    readonly ledger: readonly LedgerRow[]
    readonly purchases: ReadonlyMap<string, Purchase>
    readonly vendor: string
    readonly zone: string
  },
): OwnCharge[] {
  const { ledger, purchases, vendor, zone } = of
  const charges = new Map<string, OwnCharge>()
  for (const row of ledger) {
    const purchase = purchases.get(row.submissionId)
    if (purchase?.vendor !== vendor) continue
    const searches = row.kind === 'webSearch'
    const model = searches ? SEARCHES : nameOf(prices, vendor, purchase.model, row.model)
    const key = JSON.stringify([row.submissionId, model, row.tier, row.part])
    const before = charges.get(key)
    const nanoUsd = before?.nanoUsd === null || row.nanoUsd === null ? null : (before?.nanoUsd ?? 0n) + row.nanoUsd
    charges.set(key, {
      model,
      tier: row.tier,
      part: row.part,
      nanoUsd,
      tokens: (before?.tokens ?? 0) + row.tokens,
      entries: (before?.entries ?? 0) + 1,
      first: dayIn(zone, purchase.at),
      last: dayIn(zone, Math.max(row.at, purchase.at)),
      ahead: purchase.ahead,
    })
  }
  return [...charges.values()]
}

/** By the catalogue's id, so that aliases and snapshots of one price meet. */
const nameOf = (prices: PriceBook, vendor: string, requested: string, answered: string): string =>
  prices.resolve({ requested, answered, vendor })?.id ?? answered

function named(prices: PriceBook, line: CostLine, ours: ReadonlySet<string>): CostLine {
  const { model, vendor } = line
  if (model === null || model === SEARCHES || ours.has(model)) return line
  return { ...line, model: nameOf(prices, vendor, baseName(model), model) }
}

function vendorProof(vendor: string, { from, to, zone }: CostReport, lines: readonly Comparison[]): VendorProof {
  const sum = (of: (line: Comparison) => NanoUsd): NanoUsd => lines.reduce((total, line) => total + of(line), 0n)
  const because: Partial<Record<Because, NanoUsd>> = {}
  for (const { because: reason, nanoUsd } of lines.flatMap(({ reasons }) => reasons))
    because[reason] = (because[reason] ?? 0n) + nanoUsd
  return {
    vendor,
    from,
    to,
    zone,
    usd: {
      charged: usd(sum(({ charged }) => charged)),
      billed: usd(sum(({ billed }) => billed)),
      difference: usd(sum(({ billed, charged }) => billed - charged)),
      because: Object.fromEntries(Object.entries(because).map(([reason, nanoUsd]) => [reason, usd(nanoUsd)])),
    },
    lines: lines.map(lineOf),
  }
}

const lineOf = ({ day, model, tier, text, charged, billed, ahead, reasons }: Comparison): ProofLine => ({
  day,
  model,
  tier,
  text,
  usd: { charged: usd(charged), billed: usd(billed), difference: usd(billed - charged), ahead: usd(ahead) },
  because: reasons.map(({ because: reason, nanoUsd, ...more }) => ({ reason, usd: usd(nanoUsd), ...more })),
})

/** Of vendors whose report was not at hand. */
function untold(
  { vendors }: Ports,
  ledger: readonly LedgerRow[],
  purchases: ReadonlyMap<string, Purchase>,
  told: ReadonlySet<string>,
): string[] {
  const sums = new Map<string, NanoUsd>()
  for (const { submissionId, part, nanoUsd } of ledger) {
    const vendor = purchases.get(submissionId)?.vendor
    if (vendor === undefined || told.has(vendor) || part !== 'proven') continue
    sums.set(vendor, (sums.get(vendor) ?? 0n) + (nanoUsd ?? 0n))
  }
  return [...sums].map(([vendor, nanoUsd]) => {
    const book = vendors.costs().find(({ book }) => book.sells.includes(vendor))?.book
    const how =
      book === undefined
        ? 'no report of theirs is known here'
        : book.adminKey.length > 0
          ? `${book.adminKey.join(' or ')} is not set`
          : 'their report comes as a file only: --against FILE'
    return `${vendor}: ${usd(nanoUsd)} USD is charged here and was not compared; ${how}.`
  })
}
