import type { Receipt } from '../../domain/receipt.ts'
import type { Hits } from '../../pricing/cache-worth.ts'
import type { Quote } from '../../pricing/quote.ts'
import type { Ports } from '../ports.ts'
import type { Route, RoutedManifest } from '../rows/routing.ts'

/** Jobs that are looked at, newest first, and how many of them have to tell something. */
const JOBS_MAX = 100
const TELLING_MIN = 3
/** The next night may be a little unlike all before. */
const SLACK = 0.1

/**
 * How often what is kept is found: as the home's own jobs of that model have seen it, where there are some, and as the
 * vendor promises it otherwise.
 */
export async function hitsOf({ store }: Ports, { lane, model }: Route, promised: Hits): Promise<Hits> {
  const seen: number[] = []
  for (const { input, quote, receipt } of await store.jobs({ states: ['landed'], limit: JOBS_MAX })) {
    const [route, ...others] = (input as RoutedManifest).routes
    if (others.length > 0 || route?.marked === undefined || route.lane !== lane || route.model !== model) continue
    const { most = 0 } = (quote as Quote | null)?.cache ?? {}
    const { read } = (receipt as Receipt | null)?.cache ?? {}
    if (most > 0 && read !== undefined) seen.push(Math.min(1, read / most))
  }
  if (seen.length < TELLING_MIN) return promised
  return {
    low: Math.max(0, Math.min(...seen) - SLACK),
    likely: seen.reduce((sum, one) => sum + one, 0) / seen.length,
    high: Math.min(1, Math.max(...seen) + SLACK),
  }
}
