import type { Tier } from '../domain/usage.ts'
import type { Manifest } from '../intake/manifest.ts'
import type { JobRow, SubmissionRow } from '../stores/contract.ts'
import type { AttachmentOption } from '../tables/request.ts'

/** What a job was asked to do; stored with it, versioned with the store. */
export interface JobOptions {
  /** Replaces the model of every request. */
  readonly model?: string
  readonly table?: TableOptions
  /** Other models that may answer as well. */
  readonly orModels?: readonly string[]
  /** Where the vendors are told to work. */
  readonly region?: string
  /** The lanes it may climb, cheapest first. Absent: as the deadline wants, see ladder.ts. */
  readonly ladder?: readonly Tier[]
  /** There are several lanes or accounts to fly with, though nothing presses. */
  readonly choice?: boolean
  /** Flies on although the deadline has passed, as if there were none: a round of the user's own, after landing. */
  readonly calm?: boolean
  /** Requests a minute that may be called one by one, of each account and model. Absent: as the vendor's replies allow. */
  readonly requestsPerMinute?: number
  /** Flies although it is not to be relied upon that the deadline can be met. */
  readonly bestEffort?: boolean
  /** False: no request goes ahead of the others. */
  readonly preflight?: boolean
  /** Of requests that ask the same, one is bought, and its answer is that of all. */
  readonly dedupe?: boolean
  /** Of shared beginnings of prompts. Absent: `auto`; `plan` only says what that would do. */
  readonly cache?: 'auto' | 'off' | 'plan'
  /** What an earlier job of the home has had answered is not bought again. */
  readonly reuse?: boolean
  /** A few requests of an input, called at once to see what comes of them. */
  readonly trial?: boolean
  /** It took over what somebody else has bought. */
  readonly adopted?: AdoptedFrom
  /** Of a trial that is a pilot: which requests of its input, in rising order. */
  readonly sample?: readonly number[]
  /** Blob of the sorted ordinals (u32 each) of requests that were withdrawn. */
  readonly withdrawn?: string
  /** Rounds after the first for requests that deserve another. */
  readonly retriesMax: number
  readonly onInvalidAnswer: 'keep' | 'retry' | 'fail'
  /** Of answers that their output limit cuts off: `grow` asks again with the limit doubled. Default `keep`. */
  readonly onTruncated?: 'grow' | 'keep'
  readonly allowUnpriced: boolean
  /** Decimal USD. */
  readonly budget: string | null
  /** Where landing delivers to, an absolute path; null: results are fetched. */
  readonly output: string | null
  /** Each line of the output tells what its request cost; tables have columns for it. */
  readonly withCost?: true
  /** Requests a shard holds at most, where that is less than the lane takes. */
  readonly shardRequests?: number
  /** Of a purchase that perhaps arrived and cannot be told from a stranger's. Default `wait`. */
  readonly onUnsure?: 'wait' | 'rebuy'
  /** Leaves input and output files at the vendor after they are settled. */
  readonly keepRemote: boolean
}

export interface AdoptedFrom {
  /** The vendor's id of it. */
  readonly remote: string
  /** The key of another home that it bears. */
  readonly key: string | null
  /** Its requests are here; else their ids alone, as the results bring them along. */
  readonly input: boolean
  /** What failed or expired in it may be bought again. */
  readonly rescue: boolean
}

/** Of a job of which nothing may ever be bought: it took over what somebody else has bought. */
export const buysNothing = ({ adopted }: JobOptions): boolean => adopted !== undefined && !adopted.rescue

/** What a job took over, by vendor and id; null: nothing. */
export function adoptedName({ options, input }: Pick<JobRow, 'options' | 'input'>): string | null {
  const { adopted } = options as JobOptions
  return adopted === undefined ? null : ((input as Manifest).files[0] ?? adopted.remote)
}

/** A submission that somebody else has made: whatever it left at the vendor is not ours to delete. */
export const isTakenOver = ({ adopted }: JobOptions, { remoteId }: Pick<SubmissionRow, 'remoteId'>): boolean =>
  adopted !== undefined && adopted.remote === remoteId

export interface TableOptions {
  readonly prompt: string
  readonly system: string | null
  readonly model: string
  readonly schema: unknown
  readonly answerColumn: string | null
  readonly withCost: boolean
  readonly params: Readonly<Record<string, unknown>>
  /** Absent: none. */
  readonly attachments?: readonly AttachmentOption[]
}

export const jobDefaults = {
  retriesMax: 2,
  onInvalidAnswer: 'keep',
  allowUnpriced: false,
  budget: null,
  output: null,
  keepRemote: false,
} satisfies JobOptions
