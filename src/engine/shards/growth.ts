import { outputLimitIn } from '../../dialects/output-limit.ts'
import { vendorOf } from '../../domain/usage.ts'
import type { IndexRecord } from '../../intake/manifest.ts'
import { resolveModel } from '../../pricing/catalogue.ts'
import type { ShardRow } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'
import { type Route, type RoutedManifest, routedFor, sentManifest } from '../rows/routing.ts'
import { type RowSet, recordsOf, Segments } from '../rows/rows.ts'
import { grownOf } from './course.ts'
import type { PlanOf } from './plan.ts'

/**
 * An output limit that was doubled so often, up to the model's own.
 * @param stated  0: none was, which leaves the model's own
 * @param most    of the model; undefined: nobody knows
 * @returns       0: none can be named
 */
export function grownLimit(stated: number, grown: number, most: number | undefined): number {
  if (stated === 0) return grown === 0 ? 0 : (most ?? 0)
  return Math.max(stated, Math.min(stated * 2 ** grown, most ?? Number.MAX_SAFE_INTEGER))
}

/** The longest answer that the model of a route can give. */
export const mostOf = ({ model, lane }: Route): number | undefined =>
  resolveModel({ requested: model, answered: '', vendor: vendorOf(lane) })?.maxOutput ?? undefined

/** The records of a shard's rows as they are sent: where its limits have grown, with those in place of what was stated. */
export async function* recordsFor(
  ports: Pick<Ports, 'blobs'>,
  manifest: RoutedManifest,
  shard: RowSet & Pick<ShardRow, 'group' | 'lane' | 'model' | 'course'>,
): AsyncGenerator<readonly IndexRecord[]> {
  const own = routedFor(manifest, shard)
  const records = recordsOf(ports.blobs, sentManifest(own, shard.group), shard)
  yield* grownRecords(ports, { manifest: own, grown: grownOf(shard) }, records)
}

/** The same of records of any group, each as its vendor gets it. */
export async function* grownRecords(
  ports: Pick<Ports, 'blobs'>,
  { manifest, grown = 0 }: Pick<PlanOf, 'manifest' | 'grown'>,
  records: AsyncIterable<readonly IndexRecord[]>,
): AsyncGenerator<readonly IndexRecord[]> {
  if (grown === 0) {
    yield* records
    return
  }
  const growths = manifest.routes.map((_, group) => new Growth(ports, manifest, group, grown))
  try {
    for await (const window of records) {
      for (const [group, own] of Map.groupBy(window, (record) => record.group)) await growths[group]?.apply(own)
      yield window
    }
  } finally {
    for (const growth of growths) await growth.close()
  }
}

/** Larger output limits for the requests of one group. Where a body states its limit is looked for when it is sent: few are sent so. */
class Growth {
  readonly #segments: Segments
  readonly #route: Route
  readonly #grown: number

  constructor({ blobs }: Pick<Ports, 'blobs'>, manifest: RoutedManifest, group: number, grown: number) {
    this.#segments = new Segments(blobs, sentManifest(manifest, group))
    this.#route = manifest.routes[group] as Route
    this.#grown = grown
  }

  async apply(records: readonly IndexRecord[]): Promise<void> {
    const most = mostOf(this.#route)
    for (const [at, record] of records.entries()) {
      if (!this.#segments.holds(record)) await this.#segments.load(records, at)
      const body = Buffer.allocUnsafe(record.bodyLength)
      this.#segments.copy(record, 0, record.bodyLength, body, 0)
      const { stated, from, to, before, after } = outputLimitIn(body, this.#route.endpoint)
      const tokens = grownLimit(stated, this.#grown, most)
      if (tokens === stated) continue
      const bytes = Buffer.from(`${before}${tokens}${after}`)
      record.splice = { from, to, bytes, storedLength: record.bodyLength }
      record.bodyLength += bytes.length - (to - from)
      if (record.modelOffset >= to) record.modelOffset += bytes.length - (to - from)
      record.outputMax = tokens
    }
  }

  async close(): Promise<void> {
    await this.#segments.close()
  }
}
