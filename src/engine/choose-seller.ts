import { endpointFor } from '../dialects/endpoint-for.ts'
import { UsageError } from '../domain/errors.ts'
import { sells } from '../pricing/catalogue.ts'
import type { BatchLane } from '../providers/contract.ts'

/** A vendor that this process could buy from. */
export interface Seller {
  readonly vendor: string
  readonly batch: BatchLane
  /** Its key is here. */
  readonly ready: boolean
}

/**
 * Who shall run a request. `vendor/model` names the vendor outright. Else it is one whose model the catalogue knows it
 * to be, and of a model that nobody knows, one that speaks the dialect of the request; of several the one whose key is
 * here, then the one that needs no translation, then the first.
 * @returns the seller, and the model as it is called there
 * @throws UsageError when the vendor that is named does not take such requests
 */
export function chooseSeller<S extends Seller>(
  sellers: readonly S[],
  { endpoint, model }: { readonly endpoint: string; readonly model: string },
): { readonly seller: S; readonly model: string } {
  const named = sellers.find(({ vendor }) => model.startsWith(`${vendor}/`))
  if (named !== undefined) {
    const bare = model.slice(named.vendor.length + 1)
    if (sentTo(named, endpoint, bare) === undefined)
      throw new UsageError(
        `${named.vendor} takes no requests for ${endpoint}.`,
        `It takes ${named.batch.limits.endpoints.join(', ')}.`,
      )
    return { seller: named, model: bare }
  }
  const able = sellers.filter((seller) => sentTo(seller, endpoint, model) !== undefined)
  const known = able.filter(({ vendor }) => sells(vendor, model))
  const native = able.filter((seller) => sentTo(seller, endpoint, model) === endpoint)
  const among = [known, native, able, sellers].find((some) => some.length > 0) ?? []
  const rank = (seller: S): number => (seller.ready ? 2 : 0) + (native.includes(seller) ? 1 : 0)
  const best = among.toSorted((a, b) => rank(b) - rank(a))[0]
  if (best === undefined) throw new UsageError('No vendor of this build sells a batch lane.')
  return { seller: best, model }
}

const sentTo = ({ batch: { limits } }: Seller, endpoint: string, model: string): string | undefined =>
  endpointFor(endpoint, limits.endpointsOf?.(model) ?? limits.endpoints)
