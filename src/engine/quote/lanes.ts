import type { Lane } from '../../domain/usage.ts'
import { landingOf } from '../../policy/landing.ts'
import type { PriceBook } from '../../pricing/catalogue.ts'
import { type LaneSummary, laneTable } from '../../pricing/lane-table.ts'
import type { ListedVendor } from '../../pricing/price-list.ts'
import type { LandingSeen } from './landings-seen.ts'

/** A job of a common size, where nothing of one's own is known. */
const COMMON_REQUESTS = 1000

/** Every lane, with the times that this home has seen, else those that are published. */
export const lanesWith = (
  vendors: readonly ListedVendor[],
  at: number,
  seen: ReadonlyMap<Lane, LandingSeen>,
  prices?: PriceBook,
): LaneSummary[] =>
  laneTable(
    vendors,
    at,
    (lane) => {
      const own = seen.get(lane)
      if (own !== undefined) return { p50: own.p50, p90: own.p90, seen: own.submissions }
      const published = landingOf(lane, { requests: COMMON_REQUESTS })
      return published && { p50: published.p50, p90: published.p90, seen: null }
    },
    prices,
  )
