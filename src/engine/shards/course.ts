import type { JobRow, ShardRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'

/** What the policy remembers of a shard from one look to the next; times are of our clock. */
export interface Course {
  /** The shard whose rest it is; null: it was planned so. */
  readonly from: string | null
  /** The job that has bought what it holds. */
  readonly reusedFrom?: string
  /** It went ahead of the others, to learn whether the vendor takes such requests. */
  readonly preflight?: true
  /** It went ahead of the others, for the vendor to keep the beginnings of its prompts, which the others share. */
  readonly primes?: true
  /** Names of the offers that its requests have flown on before. */
  readonly tried: readonly string[]
  /** When it was last told where to fly, or to leave. */
  readonly assignedAt: number | null
  readonly cancelledAt: number | null
  /** Requests that the vendor said it had finished, at the last look, and when that last grew. */
  readonly done: number
  readonly movedAt: number | null
  /** How often the output limits of its requests have been doubled. Absent: never. */
  readonly grown?: number
  /** Of requests that are tried again: not before then. */
  readonly notBefore?: number
}

const fresh: Course = { from: null, tried: [], assignedAt: null, cancelledAt: null, done: 0, movedAt: null }

export const courseOf = ({ course }: Pick<ShardRow, 'course'>): Course => (course as Course | null) ?? fresh

/** Of the part of a shard that flies anew. */
export const courseAfter = (shard: ShardRow, grown = grownOf(shard)): Course => ({
  ...fresh,
  from: shard.id,
  tried: [...courseOf(shard).tried, offerName(shard)],
  ...grownBy(grown),
})

export const grownOf = (shard: Pick<ShardRow, 'course'>): number => courseOf(shard).grown ?? 0

/** Of a shard whose requests ask for more than was stated, where they do. */
export const courseGrown = (grown: number): Course | null => (grown === 0 ? null : { ...fresh, grown })

const grownBy = (grown: number): Pick<Course, 'grown'> => (grown === 0 ? {} : { grown })

/** An offer's name: what is bought where, as whom, and of which model. */
export const offerName = ({ lane, accountId, model }: Pick<ShardRow, 'lane' | 'accountId' | 'model'>): string =>
  `${lane} ${accountId} ${model}`

/** Whether a policy says where and when the job's shards fly. Else they fly at once, on the first lane of the ladder. */
export function isSteered({ deadline, options }: Pick<JobRow, 'deadline' | 'options'>): boolean {
  const { calm, choice } = options as JobOptions
  return calm !== true && (deadline !== null || choice === true)
}
