import { dayAfter } from '../domain/cost-report.ts'
import { usd, usdOfPico } from '../domain/money.ts'
import { csvLine } from '../kit/csv-text.ts'
import { byDay, type LedgerLine } from './totals.ts'

/** FinOps Open Cost and Usage Specification; its version, as of which the columns are. https://focus.finops.org */
export const focusVersion = '1.3'

/** A ledger entry, with what FOCUS asks beyond it. */
export interface FocusCharge {
  readonly entry: LedgerLine & { readonly unitPrice: bigint | null }
  readonly vendor: string
  readonly lane: string
  readonly account: { readonly id: string; readonly scope: string; readonly baseUrl: string }
}

/**
 * Charges as FOCUS 1.3 rows: its mandatory columns, the conditional ones that apply to metered tokens, then ours (`x_…`).
 * What is `unproven` is no charge, and an entry without a known price has no cost; FOCUS has no row for either.
 * Both names of a provider are there, the one that 1.3 deprecates and its successor: it asks for both.
 */
export function focusCsv(charges: readonly FocusCharge[]): { readonly csv: string; readonly leftOut: number } {
  const rows = charges.filter(({ entry }) => entry.part !== 'unproven' && entry.unitPrice !== null)
  const lines = rows.map((charge) => csvLine(Object.values(columns).map((cell) => cell(charge))))
  return { csv: csvLine(Object.keys(columns)) + lines.join(''), leftOut: charges.length - rows.length }
}

const names: Readonly<Record<string, string>> = {
  openai: 'OpenAI',
  anthropic: 'Anthropic',
  gemini: 'Google',
  vertex: 'Google Cloud',
}

const provider = ({ vendor }: FocusCharge): string => names[vendor] ?? vendor
const price = ({ entry }: FocusCharge): bigint => entry.unitPrice ?? 0n
const cost = ({ entry }: FocusCharge): string => usd(entry.nanoUsd ?? 0n)
/** Unit price times quantity, exactly; what is billed of it is rounded to a nano-dollar. */
const listCost = (charge: FocusCharge): string => usdOfPico(price(charge) * BigInt(charge.entry.tokens))
const quantity = ({ entry }: FocusCharge): string => String(entry.tokens)
const unit = ({ entry }: FocusCharge): string => (entry.kind === 'webSearch' ? 'Searches' : 'Tokens')
const skuId = ({ vendor, entry }: FocusCharge): string => `${vendor}/${entry.model}/${entry.kind}`
const midnight = (day: string): string => `${day}T00:00:00Z`
const month = ({ entry }: FocusCharge): string => byDay(entry).slice(0, 7)

const columns: Readonly<Record<string, (charge: FocusCharge) => string>> = {
  BilledCost: cost,
  BillingAccountId: ({ account }) => account.scope || account.id,
  BillingAccountName: ({ account }) => account.baseUrl,
  BillingCurrency: () => 'USD',
  BillingPeriodEnd: (charge) => {
    const [year, number] = month(charge).split('-').map(Number) as [number, number]
    return midnight(new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 10))
  },
  BillingPeriodStart: (charge) => midnight(`${month(charge)}-01`),
  ChargeCategory: () => 'Usage',
  ChargeClass: () => '',
  ChargeDescription: ({ entry }) => `${entry.kind} of ${entry.model}, ${entry.tier}`,
  ChargeFrequency: () => 'Usage-Based',
  ChargePeriodEnd: ({ entry }) => midnight(dayAfter(byDay(entry))),
  ChargePeriodStart: ({ entry }) => midnight(byDay(entry)),
  ConsumedQuantity: quantity,
  ConsumedUnit: unit,
  ContractedCost: listCost,
  ContractedUnitPrice: (charge) => usdOfPico(price(charge)),
  EffectiveCost: cost,
  HostProviderName: provider,
  InvoiceIssuerName: provider,
  ListCost: listCost,
  ListUnitPrice: (charge) => usdOfPico(price(charge)),
  PricingCategory: () => 'Standard',
  PricingQuantity: quantity,
  PricingUnit: unit,
  ProviderName: provider,
  PublisherName: provider,
  ServiceCategory: () => 'AI and Machine Learning',
  ServiceName: (charge) => `${provider(charge)} API`,
  ServiceProviderName: provider,
  ServiceSubcategory: () => 'Generative AI',
  SkuId: skuId,
  SkuMeter: ({ entry }) => entry.kind,
  SkuPriceDetails: ({ entry }) => JSON.stringify({ x_Tier: entry.tier }),
  SkuPriceId: (charge) => `${skuId(charge)}/${charge.entry.tier}/${price(charge)}`,
  Tags: ({ entry }) => JSON.stringify(entry.tags),
  x_Job: ({ entry }) => entry.jobId,
  x_Submission: ({ entry }) => entry.submissionId,
  x_Lane: ({ lane }) => lane,
  x_Model: ({ entry }) => entry.model,
  x_Tier: ({ entry }) => entry.tier,
  x_TokenKind: ({ entry }) => entry.kind,
  x_Part: ({ entry }) => entry.part,
  x_StandardCost: ({ entry }) => (entry.standardNanoUsd === null ? '' : usd(entry.standardNanoUsd)),
}
