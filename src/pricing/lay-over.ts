import { catalogue, type LongRates, type ModelRow, type PriceChange, type Rates, type TierRates } from './catalogue.ts'
import { flawsIn } from './flaws.ts'
import { given, type Sheets } from './map-fields.ts'
import type { OverlayRow } from './overlay.ts'

type Window = NonNullable<ModelRow['prices']['completionWindows']>[number]

/**
 * Rows with those of a user's file over them, each checked. A row under the name of a dated snapshot is one of its own,
 * also where the catalogue has that name as an alias.
 * @param path  of the file, for whoever asks where a price is from
 */
export function layOver(rows: readonly ModelRow[], overlay: readonly OverlayRow[], path: string): ModelRow[] {
  const byName = new Map(rows.map((row) => [`${row.provider}/${row.id}`, row]))
  for (const entry of overlay.toSorted((a, b) => (a.from ?? '').localeCompare(b.from ?? ''))) {
    const under = byName.get(entry.model) ?? aliased(rows, entry)
    const row = laid(under, entry, path)
    byName.set(entry.model, { ...row, flaws: flawsIn(row) })
  }
  return [...byName.values()]
}

const nameOf = ({ model }: OverlayRow): { provider: string; id: string } => {
  const slash = model.indexOf('/')
  return { provider: model.slice(0, slash), id: model.slice(slash + 1) }
}

function aliased(rows: readonly ModelRow[], entry: OverlayRow): ModelRow | undefined {
  const { provider, id } = nameOf(entry)
  const row = rows.find((one) => one.provider === provider && one.aliases.includes(id))
  return row && { ...row, id, aliases: [] }
}

function laid(under: ModelRow | undefined, entry: OverlayRow, file: string): ModelRow {
  const { asOf, source, until = null, aliases, shutdown, usdPerMillion, longContext } = entry
  const begun = under?.scheduledPrices?.findLast((change) => change.certainty === 'announced' && change.from <= asOf)
  const base = under === undefined ? blank(entry) : begun === undefined ? under : after(under, begun)
  // Whoever read the standard price, or found all of it as it was, knows which of the possible changes came.
  const asItWas = usdPerMillion === undefined && longContext === undefined
  const settled = asItWas || usdPerMillion?.standard !== undefined
  const scheduledPrices = (base.scheduledPrices ?? []).filter(
    ({ from, certainty }) => from > asOf || (certainty === 'possible' && !settled),
  )
  return {
    ...base,
    ...given({
      modality: entry.modality,
      contextWindow: entry.contextWindow,
      maxOutput: entry.maxOutput,
      minCacheableTokens: entry.minCacheableTokens,
    }),
    aliases: [...base.aliases, ...(aliases ?? [])],
    ...(shutdown === undefined
      ? {}
      : { shutdown: shutdown === null ? null : { replacement: null, ...base.shutdown, date: shutdown } }),
    ...(entry.cacheAndBatch === undefined
      ? {}
      : { stacking: { cacheAndBatch: entry.cacheAndBatch, sourceUrl: source, note: '' } }),
    prices: pricesWith(base.prices, { usdPerMillion, longContext, basis: entry.basis ?? 'derived' }),
    scheduledPrices,
    sourceUrls: asItWas ? [...new Set([source, ...base.sourceUrls])] : [source],
    asOf,
    confidence: asItWas ? base.confidence : 'medium',
    laid: { file, over: under ?? null, from: entry.from ?? begun?.from ?? null, until },
  }
}

/** The row once an announced change has come. */
function after(row: ModelRow, { standard, batch }: PriceChange): ModelRow {
  const { prices } = row
  const followed = pricesWith(prices, { usdPerMillion: { standard }, longContext: undefined, basis: 'listed' })
  const changed = batch && prices.batch ? { ...prices.batch, ...batch } : followed.batch
  return { ...row, prices: { ...followed, batch: changed } }
}

const windows = [
  ['2h', 2],
  ['8h', 8],
] as const
const none: Rates = { input: null, cachedInput: null, cacheWrite5m: null, cacheWrite1h: null, output: null }

/** A model that nobody knew. Where its provider charges more for a place, so does it, until somebody says better. */
function blank(entry: OverlayRow): ModelRow {
  const { source, asOf, modality = 'text' } = entry
  return {
    ...nameOf(entry),
    aliases: [],
    modality,
    status: 'current',
    released: null,
    shutdown: null,
    contextWindow: null,
    maxInput: null,
    maxOutput: null,
    prices: { standard: none, longContext: null, batch: null, flex: null, priority: null },
    stacking: { cacheAndBatch: modality === 'text' ? 'unknown' : 'none', sourceUrl: source, note: '' },
    dataResidency: {
      multiplier: catalogue.providers[nameOf(entry).provider]?.dataResidencyMultiplier ?? 1,
      note: '',
      sourceUrl: source,
    },
    minCacheableTokens: null,
    sourceUrls: [source],
    asOf,
    confidence: 'medium',
    notes: [],
  }
}

// ── figures over figures ─────────────────────────────────────────────────────────────────────────────────────────────

interface Figures {
  readonly usdPerMillion: Sheets | undefined
  readonly longContext: OverlayRow['longContext']
  readonly basis: 'listed' | 'derived'
}

/** Tiers of which the file says nothing keep their multiple of standard. */
function pricesWith(
  prices: ModelRow['prices'],
  { usdPerMillion = {}, longContext, basis }: Figures,
): ModelRow['prices'] {
  const standard = { ...prices.standard, ...given(usdPerMillion.standard ?? {}) }
  const follow = followerOf(prices.standard, standard)
  const long = (rates: LongRates | null | undefined, name: keyof Sheets, keep = follow): LongRates | null => {
    const said = longContext?.usdPerMillion[name]
    if (longContext === null || said === null) return null
    const kept = rates ? keep(rates) : null
    if (longContext === undefined) return kept
    const { aboveTokens: thresholdTokens } = longContext
    if (said === undefined) return kept && { ...kept, thresholdTokens }
    return { ...none, comparison: '>', ...kept, ...given(said), thresholdTokens, basis }
  }
  const standardLong = long(prices.longContext, 'standard')
  const followLong = prices.longContext && standardLong ? followerOf(prices.longContext, standardLong) : follow
  const tier = (name: 'batch' | 'flex' | 'priority'): TierRates | null => {
    const said = usdPerMillion[name]
    const old = prices[name]
    const kept = old && follow(old)
    if (said === null || (said === undefined && kept === null)) return null
    const changes = Object.entries(said ?? {}).some(([kind, value]) => value !== kept?.[kind as keyof Rates])
    const longContext = long(old?.longContext, name, followLong)
    const { longContext: _, ...rates } = {
      ...none,
      basis,
      ...kept,
      ...given(said ?? {}),
      ...(changes ? { basis } : {}),
    }
    return longContext === null ? rates : { ...rates, longContext }
  }
  const window = ([window, hours]: readonly [string, number]): Window[] => {
    const said = usdPerMillion[`completion-window-${window}` as keyof Sheets]
    const old = prices.completionWindows?.find((one) => one.window === window)
    if (said === null || (said === undefined && old === undefined)) return []
    const kept = old && follow({ ...none, ...old })
    const { input, output, ...rates } = { ...none, basis, ...kept, ...(said && { ...given(said), basis }) }
    return input === null || output === null ? [] : [{ ...rates, window, hours, input, output }]
  }
  const completionWindows = windows.flatMap(window)
  return {
    standard,
    longContext: standardLong,
    batch: tier('batch'),
    flex: tier('flex'),
    priority: tier('priority'),
    ...(completionWindows.length === 0 ? {} : { completionWindows }),
  }
}

const kinds = Object.keys(none) as (keyof typeof none)[]
const rareKinds = ['cacheWriteDefault', 'cacheWrite12h'] as const

/** What becomes of a table of figures when standard changes: each keeps its multiple. */
function followerOf(from: Rates, to: Rates) {
  const moved = [...kinds, ...rareKinds].filter((kind) => (from[kind] ?? null) !== (to[kind] ?? null))
  return <T extends Rates>(table: T): T => {
    if (moved.length === 0) return table
    const scaled = moved.map((kind) => [kind, times(table[kind] ?? null, to[kind] ?? null, from[kind] ?? null)])
    return { ...table, ...Object.fromEntries(scaled), ...('basis' in table ? { basis: 'derived' } : {}) }
  }
}

/** A figure that would not be whole in pico-USD is none. */
function times(figure: number | null, to: number | null, from: number | null): number | null {
  if (figure === null || to === null || !from) return null
  const exact = (figure * to) / from
  const rounded = Number(exact.toFixed(6))
  return Math.abs(rounded - exact) < 1e-9 ? rounded : null
}
