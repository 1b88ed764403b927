import { endpointFor } from '../../dialects/endpoint-for.ts'
import { UsageError } from '../../domain/errors.ts'
import type { PriceBook } from '../../pricing/catalogue.ts'
import type { LaneTerms } from '../rows/lane-terms.ts'

/** A vendor that this process could buy from, or an engine of the user's own. */
export interface Seller {
  readonly vendor: string
  /** Further names that it has in `name/model`. */
  readonly names?: readonly string[]
  readonly limits: Pick<LaneTerms['limits'], 'endpoints' | 'endpointsOf'>
  /** All that it serves, where that is known; nothing else is sent there unless it is named outright. */
  readonly models?: readonly string[]
  /** Its key is here. */
  readonly ready: boolean
}

export interface Choice<S extends Seller> {
  readonly seller: S
  /** As it is called there. */
  readonly model: string
  /** Somebody is known to have it; else it is only to be hoped. */
  readonly known: boolean
}

/**
 * Who shall run a request. `vendor/model` names the vendor outright. Else it is one whose model the catalogue knows it
 * to be, and of a model that nobody knows, one that speaks the dialect of the request; of several the one whose key is
 * here, then the one that needs no translation, then the first.
 * @throws UsageError when the vendor that is named does not take such requests
 */
export function chooseSeller<S extends Seller>(
  sellers: readonly S[],
  { endpoint, model }: { readonly endpoint: string; readonly model: string },
  prices: Pick<PriceBook, 'sells'>,
): Choice<S> {
  const named = namedIn(sellers, model)
  if (named !== undefined) {
    const { seller, name } = named
    if (sentTo(seller, endpoint, named.model) === undefined)
      throw new UsageError(
        `${name} takes no requests for ${endpoint}.`,
        `It takes ${seller.limits.endpoints.join(', ')}.`,
      )
    return { seller, model: named.model, known: true }
  }
  const able = sellers.filter(
    (seller) => sentTo(seller, endpoint, model) !== undefined && seller.models?.includes(model) !== false,
  )
  const known = able.filter(({ vendor, models }) => prices.sells(vendor, model) || models?.includes(model) === true)
  const native = able.filter((seller) => sentTo(seller, endpoint, model) === endpoint)
  const among = [known, native, able, sellers].find((some) => some.length > 0) ?? []
  const rank = (seller: S): number => (seller.ready ? 2 : 0) + (native.includes(seller) ? 1 : 0)
  const best = among.toSorted((a, b) => rank(b) - rank(a))[0]
  if (best === undefined) throw new UsageError('No vendor of this build sells a batch lane.')
  return { seller: best, model, known: known.length > 0 }
}

/** Of several that are called so, one that has the model, then one that is ready. */
function namedIn<S extends Seller>(sellers: readonly S[], model: string) {
  const named = sellers.flatMap((seller) => {
    const name = [seller.vendor, ...(seller.names ?? [])].find((name) => model.startsWith(`${name}/`))
    return name === undefined ? [] : [{ seller, name, model: model.slice(name.length + 1) }]
  })
  const rank = ({ seller, model }: (typeof named)[number]): number =>
    (seller.models?.includes(model) === true ? 2 : 0) + (seller.ready ? 1 : 0)
  return named.toSorted((a, b) => rank(b) - rank(a))[0]
}

const sentTo = ({ limits }: Seller, endpoint: string, model: string): string | undefined =>
  endpointFor(endpoint, limits.endpointsOf?.(model) ?? limits.endpoints)
