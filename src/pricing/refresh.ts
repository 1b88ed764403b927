import { type TokenKind, tokenKinds } from '../domain/usage.ts'
import { type Flaw, type ModelRow, type PriceBook, type Rates, ratesOf } from './catalogue.ts'
import { layOver } from './lay-over.ts'
import { given, type MapRow, type Sheets } from './map-fields.ts'
import type { OverlayRow } from './overlay.ts'

/** What a map has to say that the book does not know, as rows of a file of prices. */
export interface Refreshment {
  readonly rows: readonly OverlayRow[]
  /** Sentences, each with its source: prices of the map that cannot be right and are left out, or that follow from none. */
  readonly refused: readonly string[]
  /** Models whose prices are as they were known. */
  readonly confirmed: number
}

const TWO_HUNDRED_K = 200_000

/**
 * The rows of a map that say something new, each with no more than that: prices that differ from the day of reading on,
 * models that nobody knew, and that known ones are as they were. A snapshot that costs what its model costs says nothing.
 */
export function refreshment(
  book: PriceBook,
  map: readonly MapRow[],
  read: { readonly source: string; readonly asOf: string },
): Refreshment {
  const rows: OverlayRow[] = []
  const refused: string[] = []
  let confirmed = 0
  for (const found of map) {
    const known = rowOf(book, { model: found.model, ...read })
    const entry = known === undefined ? added(found, read) : differing(known, found, read)
    const news = Object.keys(entry).some((name) => !(name in read) && name !== 'model' && name !== 'from')
    if (known !== undefined && !news && isAlias(book, found.model)) continue
    if (known !== undefined && !news) confirmed += 1
    const flaws = rowOf(book, entry)?.flaws ?? []
    refused.push(...flaws.map(({ text }) => text))
    const sound = without(entry, flaws)
    if (sound !== undefined) rows.push(sound)
  }
  return { rows, refused, confirmed }
}

/** As it would be with this row over it; undefined: nobody knows the model but the row. */
function rowOf(book: PriceBook, entry: OverlayRow): ModelRow | undefined {
  const slash = entry.model.indexOf('/')
  const [provider, id] = [entry.model.slice(0, slash), entry.model.slice(slash + 1)]
  const laid = layOver(book.rows, [entry], entry.source).find((row) => row.provider === provider && row.id === id)
  return laid?.laid?.over === null && entry.usdPerMillion === undefined ? undefined : laid
}

/** What is left of a row without those of its tiers that cannot be right; undefined: nothing. */
function without(entry: OverlayRow, flaws: readonly Flaw[]): OverlayRow | undefined {
  const { usdPerMillion = {}, longContext, ...row } = entry
  const wrong = new Set<string>(flaws.map(({ tier }) => tier))
  const tiers = [...Object.keys(usdPerMillion), ...Object.keys(longContext?.usdPerMillion ?? {})]
  if (!tiers.some((tier) => wrong.has(tier))) return entry
  const sound = (sheets: Sheets): Sheets =>
    Object.fromEntries(Object.entries(sheets).filter(([tier]) => !wrong.has(tier)))
  if (tiers.every((tier) => wrong.has(tier))) return undefined
  return {
    ...row,
    usdPerMillion: sound(usdPerMillion),
    ...(longContext && { longContext: { ...longContext, usdPerMillion: sound(longContext.usdPerMillion) } }),
  }
}

const isAlias = ({ rows }: PriceBook, model: string): boolean =>
  !rows.some(({ provider, id }) => `${provider}/${id}` === model)

const added = ({ long, ...row }: MapRow, read: { source: string; asOf: string }): OverlayRow => ({
  ...read,
  ...row,
  ...(long && {
    longContext: { aboveTokens: long.aboveTokens ?? TWO_HUNDRED_K, usdPerMillion: long.usdPerMillion },
  }),
})

function differing(known: ModelRow, found: MapRow, read: { source: string; asOf: string }): OverlayRow {
  const { longContext } = known.prices
  const aboveTokens = found.long?.aboveTokens ?? longContext?.thresholdTokens ?? TWO_HUNDRED_K
  const usdPerMillion = newIn(found.usdPerMillion, (tier) => ratesOf(known, tier))
  const long = newIn(found.long?.usdPerMillion, (tier) =>
    tier === 'standard' ? longContext : ratesOf(known, tier)?.longContext,
  )
  const moved = found.long !== undefined && aboveTokens !== longContext?.thresholdTokens
  const shutdown = known.shutdown?.date ? undefined : found.shutdown
  return {
    model: found.model,
    ...read,
    from: read.asOf,
    ...given({ usdPerMillion, shutdown }),
    ...(long !== undefined || moved ? { longContext: { aboveTokens, usdPerMillion: long ?? {} } } : {}),
  }
}

/** Of the figures of a map those that are others than are known. */
function newIn(
  sheets: Sheets | undefined,
  known: (tier: keyof Sheets) => Rates | null | undefined,
): Sheets | undefined {
  const tiers = Object.entries(sheets ?? {}).flatMap(([tier, sheet]) => {
    const rates = known(tier as keyof Sheets)
    const news = Object.entries(sheet ?? {}).filter(([kind, usd]) => usd !== (rates?.[kind as TokenKind] ?? null))
    return news.length === 0 ? [] : [[tier, Object.fromEntries(news)]]
  })
  return tiers.length === 0 ? undefined : Object.fromEntries(tiers)
}

/** A price that is another in one book than in the other. */
export interface PriceDifference {
  /** `provider/id` */
  readonly model: string
  /** `batch output`, `standard input of long prompts`, `shutdown` */
  readonly what: string
  /** USD per million tokens, or a day; null: there is none. */
  readonly was: number | string | null
  readonly is: number | string | null
}

export interface Differences {
  readonly changed: readonly PriceDifference[]
  readonly added: readonly ModelRow[]
}

/** What is new in `next`. */
export function differencesOf(book: PriceBook, next: PriceBook): Differences {
  const nameOf = ({ provider, id }: ModelRow): string => `${provider}/${id}`
  const before = new Map(book.rows.map((row) => [nameOf(row), row]))
  const changed: PriceDifference[] = []
  const added: ModelRow[] = []
  for (const row of next.rows) {
    const old = before.get(nameOf(row)) ?? row.laid?.over
    if (old === row) continue
    if (!old) {
      added.push(row)
      continue
    }
    const [was, is] = [figuresOf(old), figuresOf(row)]
    for (const what of new Set([...was.keys(), ...is.keys()])) {
      const difference = { model: nameOf(row), what, was: was.get(what) ?? null, is: is.get(what) ?? null }
      if (difference.was !== difference.is) changed.push(difference)
    }
  }
  return { changed, added }
}

const shown = ['standard', 'batch', 'flex', 'completion-window-8h', 'completion-window-2h', 'priority'] as const

function figuresOf(row: ModelRow): Map<string, number | string> {
  const figures = new Map<string, number | string>()
  const enter = (rates: Rates | null | undefined, what: (kind: TokenKind) => string): void => {
    for (const kind of tokenKinds) {
      const usd = rates?.[kind]
      if (usd != null) figures.set(what(kind), usd)
    }
  }
  for (const tier of shown) {
    const rates = ratesOf(row, tier)
    enter(rates, (kind) => `${tier} ${kind}`)
    enter(
      tier === 'standard' ? row.prices.longContext : rates?.longContext,
      (kind) => `${tier} ${kind} of long prompts`,
    )
  }
  if (row.shutdown?.date) figures.set('shutdown', row.shutdown.date)
  return figures
}

/** The rows of a file with newer ones: a row that only said that all was as known makes room for the next that says so. */
export function withRows(old: readonly OverlayRow[], rows: readonly OverlayRow[]): OverlayRow[] {
  const renewed = new Set(rows.map(({ model }) => model))
  const says = (row: OverlayRow): boolean =>
    row.usdPerMillion !== undefined || row.longContext !== undefined || row.shutdown !== undefined
  return [...old.filter((row) => says(row) || !renewed.has(row.model)), ...rows]
}
