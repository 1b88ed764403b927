import { readOrdinals } from '../../delivery/windows.ts'
import { UnknownJob, UsageError } from '../../domain/errors.ts'
import { terminalJobStates } from '../../domain/states.ts'
import { type IndexRecord, rowsIn } from '../../intake/manifest.ts'
import { randomId } from '../../kit/ids.ts'
import { decodeString } from '../../kit/json-scan.ts'
import type { Commit, JobRow, ShardRow } from '../../stores/contract.ts'
import { liveOf, type Sight, sightOf } from '../flight/view-of.ts'
import { eachFate } from '../harvest/fates.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import type { RoutedManifest } from '../rows/routing.ts'
import { everyRequest, everyRow, recordsOf } from '../rows/rows.ts'
import { ordinalsOf, putOrdinals } from '../shards/plan.ts'
import { againOf } from '../shards/tally.ts'
import { withdrawnIn, without } from '../shards/withdrawn.ts'

/** What became of requests that were named to be withdrawn. */
export interface Withdrawal {
  readonly job: string
  /** Withdrawn now. Their outcome is `cancelled`. */
  readonly withdrawn: number
  /** Of those: perhaps bought already. What comes of them is charged, and discarded. */
  readonly inFlight: number
  /** Withdrawn before. */
  readonly already: number
  /** They have an outcome, which stands. */
  readonly ended: number
  /** Ids that no request of the job has, and the first of them. */
  readonly unknown: number
  readonly unknownIds: readonly string[]
}

/** Ids that are looked for at once: so many, or so many characters of them. */
const IDS_MAX = 200_000
const TEXT_MAX = 16 * 1024 * 1024
const UNKNOWN_SHOWN = 10

/**
 * Withdraws requests of a job by their ids, in one commit: what has not been bought never is, and what comes all the
 * same is discarded. Of a table, whose rows have no ids, by their numbers in the results.
 * @throws UsageError where requests share answers
 */
export async function withdraw(
  ports: Ports,
  jobId: string,
  ids: Iterable<string> | AsyncIterable<string>,
): Promise<Withdrawal> {
  const find = async (): Promise<JobRow> => {
    const job = await ports.store.job(jobId)
    if (job === undefined) throw new UnknownJob(jobId, ports.store.home)
    return job
  }
  const input = (await find()).input as RoutedManifest
  if (input.spared?.twins !== undefined)
    throw new UsageError(
      `Job ${jobId} was made with --dedupe: what is withdrawn may be bought for others that ask the same.`,
      'Cancel all of it, or let it land and leave out what is not wanted.',
    )
  const named = await namedBy(ports, input, ids)
  for (;;) {
    const job = await find()
    const sight = await sightOf(ports, job)
    const open = await openRows(ports, sight)
    const { rows, ...counts } = await classified(ports, sight, named, open)
    const said = { job: jobId, ...counts, unknown: named.unknown, unknownIds: named.unknownIds }
    if (counts.withdrawn === 0) return said
    if (await ports.store.commit(await changeFor(ports, sight, rows, counts))) return said
  }
}

interface Named {
  readonly requests: Bits
  readonly unknown: number
  readonly unknownIds: readonly string[]
}

/** The requests that the ids name. The ids are held some at a time, and the job's are gone through for each such lot. */
async function namedBy(
  ports: Ports,
  manifest: RoutedManifest,
  ids: Iterable<string> | AsyncIterable<string>,
): Promise<Named> {
  const requests = new Bits(manifest.requests)
  const unknownIds: string[] = []
  let unknown = 0
  let lot = new Set<string>()
  let text = 0
  const look = async (): Promise<void> => {
    const missing = await markIn(ports, manifest, lot, requests)
    unknown += missing.size
    for (const id of missing) if (unknownIds.length < UNKNOWN_SHOWN) unknownIds.push(id)
    lot = new Set()
    text = 0
  }
  for await (const id of ids) {
    lot.add(id)
    text += id.length
    if (lot.size >= IDS_MAX || text >= TEXT_MAX) await look()
  }
  if (lot.size > 0) await look()
  return { requests, unknown, unknownIds }
}

/** Marks the requests that have one of the ids; returns the ids that none has. */
async function markIn(
  ports: Ports,
  manifest: RoutedManifest,
  ids: Set<string>,
  requests: Bits,
): Promise<ReadonlySet<string>> {
  if (manifest.kind === 'table') {
    for (const id of ids) {
      const number = Number(id)
      if (String(number) !== id || !(Number.isInteger(number) && number >= 0 && number < manifest.requests)) continue
      requests.add(number)
      ids.delete(id)
    }
    return ids
  }
  const carry = await ports.blobs.openLocal(manifest.carry)
  try {
    let request = 0
    for await (const records of recordsOf(ports.blobs, manifest, everyRequest(manifest))) {
      const [head, tail] = [records[0] as IndexRecord, records.at(-1) as IndexRecord]
      const bytes = new Uint8Array(tail.carryOffset + tail.carryLength - head.carryOffset)
      await carry.read(bytes, head.carryOffset)
      for (const { carryOffset, carryLength } of records) {
        const at = carryOffset - head.carryOffset
        if (ids.delete(decodeString(bytes, at + 1, at + carryLength - 1))) requests.add(request)
        request++
      }
    }
  } finally {
    await carry.close()
  }
  return ids
}

interface Open {
  /** Rows without a final outcome, and those of them that were perhaps bought. */
  readonly rows: Bits
  readonly bought: Bits
}

async function openRows(ports: Ports, sight: Sight): Promise<Open> {
  const { job, shards } = sight
  const input = job.input as RoutedManifest
  const { count } = everyRow(input)
  const open = { rows: new Bits(count), bought: new Bits(count) }
  if (terminalJobStates.includes(job.state) || job.state === 'landing') return open
  for (const shard of shards) {
    const ordinalAt = await ordinalsOf(ports, shard)
    if (shard.state !== 'settled') {
      const live = liveOf(sight, shard)
      const bought = live !== undefined && live.state !== 'prepared'
      for (let row = 0; row < shard.count; row++) {
        open.rows.add(ordinalAt(row))
        if (bought) open.bought.add(ordinalAt(row))
      }
    } else if (shard.round === job.round && againOf(shard) > 0) {
      const submission = sight.submissions.find(
        ({ shardId, state, duplicate }) => shardId === shard.id && state === 'settled' && !duplicate,
      )
      const settling = { ports, job, shard, input, options: job.options as JobOptions }
      if (submission === undefined) for (let row = 0; row < shard.count; row++) open.rows.add(ordinalAt(row))
      else await eachFate(settling, submission, (_, fate, row) => fate === 'final' || open.rows.add(ordinalAt(row)))
    }
  }
  return open
}

/** Splits the named requests by what can still be done about them; `rows`: of all that are withdrawn then. */
async function classified(ports: Ports, { job }: Sight, named: Named, open: Open) {
  const input = job.input as RoutedManifest
  const { withdrawn: before } = job.options as JobOptions
  const rows = new Bits(everyRow(input).count)
  for (const row of before === undefined ? [] : await readOrdinals(ports.blobs, before)) rows.add(row)
  const counts = { withdrawn: 0, inFlight: 0, already: 0, ended: 0 }
  const see = (request: number, from: number, to: number): void => {
    if (!named.requests.has(request)) return
    if (rows.has(from)) counts.already++
    else if (!open.rows.hasAny(from, to)) counts.ended++
    else {
      counts.withdrawn++
      if (open.bought.hasAny(from, to)) counts.inFlight++
      for (let row = from; row < to; row++) rows.add(row)
    }
  }
  if (input.rows === undefined) for (let row = 0; row < input.requests; row++) see(row, row, row + 1)
  else {
    let [request, row] = [0, 0]
    for await (const records of recordsOf(ports.blobs, input, everyRequest(input)))
      for (const record of records) see(request++, row, (row += rowsIn(input, record)))
  }
  return { rows, ...counts }
}

/**
 * Shards that nobody is to look at yet are cut at once, for the policy counts what is in them; the others when they are
 * looked at next, which is before they are bought.
 */
async function changeFor(
  ports: Ports,
  { job, shards, submissions }: Sight,
  rows: Bits,
  { withdrawn, inFlight }: Pick<Withdrawal, 'withdrawn' | 'inFlight'>,
): Promise<Commit> {
  const name = `jobs/${job.id}/${randomId('withdrawn')}`
  await putOrdinals(ports, name, rows.all())
  const options: JobOptions = { ...(job.options as JobOptions), withdrawn: name }
  const waits = ({ id, state, wakeAt }: ShardRow): boolean =>
    state === 'planned' && wakeAt === null && !submissions.some(({ shardId }) => shardId === id)
  const changes: Pick<Commit, 'shards' | 'insertShards'>[] = []
  for (const shard of shards.filter(waits)) {
    const own = await withdrawnIn(ports, options, shard)
    const settling = { ports, job, shard, input: job.input as RoutedManifest, options }
    if (own.size > 0) changes.push(await without(settling, own, null))
  }
  return {
    job: { id: job.id, from: job.state, rev: job.rev, set: { options } },
    shards: changes.flatMap((one) => one.shards ?? []),
    insertShards: changes.flatMap((one) => one.insertShards ?? []),
    events: [{ jobId: job.id, at: ports.clock.now(), type: 'withdrawn', data: { requests: withdrawn, inFlight } }],
  }
}

/** A set of numbers below `size`, a bit each. */
class Bits {
  readonly #bytes: Uint8Array
  #count = 0

  constructor(size: number) {
    this.#bytes = new Uint8Array((size + 7) >>> 3)
  }

  add(number: number): void {
    if (this.has(number)) return
    this.#bytes[number >>> 3] = (this.#bytes[number >>> 3] as number) | (1 << (number & 7))
    this.#count++
  }

  has(number: number): boolean {
    return ((this.#bytes[number >>> 3] as number) & (1 << (number & 7))) !== 0
  }

  hasAny(from: number, to: number): boolean {
    for (let number = from; number < to; number++) if (this.has(number)) return true
    return false
  }

  all(): Uint32Array {
    const numbers = new Uint32Array(this.#count)
    let at = 0
    for (let number = 0; at < numbers.length; number++) if (this.has(number)) numbers[at++] = number
    return numbers
  }
}
