import { lowerBound, readOrdinals } from '../../delivery/windows.ts'
import { emptyTally } from '../../domain/outcome.ts'
import type { Commit } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import type { RowSet } from '../rows/rows.ts'
import { commit, eventOf, type Settling, type ShardFlight, type Then } from './flight.ts'
import { moveShard } from './move.ts'
import { ordinalsOf, subShard } from './plan.ts'
import type { ShardTally } from './tally.ts'

/** Rows of a set that the user has withdrawn. */
export async function withdrawnIn(ports: Ports, { withdrawn }: JobOptions, rows: RowSet): Promise<ReadonlySet<number>> {
  const found = new Set<number>()
  if (withdrawn === undefined) return found
  const ordinals = await readOrdinals(ports.blobs, withdrawn)
  const ordinalAt = await ordinalsOf(ports, rows)
  let at = lowerBound(ordinals, rows.firstOrdinal)
  for (let row = 0; row < rows.count && at < ordinals.length; row++) {
    const ordinal = ordinalAt(row)
    while (at < ordinals.length && (ordinals[at] as number) < ordinal) at++
    if (ordinals[at] === ordinal) found.add(row)
  }
  return found
}

/** Takes the rows that were withdrawn out of a shard before anything of it is bought. Undefined: it has none. */
export async function leaveOutWithdrawn(flight: ShardFlight): Promise<Then | undefined> {
  const { ports, options, shard } = flight
  const rows = await withdrawnIn(ports, options, shard)
  if (rows.size === 0) return undefined
  await commit(flight, {
    ...(await without(flight, rows, ports.clock.now())),
    events: [eventOf(flight, 'left-out', { rows: rows.size })],
  })
  return null
}

/** The shard ends, and one of its other rows stands in its place. */
export async function without(
  { ports, job, shard, input, options }: Settling,
  rows: ReadonlySet<number>,
  wakeAt: number | null,
): Promise<Required<Pick<Commit, 'shards' | 'insertShards'>>> {
  const ordinalAt = await ordinalsOf(ports, shard)
  const rest: number[] = []
  for (let row = 0; row < shard.count; row++) if (!rows.has(row)) rest.push(ordinalAt(row))
  const of = { jobId: job.id, manifest: input, options, deadline: job.deadline, round: shard.round }
  const others = rest.length === 0 ? [] : [await subShard(ports, of, shard, Uint32Array.from(rest))]
  const tally: ShardTally = { own: { ...emptyTally(), cancelled: rows.size }, again: emptyTally() }
  return {
    shards: [moveShard(shard, 'settle', { tally, held: null })],
    insertShards: others.map((other) => ({ ...other, wakeAt, course: shard.course })),
  }
}

/** Which rows of a shard are withdrawn, as it changes. */
export class Withdrawn {
  readonly #ports: Ports
  readonly #rows: RowSet
  #name: string | undefined
  #found: ReadonlySet<number> = new Set()

  constructor(ports: Ports, rows: RowSet) {
    this.#ports = ports
    this.#rows = rows
  }

  async look(options: JobOptions): Promise<void> {
    if (options.withdrawn === this.#name) return
    this.#found = await withdrawnIn(this.#ports, options, this.#rows)
    this.#name = options.withdrawn
  }

  has(row: number): boolean {
    return this.#found.has(row)
  }
}
