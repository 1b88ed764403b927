import { derivedId } from '../../kit/ids.ts'
import type { Commit, ShardRow } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'
import { touched } from '../purchase/budget.ts'
import { type Course, courseOf, grownOf, offerName } from '../shards/course.ts'
import { moveShard } from '../shards/move.ts'
import { ordinalsIn, putOrdinals } from '../shards/plan.ts'
import { isWaiting, type Sight } from './view-of.ts'

/** What must not grow beyond the largest shard of its group, for that is known to fit. */
const sizes = ['count', 'bytes', 'inputs', 'tokens'] as const
type Size = Readonly<Record<(typeof sizes)[number], number>>

/**
 * Retries that wait at the same time fly together, as soon as the first of them may: each shard leaves a few, and
 * purchases are limited. Undefined: there are none to put together.
 */
export async function gatherRetries(ports: Ports, sight: Sight): Promise<Commit | undefined> {
  const now = ports.clock.now()
  const waiting = sight.shards.filter((shard) => courseOf(shard).notBefore !== undefined && isWaiting(sight, shard))
  const kinds = Map.groupBy(waiting, (shard) =>
    JSON.stringify([shard.group, shard.round, grownOf(shard), offerName(shard), courseOf(shard).tried]),
  )
  const heaps = [...kinds.values()]
    .filter((kind) => kind.some((shard) => (courseOf(shard).notBefore as number) <= now))
    .flatMap((kind) => heaped(kind, largestOf(sight, kind)))
    .filter((heap) => heap.length > 1)
  if (heaps.length === 0) return undefined
  return {
    job: touched(sight.job),
    shards: heaps.flat().map((shard) => moveShard(shard, 'settle', { tally: null, held: null })),
    insertShards: await Promise.all(heaps.map((heap) => together(ports, heap))),
    events: heaps.map((heap) => ({
      jobId: sight.job.id,
      at: now,
      type: 'gathered',
      data: { shards: heap.length, rows: sumOf(heap).count },
    })),
  }
}

function heaped(shards: readonly ShardRow[], most: Size): ShardRow[][] {
  const heaps: ShardRow[][] = []
  for (const shard of shards) {
    const heap = heaps.find((one) => {
      const sum = sumOf([...one, shard])
      return sizes.every((size) => sum[size] <= most[size])
    })
    if (heap === undefined) heaps.push([shard])
    else heap.push(shard)
  }
  return heaps
}

const largestOf = ({ shards }: Sight, kind: readonly ShardRow[]): Size => {
  const group = shards.filter((shard) => shard.group === kind[0]?.group)
  return sizeOf((size) => Math.max(...group.map((shard) => shard[size])))
}

const sumOf = (shards: readonly ShardRow[]): Size =>
  sizeOf((size) => shards.reduce((sum, shard) => sum + shard[size], 0))

const sizeOf = (of: (size: (typeof sizes)[number]) => number): Size =>
  Object.fromEntries(sizes.map((size) => [size, of(size)])) as Size

async function together(ports: Ports, heap: readonly ShardRow[]): Promise<ShardRow> {
  const [first] = heap as readonly [ShardRow, ...ShardRow[]]
  const id = derivedId('shd', 'together', ...heap.map((shard) => shard.id))
  const ordinals = Uint32Array.from(await ordinalsIn(ports, heap)).sort()
  const name = `jobs/${first.jobId}/${id}-ordinals`
  await putOrdinals(ports, name, ordinals)
  const notBefore = Math.min(...heap.map((shard) => courseOf(shard).notBefore as number))
  const course: Course = { ...courseOf(first), notBefore }
  const outputMax = heap.some((shard) => shard.outputMax === null)
    ? null
    : heap.reduce((sum, shard) => sum + (shard.outputMax ?? 0), 0)
  return { ...first, ...sumOf(heap), outputMax, id, firstOrdinal: ordinals[0] as number, ordinals: name, course }
}
