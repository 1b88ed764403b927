import { DuplicateFinder } from '../../intake/duplicates.ts'
import type { SparedRows } from '../../intake/manifest.ts'
import type { ShardRow, SubmissionRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { asRows, type RoutedManifest } from '../rows/routing.ts'
import { everyRow, recordsOf } from '../rows/rows.ts'
import type { Ordinals } from '../shards/plan.ts'
import { contentHashes, HASH_BYTES } from './content-hashes.ts'
import { answeredRows, type EarlierJob, earlierJobs, reuseAnswers } from './earlier-answers.ts'

const HASH_WORDS = (HASH_BYTES / 4) as 4
const HASHES_READ = 65_536
/** Rows are numbered across jobs, in 32 bits. */
const ROWS_MAX = 2 ** 32 - 1

/** Rows of a group, and what the index takes their tokens for. */
export interface Share {
  readonly rows: number
  readonly tokens: number
}

/** What need not be bought of a job, and what is not. */
export interface Sparing {
  /** By group: rows that ask what an earlier row asks; and rows that an earlier job has had answered. */
  readonly identical: readonly Share[]
  readonly reused: readonly Share[]
  /** Rows that are not bought. */
  readonly ordinals: Ordinals
  /** For the manifest; absent where all rows are bought. */
  readonly spared?: SparedRows
  /** Of answers that are there already: settled, and charged where they were bought. */
  readonly shards: readonly ShardRow[]
  readonly submissions: readonly SubmissionRow[]
}

export interface SpareOf {
  readonly jobId: string
  readonly manifest: RoutedManifest
  readonly options: JobOptions
  /** Where blobs of the job go. */
  readonly folder: string
  /** Rows that have an answer of a trial. */
  readonly bought: Ordinals
}

/**
 * Finds rows that ask the same as others do, in this job or in earlier ones, by a hash of what they ask. In memory are 4
 * bytes a row; what else grows with the input is spilled.
 */
export async function spareRows(ports: Ports, of: SpareOf): Promise<Sparing> {
  const { manifest, options, folder, bought } = of
  const rows = everyRow(manifest).count
  const hashes = `${folder}/hashes`
  await contentHashes(ports, manifest, options, hashes)
  const finder = new DuplicateFinder(`${ports.scratch}/${folder.replaceAll('/', '-')}-hashes`, HASH_WORDS)
  try {
    const earlier: EarlierJob[] = []
    let first = 0
    for (const job of options.reuse === true ? await earlierJobs(ports, of) : []) {
      if (first + job.rows + rows > ROWS_MAX) break
      for await (const answered of answeredRows(ports, job)) {
        const words = await hashesAt(ports, job.hashes, answered.first, answered.only.length)
        await finder.add(words, first + answered.first, answered.only)
      }
      earlier.push({ ...job, first })
      first += job.rows
    }
    for (let row = 0; row < rows; row += HASHES_READ)
      await finder.add(await hashesAt(ports, hashes, row, Math.min(HASHES_READ, rows - row)), first + row)
    const source = Uint32Array.from({ length: rows }, (_, row) => first + row)
    for await (const [one, other] of finder.pairs())
      if (other >= first && !bought.has(other - first)) source[other - first] = one
    return await sparing(ports, of, { source, first, earlier, hashes })
  } finally {
    await finder.close()
  }
}

interface FoundRows {
  /** By row, the number of the row that has its answer: below `first` of an earlier job, its own where it is alone. */
  readonly source: Uint32Array<ArrayBuffer>
  readonly first: number
  readonly earlier: readonly EarlierJob[]
  readonly hashes: string
}

async function sparing(ports: Ports, of: SpareOf, found: FoundRows): Promise<Sparing> {
  const { manifest, options, folder } = of
  const { source, first, earlier, hashes } = found
  const { shards, submissions } = await reuseAnswers(ports, of, { source, earlier })
  const isReused = (row: number): boolean => (source[row] as number) < first
  const isIdentical = (row: number): boolean => !isReused(row) && source[row] !== first + row
  const ordinals = { has: (row: number) => isReused(row) || (options.dedupe === true && isIdentical(row)) }
  const none = () => manifest.groups.map(() => ({ rows: 0, tokens: 0 }))
  const [identical, reused] = [none(), none()]
  let row = 0
  for await (const records of recordsOf(ports.blobs, asRows(manifest), everyRow(manifest))) {
    for (const { group, tokens } of records) {
      const share = isReused(row) ? reused[group] : isIdentical(row) ? identical[group] : undefined
      row++
      if (share === undefined) continue
      share.rows++
      share.tokens += tokens
    }
  }
  const dedupes = options.dedupe === true && identical.some(({ rows }) => rows > 0)
  const tokens = manifest.groups.map((_, group) => {
    const ofGroup = (shares: readonly Share[]): number => shares[group]?.tokens ?? 0
    return ofGroup(reused) + (dedupes ? ofGroup(identical) : 0)
  })
  const spared = { hashes, tokens, ...(dedupes ? { twins: await putTwins(ports, `${folder}/twins`, found) } : {}) }
  return { identical, reused, ordinals, ...(dedupes || shards.length > 0 ? { spared } : {}), shards, submissions }
}

async function putTwins(ports: Ports, name: string, { source, first }: FoundRows): Promise<string> {
  const twins = source.map((one, row) => (one < first ? row : one - first))
  const writer = await ports.blobs.put(name)
  await writer.write(new Uint8Array(twins.buffer))
  await writer.commit()
  return name
}

async function hashesAt({ blobs }: Ports, name: string, row: number, count: number): Promise<Uint32Array> {
  const words = new Uint32Array(count * HASH_WORDS)
  const blob = await blobs.openLocal(name)
  try {
    await blob.read(new Uint8Array(words.buffer), row * HASH_BYTES)
    return words
  } finally {
    await blob.close()
  }
}
