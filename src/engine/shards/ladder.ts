import { UsageError } from '../../domain/errors.ts'
import { isWindow, type Lane, laneOf, type Tier, tierOf, tiers, vendorOf } from '../../domain/usage.ts'
import { ratesOf } from '../../pricing/catalogue.ts'
import { windowNote } from '../../pricing/notes.ts'
import type { JobOptions } from '../options.ts'
import type { Vendors } from '../ports.ts'
import type { Route, RoutedManifest } from '../rows/routing.ts'

/**
 * Engines of one's own have no lane but one. Without a deadline nothing presses. With one, what turns nobody away is the
 * last resort; priority only when asked for.
 */
const CALM: readonly Tier[] = ['idle', 'batch']
const HURRIED: readonly Tier[] = ['idle', 'batch', 'flex', 'standard']

export const ladderOf = ({ ladder }: JobOptions, deadline: number | null): readonly Tier[] =>
  ladder ?? (deadline === null ? CALM : HURRIED)

/** The lanes of a route's vendor that its requests may fly on, in the order of the ladder. */
export const lanesOf = (vendors: Vendors, route: Route, ladder: readonly Tier[]): Lane[] =>
  ladder.map((tier) => laneOf(vendorOf(route.lane), tier)).filter((lane) => takes(vendors, route, lane))

function takes(vendors: Vendors, { lane: batch, accountId, model, endpoint }: Route, lane: Lane): boolean {
  if (lane === batch) return true
  const sync = vendors.sync(lane, accountId)
  if (sync === undefined) return false
  const place = vendors.accounts().find(({ row }) => row.id === accountId)
  if (place !== undefined && sync.soldAt?.(place.row.baseUrl) === false) return false
  const { limits } = sync
  const row = vendors.prices.find(model, vendorOf(lane))
  // A tier that the catalogue knows no price of is one that the model is not sold in.
  const tier = tierOf(lane)
  const sold = row === undefined || (tier !== 'idle' && ratesOf(row, tier) !== null)
  return sold && (limits.endpointsOf?.(model) ?? limits.endpoints).includes(endpoint)
}

/**
 * @throws UsageError when some requests of the job could fly on none of the ladder's lanes
 */
export function checkLadder(vendors: Vendors, { routes }: RoutedManifest, ladder: readonly Tier[]): void {
  for (const route of routes) {
    if (lanesOf(vendors, route, ladder).length > 0) continue
    const sold = lanesOf(vendors, route, tiers)
    const note = ladder.some(isWindow) ? ` ${windowNote}` : ''
    throw new UsageError(
      `${route.model} at ${vendorOf(route.lane)} is not sold on ${ladder.join(' or ')}.`,
      `Nothing was sent. It is sold on ${sold.map(tierOf).join(', ')}.${note}`,
    )
  }
}
