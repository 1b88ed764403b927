import type { BatchPrice, ListedLane, PriceList } from '../../index.ts'
import { HOUR } from '../../kit/clock.ts'
import { columns } from './columns.ts'
import { bytes, count, duration, some } from './figures.ts'

type Sheet = BatchPrice['usdPerMillion']
type Kind = keyof Sheet

/** As a person calls them, in the order in which they are shown. */
const kinds: readonly (readonly [Kind, string])[] = [
  ['input', 'input '],
  ['cachedInput', 'cached '],
  ['cacheWriteDefault', 'write '],
  ['cacheWrite5m', 'write 5m '],
  ['cacheWrite1h', 'write 1h '],
  ['cacheWrite12h', 'write 12h '],
  ['output', 'output '],
]

/** All that is known of one model's prices. */
export function priceListText(list: PriceList): string {
  const { lanes } = list
  const sheets = lanes.flatMap(({ usdPerMillion, long }) => [
    usdPerMillion,
    ...(long === null ? [] : [long.usdPerMillion]),
  ])
  const shown = kinds.filter(([kind]) => sheets.some((sheet) => worthShowing(kind, sheet)))
  const cells = (sheet: Sheet): string[] => shown.map(([kind]) => priceText(sheet[kind]))
  const rows = lanes.flatMap((lane) => [
    [lane.flyable ? ' ' : '-', lane.lane, ...cells(lane.usdPerMillion), percent(lane.ofStandard), promise(lane)],
    ...(lane.long === null
      ? []
      : [['', `  prompts above ${count(lane.long.aboveTokens)}`, ...cells(lane.long.usdPerMillion), '', '']]),
  ])
  return [
    headline(list),
    '',
    'USD per 1,000,000 tokens',
    ...columns(['', 'lane', ...shown.map(([, name]) => name), 'of standard ', 'promised'], rows),
    ...(lanes.every(({ flyable }) => flyable)
      ? []
      : ['Lanes marked "-" are for comparison; this version does not fly them.']),
    '',
    ...facts(list).map((fact) => `· ${fact}`),
  ].join('\n')
}

/** What is written to a cache at the price of plain input needs no column. */
const worthShowing = (kind: Kind, sheet: Sheet): boolean =>
  sheet[kind] !== undefined && (kind === 'input' || !kind.startsWith('cacheWrite') || sheet[kind] !== sheet.input)

const headline = ({ model, provider, status, aliases, contextWindow, maxOutput }: PriceList): string =>
  [
    `${model} of ${provider}, ${status}`,
    ...(aliases.length === 0 ? [] : [`also ${aliases.join(', ')}`]),
    ...(contextWindow === null ? [] : [`context ${count(contextWindow)} tokens`]),
    ...(maxOutput === null ? [] : [`answers up to ${count(maxOutput)}`]),
  ].join('; ')

function facts(list: PriceList): string[] {
  const { lanes, changes, shutdown, minCacheableTokens } = list
  const searches = lanes.find(({ usdPerThousandSearches }) => usdPerThousandSearches !== null)
  return [
    ...lanes.flatMap(({ lane, stacking }) => (stacking === null ? [] : [`Cache on ${lane}: ${stacking.text}`])),
    ...(minCacheableTokens === null ? [] : [`Prompts are cached from ${count(minCacheableTokens)} tokens on.`]),
    ...(searches === undefined
      ? []
      : [`Web searches cost ${searches.usdPerThousandSearches} USD per 1,000 on every lane.`]),
    ...lanes.flatMap((lane) => (lane.limits === null ? [] : [`Limits of ${lane.lane}: ${limitsText(lane.limits)}.`])),
    ...new Set(lanes.map(regionText)),
    ...changes.map(
      ({ from, certainty, standard }) =>
        `From ${from} on it ${certainty === 'announced' ? 'costs' : 'may cost'} ${standard.input}/${standard.output} at standard (input/output).`,
    ),
    ...(shutdown === null ? [] : [shutdownText(shutdown)]),
    ...new Set(
      lanes.flatMap(({ lane, notes }) => notes.map((note) => `${lane}: ${note}${/[.!?]$/.test(note) ? '' : '.'}`)),
    ),
    ...list.notes,
    `Prices as of ${list.asOf} (confidence: ${list.confidence}), from ${list.sources.join(', ')}`,
  ]
}

export function limitsText(limits: NonNullable<ListedLane['limits']>): string {
  const or = (value: number | null, text: (value: number) => string): string[] => (value === null ? [] : [text(value)])
  return [
    `${count(limits.requests)} requests and ${bytes(limits.bytes)} a purchase`,
    `${bytes(limits.requestBytes)} a request`,
    ...or(limits.embeddingInputs, (value) => `${count(value)} embedding inputs a purchase`),
    ...or(limits.purchasesAnHour, (value) => `${some(value, 'purchase')} an hour`),
    ...or(limits.purchasesAtOnce, (value) => `${some(value, 'purchase')} at once`),
    ...or(limits.enqueuedTokens, (value) => `${count(value)} tokens waiting`),
    ...or(limits.enqueuedRequests, (value) => `${count(value)} requests waiting`),
    `results kept ${duration(limits.resultsKeptHours * HOUR)}`,
  ].join(', ')
}

const REGIONS_SHOWN = 8

function regionText({ lane, residency: { multiplier, regions } }: ListedLane): string {
  const vendor = lane.slice(0, lane.indexOf('/'))
  if (regions.length === 0) return `Regions at ${vendor}: none.`
  const uplift =
    multiplier === 1
      ? 'at no other price'
      : `${Math.round(multiplier * 100 - 100)} % dearer where the data-residency price applies`
  const more = regions.length > REGIONS_SHOWN ? ` and ${regions.length - REGIONS_SHOWN} more` : ''
  return `Regions at ${vendor}: ${regions.slice(0, REGIONS_SHOWN).join(', ')}${more}; ${uplift}.`
}

function shutdownText({ date, notBefore, replacement, note }: NonNullable<PriceList['shutdown']>): string {
  const when =
    date !== null ? `on ${date}` : notBefore === undefined ? 'at a day not named yet' : `not before ${notBefore}`
  return `Shut down ${when}.${replacement === null ? '' : ` Successor: ${replacement}.`}${note === undefined ? '' : ` ${note}.`}`
}

/** A line per model. */
export function batchPricesText(all: readonly BatchPrice[]): string {
  const rows = all.map(({ model, lane, usdPerMillion, ofStandard, stacking, status, shutdown, asOf }) => [
    model,
    lane,
    priceText(usdPerMillion.input),
    priceText(usdPerMillion.cachedInput),
    priceText(usdPerMillion.output),
    percent(ofStandard),
    stacking,
    asOf,
    shutdown !== null ? `${status}, shut down ${shutdown}` : status,
  ])
  const head = ['model', 'lane', 'input ', 'cached ', 'output ', 'of standard ', 'cache and batch', 'as of', 'status']
  return ['USD per 1,000,000 tokens', ...columns(head, rows)].join('\n')
}

const priceText = (price: number | undefined): string => (price === undefined ? '–' : String(price))

const percent = (share: number | null): string => (share === null ? '' : `${Math.round(share * 1000) / 10} %`)

const promise = ({ promisedHours }: ListedLane): string =>
  promisedHours === null ? '' : `within ${promisedHours === 24 ? '24h' : duration(promisedHours * HOUR)}`
