import { type Collected, emptyUsage, readUsage, USAGE_BYTES } from '../../delivery/result-index.ts'
import type { EarlierMean } from '../../pricing/measured.ts'
import type { Learnable, Quote } from '../../pricing/quote.ts'
import type { JobRow } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'
import { courseOf } from '../shards/course.ts'
import type { ShardTally } from '../shards/tally.ts'

/** Jobs that are looked at, newest first, and how many of one kind are read. */
const JOBS_MAX = 200
const READ_MAX = 12
/** A job of which much failed tells little of what all of it would have been billed. */
const ANSWERED_MIN = 0.9

/** How near a group of an earlier job is: the same instructions, the same settings, or the model alone. */
export type Likeness = 'exact' | 'settings' | 'model'

export interface EarlierGroup {
  readonly likeness: Likeness
  /** Tokens of an answer, on average. */
  readonly output: EarlierMean
  /** What was billed for each input token that was counted; null: it cannot be told. */
  readonly factor: EarlierMean | null
}

/** What earlier jobs of this home were billed, by group that is quoted; nearest first, then newest. */
export async function earlierUsage(ports: Ports, groups: readonly Learnable[]): Promise<EarlierGroup[][]> {
  const jobs = await ports.store.jobs({ states: ['landed'], limit: JOBS_MAX })
  const known = jobs.flatMap((job) => {
    // Of several models that may answer, it is not told here which did.
    if ((job.input as { alternatives?: unknown }).alternatives !== undefined) return []
    const { learns = [] } = (job.quote ?? {}) as Partial<Quote>
    return learns.map((learnt, group) => ({ job, group, learnt }))
  })
  const billed = new Map<string, Promise<Map<number, Billed>>>()
  const billedIn = (job: JobRow): Promise<Map<number, Billed>> => {
    const reading = billed.get(job.id) ?? billedOf(ports, job.id)
    billed.set(job.id, reading)
    return reading
  }
  const found: EarlierGroup[][] = []
  for (const group of groups) {
    const alike = known
      .flatMap((one) => {
        const likeness = likenessOf(one.learnt, group)
        return likeness === undefined ? [] : [{ ...one, likeness }]
      })
      .sort((a, b) => likenesses.indexOf(a.likeness) - likenesses.indexOf(b.likeness))
      .slice(0, READ_MAX)
    const read = alike.map(async ({ job, group: number, learnt, likeness }) => {
      const { answered = 0, input = 0, output = 0, spread = ANSWER_SPREAD } = (await billedIn(job)).get(number) ?? {}
      if (answered === 0) return []
      const share = answered / learnt.requests
      const isWhole = share >= ANSWERED_MIN && learnt.counted !== null && learnt.counted > 0
      const factor = isWhole
        ? { mean: input / ((learnt.counted as number) * share), requests: answered, spread: FACTOR_SPREAD }
        : null
      return [{ likeness, output: { mean: output / answered, requests: answered, spread }, factor }]
    })
    found.push((await Promise.all(read)).flat())
  }
  return found
}

const likenesses: readonly Likeness[] = ['exact', 'settings', 'model']

function likenessOf(earlier: Learnable, now: Learnable): Likeness | undefined {
  if (earlier.vendor !== now.vendor || earlier.model !== now.model) return undefined
  const same = (of: 'exact' | 'settings'): boolean =>
    earlier.template[of] !== null && earlier.template[of] === now.template[of]
  return same('exact') ? 'exact' : same('settings') ? 'settings' : 'model'
}

interface Billed {
  answered: number
  input: number
  output: number
  /** Of its answers, as a share of their mean. */
  spread: number
}

/** Answers differ among themselves by about as much as they are long, where nothing was seen of them. */
const ANSWER_SPREAD = 1
/** What is billed for a counted token differs little from prompt to prompt. */
const FACTOR_SPREAD = 0.05
/** Answers of one submission that their spread is told from. */
const SPREAD_ROWS = 4096

/** What a job was billed for rows that it bought itself, by group. */
async function billedOf(ports: Ports, jobId: string): Promise<Map<number, Billed>> {
  const { store } = ports
  const groups = new Map<number, Billed>()
  const at = (group: number): Billed => {
    const of = groups.get(group) ?? { answered: 0, input: 0, output: 0, spread: ANSWER_SPREAD }
    groups.set(group, of)
    return of
  }
  const groupOf = new Map<string, number>()
  for (const shard of await store.shards(jobId)) {
    if (courseOf(shard).reusedFrom !== undefined) continue
    groupOf.set(shard.id, shard.group)
    at(shard.group).answered += (shard.tally as ShardTally | null)?.own.succeeded ?? 0
  }
  const submissions = await store.submissions({ jobId })
  const shardOf = new Map(submissions.map(({ id, shardId }) => [id, shardId]))
  const read = new Set<number>()
  for (const { shardId, collected } of submissions) {
    const group = groupOf.get(shardId)
    if (group === undefined || collected === null || read.has(group)) continue
    read.add(group)
    at(group).spread = (await spreadIn(ports, collected as Collected)) ?? ANSWER_SPREAD
  }
  for (const { submissionId, part, kind, tokens } of await store.ledger({ jobId })) {
    const group = groupOf.get(shardOf.get(submissionId) ?? '')
    if (part !== 'proven' || group === undefined) continue
    if (kind === 'output') at(group).output += tokens
    else if (kind === 'input' || kind === 'cachedInput' || kind.startsWith('cacheWrite')) at(group).input += tokens
  }
  return groups
}

/** How much the answers of a submission differ; undefined: it has too few. */
async function spreadIn({ blobs }: Ports, { usage }: Collected): Promise<number | undefined> {
  const blob = await blobs.openLocal(usage)
  const bytes = new Uint8Array(Math.min(SPREAD_ROWS * USAGE_BYTES, blob.bytes))
  try {
    await blob.read(bytes, 0)
  } finally {
    await blob.close()
  }
  const view = new DataView(bytes.buffer)
  const row = emptyUsage()
  let [rows, sum, squares] = [0, 0, 0]
  for (let place = 0; place < bytes.length; place += USAGE_BYTES) {
    readUsage(view, place, row)
    if (!row.billed) continue
    rows++
    sum += row.output
    squares += row.output ** 2
  }
  if (rows < SPREAD_ROWS_MIN || sum === 0) return undefined
  return Math.sqrt(Math.max(0, squares / rows - (sum / rows) ** 2)) / (sum / rows)
}
const SPREAD_ROWS_MIN = 10
