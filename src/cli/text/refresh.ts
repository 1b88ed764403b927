import type { PriceDifference, PriceRefresh } from '../../index.ts'
import { columns } from './columns.ts'
import { count, some } from './figures.ts'

/** What a refresh would change: each figure that is another, the models that are new, and what cannot be right. */
export function refreshText(refresh: PriceRefresh): string {
  const { source, shape, changed, added, confirmed, refused } = refresh
  return [
    `${source}, in the shape of ${shape}: ${some(changed.length, 'figure')} changed, ${some(added.length, 'model')} new, ${count(confirmed)} as known, ${count(refused.length)} refused.`,
    ...(changed.length === 0 ? [] : ['', 'USD per 1,000,000 tokens', ...changedText(changed)]),
    ...(added.length === 0
      ? []
      : ['', 'New:', ...columns(['model', 'input ', 'output ', 'batch input ', 'output '], added.map(newCells))]),
    ...(refused.length === 0 ? [] : ['', 'Refused:', ...refused.map((text) => `· ${text}`)]),
  ].join('\n')
}

const changedText = (changed: readonly PriceDifference[]): string[] =>
  columns(
    ['model', 'price', 'was ', 'is '],
    changed.map(({ model, what, was, is }) => [model, what, priceText(was), priceText(is)]),
  )

const newCells = ({ provider, id, prices: { standard, batch } }: PriceRefresh['added'][number]): string[] => [
  `${provider}/${id}`,
  ...[standard.input, standard.output, batch?.input, batch?.output].map((price) => priceText(price ?? null)),
]

const priceText = (price: number | string | null): string => (price === null ? '–' : String(price))
