import type { EarlierMean } from '../pricing/measured.ts'
import type { Learnable, Quote } from '../pricing/quote.ts'
import type { JobRow } from '../stores/contract.ts'
import { courseOf } from './course.ts'
import type { Ports } from './ports.ts'
import type { ShardTally } from './settle.ts'

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
      const { answered = 0, input = 0, output = 0 } = (await billedIn(job)).get(number) ?? {}
      if (answered === 0) return []
      const share = answered / learnt.requests
      const isWhole = share >= ANSWERED_MIN && learnt.counted !== null && learnt.counted > 0
      const factor = isWhole ? { mean: input / ((learnt.counted as number) * share), requests: answered } : null
      return [{ likeness, output: { mean: output / answered, requests: answered }, factor }]
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
}

/** What a job was billed for rows that it bought itself, by group. */
async function billedOf({ store }: Ports, jobId: string): Promise<Map<number, Billed>> {
  const groups = new Map<number, Billed>()
  const at = (group: number): Billed => {
    const of = groups.get(group) ?? { answered: 0, input: 0, output: 0 }
    groups.set(group, of)
    return of
  }
  const groupOf = new Map<string, number>()
  for (const shard of await store.shards(jobId)) {
    if (courseOf(shard).reusedFrom !== undefined) continue
    groupOf.set(shard.id, shard.group)
    at(shard.group).answered += (shard.tally as ShardTally | null)?.own.succeeded ?? 0
  }
  const shardOf = new Map((await store.submissions({ jobId })).map(({ id, shardId }) => [id, shardId]))
  for (const { submissionId, part, kind, tokens } of await store.ledger({ jobId })) {
    const group = groupOf.get(shardOf.get(submissionId) ?? '')
    if (part !== 'proven' || group === undefined) continue
    if (kind === 'output') at(group).output += tokens
    else if (kind === 'input' || kind === 'cachedInput' || kind.startsWith('cacheWrite')) at(group).input += tokens
  }
  return groups
}
