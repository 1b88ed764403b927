import { type Tier, type TokenKind, tokenKinds } from '../domain/usage.ts'
import { catalogue, type Flaw, type LongRates, type ModelRow, type Rates, ratesOf } from './catalogue.ts'

type SoldTier = Exclude<Tier, 'idle'>

const sold: readonly SoldTier[] = [
  'batch',
  'flex',
  'completion-window-8h',
  'completion-window-2h',
  'standard',
  'priority',
]

/** A figure so many times below the same one in another tier has lost a digit on its way. */
const FACTOR = 10
/** Vendors round what they print. */
const TOLERANCE = 0.01 + 1e-9

/**
 * What cannot be right in a row: prices that are absent where the tier is sold, that are ten times below those of
 * another tier, or that are not the multiple of standard which the provider declares and which no page of it lists.
 */
export function flawsIn(row: ModelRow): Flaw[] {
  const tables = sold.flatMap((tier) => tablesOf(row, tier))
  const { laid, sourceUrls } = row
  const file = laid === undefined || sourceUrls.includes(laid.file) ? '' : `, in ${laid.file}`
  const source = `Source: ${sourceUrls.join(', ')}${file}.`
  const flaw = ({ tier, long }: Table, text: string): Flaw => ({
    tier,
    text: `The price of ${row.id} in ${tier}${long ? ', long prompts,' : ''} is refused: ${text} ${source}`,
  })
  return tables.flatMap((table) => {
    const others = tables.filter(({ long }) => long === table.long)
    const texts = [absence(row, table), ...lowFigures(table, others), ...wrongMultiples(row, table)]
    return texts.filter((text) => text !== undefined).map((text) => flaw(table, text))
  })
}

interface Table {
  readonly tier: SoldTier
  readonly long: boolean
  readonly rates: Rates
  readonly listed: boolean
  /** Of the same length of prompt. */
  readonly standard: Rates
}

function tablesOf(row: ModelRow, tier: SoldTier): Table[] {
  const { standard, longContext } = row.prices
  const rates = ratesOf(row, tier)
  if (rates === null) return []
  const long: LongRates | null | undefined = tier === 'standard' ? longContext : rates.longContext
  const listed = (basis: string | undefined): boolean => basis?.startsWith('listed') === true
  return [
    { tier, long: false, rates, listed: listed(rates.basis), standard },
    ...(long && longContext
      ? [{ tier, long: true, rates: long, listed: listed(long.basis ?? rates.basis), standard: longContext }]
      : []),
  ]
}

function absence({ modality }: ModelRow, { rates }: Table): string | undefined {
  const wanted = modality === 'text' ? (['input', 'output'] as const) : (['input'] as const)
  const absent = wanted.filter((kind) => rates[kind] === null)
  return absent.length === 0 ? undefined : `${absent.join(' and ')} ${absent.length > 1 ? 'are' : 'is'} absent.`
}

function lowFigures({ rates }: Table, others: readonly Table[]): string[] {
  return tokenKinds.flatMap((kind) => {
    const figure = rates[kind] ?? null
    if (figure === null) return []
    const dearest = others.toSorted((a, b) => (b.rates[kind] ?? 0) - (a.rates[kind] ?? 0))[0]
    const there = dearest?.rates[kind] ?? 0
    return figure * FACTOR <= there ? [`${kind} is ${figure}, and ${there} in ${dearest?.tier}.`] : []
  })
}

const judged: readonly TokenKind[] = ['input', 'output']

function wrongMultiples({ provider }: ModelRow, { tier, rates, listed, standard }: Table): string[] {
  if (listed || tier === 'standard' || tier === 'priority') return []
  const declared = declaredMultiple(provider, tier)
  return judged.flatMap((kind) => {
    const [figure, whole] = [rates[kind], standard[kind]]
    if (!figure) return []
    if (!whole) return [`${kind} is ${figure}, and no standard price is there to judge that by.`]
    const share = figure / whole
    if (declared !== undefined && Math.abs(share / declared - 1) <= TOLERANCE) return []
    const says = declared === undefined ? 'declares no multiple' : `declares ${declared}`
    return [
      `${kind} is ${figure}, ${Number(share.toPrecision(3))} of standard ${whole}, and ${provider} ${says}. A page of theirs that lists it would settle it.`,
    ]
  })
}

/** What a provider says of its cheaper tiers in general; undefined: nothing, or not the same for all models. */
export function declaredMultiple(provider: string, tier: SoldTier): number | undefined {
  const own = catalogue.providers[provider]
  if (own === undefined) {
    const other = catalogue.otherProviders.find((one) => one.provider === provider && one.tier === tier)
    return other?.discount === undefined ? undefined : 1 - other.discount
  }
  if (tier === 'batch') return own.batchMultiplier
  if (tier === 'flex') return own.flexMultiplier ?? undefined
  return own.completionWindows?.find(({ window }) => tier === `completion-window-${window}`)?.multiplier
}
