/** What decides how many requests go into one submission. */
export interface Cut {
  readonly requests: number
  /** The most that a submission of the lane takes, by count and by bytes. */
  readonly requestsMax: number
  /** Submissions run one after another there, or each waits for its own place: many would only queue. */
  readonly fewSubmissions: boolean
  /** Requests share a cached prefix, which every submission has to warm anew. */
  readonly cachePrimed: boolean
  /** Seconds that each create takes where they are made one at a time; 0: side by side. */
  readonly createSeconds: number
  /** Seconds until the deadline; null: none. */
  readonly window: number | null
  /** `--shard-requests` */
  readonly wanted?: number
}

/** So that progress, what a rescue loses and what a retry costs each stay within a twentieth of the job. */
const MANY = 20
const FEW = 4
/** A submission of fewer is not worth its files and polls; where nothing presses, none is worth many. */
const LEAST = 25
const LEAST_CALM = 1000
/** Of the window, so much may pass while creates are made one at a time. */
const CREATING = 0.02

/** Requests that each submission of a job may have: all of a small one go together. */
export function shardSize(cut: Cut): number {
  const { requests, requestsMax, wanted, createSeconds, window } = cut
  if (wanted !== undefined) return Math.max(1, Math.min(wanted, requestsMax))
  let count = cut.fewSubmissions || cut.cachePrimed ? FEW : MANY
  if (createSeconds > 0 && window !== null) count = Math.min(count, Math.floor((CREATING * window) / createSeconds))
  const least = window === null ? LEAST_CALM : LEAST
  const size = Math.ceil(requests / Math.max(1, Math.min(count, Math.floor(requests / least))))
  return size >= requests ? requestsMax : Math.max(1, Math.min(size, requestsMax))
}
