import {
  type Collected,
  KEY_LENGTH,
  RESULT_BYTES,
  RESULTS_VERSION,
  type ResultRow,
  USAGE_BYTES,
  writeResult,
} from '../../delivery/result-index.ts'
import { ResultWalk } from '../../delivery/windows.ts'
import { emptyTally, outcomes, reasonCode } from '../../domain/outcome.ts'
import { base32, derivedId, digestOf } from '../../kit/ids.ts'
import type { JobRow, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import { flownOf } from '../harvest/flown.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { submissionRow } from '../purchase/submission-row.ts'
import type { Route, RoutedManifest } from '../rows/routing.ts'
import { asRows } from '../rows/routing.ts'
import { everyRow, recordsOf } from '../rows/rows.ts'
import { type Course, courseOf } from '../shards/course.ts'
import { unflown } from '../shards/new-shard.ts'
import { putOrdinals } from '../shards/plan.ts'
import type { ShardTally } from '../shards/tally.ts'
import { contentHashes, identityOf } from './content-hashes.ts'
import type { SpareOf } from './spare-rows.ts'

const SUCCEEDED = outcomes.indexOf('succeeded')
/** Answers that lie in one shard, and the result files that its index can name. */
const ROWS_MAX = 65_536
const FILES_MAX = 254

export interface EarlierJob {
  readonly job: JobRow
  readonly rows: number
  /** Blob. */
  readonly hashes: string
  /** The number of its first row among those of all jobs. */
  readonly first: number
}

/** Jobs of the home that have asked the same model at the same place, and read its answers by the same schema. */
export async function earlierJobs(ports: Ports, { jobId, manifest, options }: SpareOf): Promise<EarlierJob[]> {
  const asked = new Set(manifest.routes.map(identityOf))
  const schema = schemaOf(options)
  const earlier: EarlierJob[] = []
  for (const job of await ports.store.jobs({ states: ['flying', 'held', 'landing', 'landed', 'cancelled'] })) {
    const input = job.input as RoutedManifest
    const own = job.options as JobOptions
    if (own.adopted?.input === false) continue // what it asked is not known
    if (job.id === jobId || schemaOf(own) !== schema || own.region !== options.region) continue
    if (input.alternatives !== undefined) continue // which of its models has answered a row is not told
    if (!input.routes.some((route) => asked.has(identityOf(route)))) continue
    const hashes = input.spared?.hashes ?? `jobs/${job.id}/hashes`
    await contentHashes(ports, input, own, hashes)
    earlier.push({ job, rows: everyRow(input).count, hashes, first: 0 })
  }
  return earlier
}

const schemaOf = ({ table }: JobOptions): string => JSON.stringify(table?.schema ?? null)

/** Which rows of a job have an answer that is wanted, a window at a time. */
export async function* answeredRows(
  ports: Ports,
  { job }: EarlierJob,
): AsyncGenerator<{ readonly first: number; readonly only: Uint8Array }> {
  const walk = new ResultWalk(ports.blobs, job.input as RoutedManifest, await flownOf(ports, job.id))
  try {
    for await (const { first, outcome, reason } of walk.rows())
      yield { first, only: outcome.map((one, row) => (one === SUCCEEDED && reason[row] === reasonCode.none ? 1 : 0)) }
  } finally {
    await walk.close()
  }
}

interface Sources {
  /** By row: the number of the row that has its answer. */
  readonly source: Uint32Array
  readonly earlier: readonly EarlierJob[]
}

interface Answer {
  readonly row: number
  readonly result: ResultRow
}

/**
 * Answers of earlier jobs as answers of this one: shards that have settled already, whose lines lie where they are.
 * Nothing is charged for them again: their usage is none.
 */
export async function reuseAnswers(
  ports: Ports,
  of: SpareOf,
  { source, earlier }: Sources,
): Promise<{ shards: ShardRow[]; submissions: SubmissionRow[] }> {
  const shards: ShardRow[] = []
  const submissions: SubmissionRow[] = []
  const groups = earlier.length === 0 ? new Uint16Array(0) : await groupsOf(ports, of.manifest)
  for (const { job, first, rows } of earlier) {
    const wanted = rowsFrom(source, first, first + rows)
    if (wanted.length === 0) continue
    const flown = await flownOf(ports, job.id)
    const walk = new ResultWalk(ports.blobs, job.input as RoutedManifest, flown)
    const piles = new Map<number, Pile>()
    const put = async (group: number, pile: Pile): Promise<void> => {
      const made = await settledShard(ports, of, { job, group, pile })
      shards.push(made.shard)
      submissions.push(made.submission)
    }
    let next = 0
    try {
      for await (const window of walk.rows()) {
        for (; next < wanted.length; next++) {
          const row = wanted[next] as number
          const at = (source[row] as number) - first - window.first
          if (at >= window.count) break
          const group = groups[row] as number
          const pile = piles.get(group) ?? { answers: [], files: [] }
          piles.set(group, pile)
          const { files = [] } = flown[window.winner[at] as number] ?? {}
          pile.answers.push({
            row,
            result: {
              outcome: SUCCEEDED,
              reason: reasonCode.none,
              file: numbered(pile.files, files[window.file[at] as number] as string),
              offset: window.offset[at] as number,
              length: window.length[at] as number,
              idAt: window.idAt[at] as number,
            },
          })
          if (pile.answers.length < ROWS_MAX && pile.files.length < FILES_MAX) continue
          piles.delete(group)
          await put(group, pile)
        }
      }
    } finally {
      await walk.close()
    }
    for (const [group, pile] of piles) await put(group, pile)
  }
  return { shards, submissions }
}

interface Pile {
  readonly answers: Answer[]
  readonly files: string[]
}

/** Rows whose answers lie in [from, to), in the order of those. */
function rowsFrom(source: Uint32Array, from: number, to: number): Uint32Array {
  const rows: number[] = []
  for (let row = 0; row < source.length; row++) {
    const one = source[row] as number
    if (one >= from && one < to) rows.push(row)
  }
  return Uint32Array.from(rows).sort((a, b) => (source[a] as number) - (source[b] as number) || a - b)
}

async function groupsOf(ports: Ports, manifest: RoutedManifest): Promise<Uint16Array> {
  const groups = new Uint16Array(everyRow(manifest).count)
  let row = 0
  for await (const records of recordsOf(ports.blobs, asRows(manifest), everyRow(manifest)))
    for (const { group } of records) groups[row++] = group
  return groups
}

function numbered(names: string[], name: string): number {
  const at = names.lastIndexOf(name)
  return at >= 0 ? at : names.push(name) - 1
}

async function settledShard(
  ports: Ports,
  { jobId, manifest }: SpareOf,
  { job, group, pile }: { readonly job: JobRow; readonly group: number; readonly pile: Pile },
): Promise<{ shard: ShardRow; submission: SubmissionRow }> {
  const answers = pile.answers.toSorted((a, b) => a.row - b.row)
  const firstOrdinal = (answers[0] as Answer).row
  const id = derivedId('shd', jobId, job.id, group, firstOrdinal)
  const folder = `jobs/${jobId}/${id}`
  await putOrdinals(
    ports,
    `${folder}-ordinals`,
    Uint32Array.from(answers, ({ row }) => row),
  )
  const index = new Uint8Array(answers.length * RESULT_BYTES)
  for (const [at, { result }] of answers.entries()) writeResult(new DataView(index.buffer), at * RESULT_BYTES, result)
  await put(ports, `${folder}-index`, index)
  await put(ports, `${folder}-usage`, new Uint8Array(answers.length * USAGE_BYTES))
  const { lane, accountId, model } = manifest.routes[group] as Route
  const at = ports.clock.now()
  const course: Course = { ...courseOf({ course: null }), reusedFrom: job.id }
  const tally: ShardTally = { own: { ...emptyTally(), succeeded: answers.length }, again: emptyTally() }
  const shard: ShardRow = {
    id,
    jobId,
    lane,
    accountId,
    model,
    inputs: answers.length,
    bytes: 0,
    tokens: 0,
    round: 0,
    firstOrdinal,
    count: answers.length,
    ordinals: `${folder}-ordinals`,
    group,
    outputMax: 0,
    course,
    wakeAt: null,
    ...unflown,
    state: 'settled',
    tally,
  }
  const collected: Collected = {
    version: RESULTS_VERSION,
    index: `${folder}-index`,
    usage: `${folder}-usage`,
    files: pile.files,
    models: [],
    tiers: [],
    rows: { lines: 0, duplicates: 0, strangers: 0, missing: 0 },
    bytes: 0,
  }
  const submission: SubmissionRow = {
    ...submissionRow({ ports, shard }, { state: 'settled', fileId: null }),
    key: base32(digestOf('reused', id), KEY_LENGTH),
    worstNanoUsd: 0n,
    settledAt: at,
    collected,
  }
  return { shard, submission }
}

async function put({ blobs }: Ports, name: string, bytes: Uint8Array): Promise<void> {
  const writer = await blobs.put(name)
  await writer.write(bytes)
  await writer.commit()
}
