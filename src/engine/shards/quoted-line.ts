import type { Quote, QuotedLane } from '../../pricing/quote.ts'
import type { JobRow } from '../../stores/contract.ts'
import type { Route } from '../rows/routing.ts'

/** What the job's quote says of a lane and a model; undefined: nothing. */
export function lineOf({ quote }: JobRow, { lane, model }: Pick<Route, 'lane' | 'model'>): QuotedLane | undefined {
  const { lanes = [], alternatives = [] } = (quote ?? {}) as Partial<Quote>
  return [...lanes, ...alternatives].find((line) => line.lane === lane && line.model === model)
}
