/** How one request ended. Every request gets exactly one; what the vendor never mentioned is an explicit `missing`. */
export const outcomes = ['succeeded', 'failed', 'expired', 'cancelled', 'missing'] as const
export type Outcome = (typeof outcomes)[number]

/**
 * Requests by outcome, and what is said of some besides: `invalid` answers fail the job's schema, `truncated` ones are
 * cut off, `discarded` ones came after their request had been withdrawn. They are in their outcome's count too.
 */
export type Tally = Record<Outcome, number> & { invalid: number; truncated: number; discarded: number }

export const emptyTally = (): Tally => ({
  succeeded: 0,
  failed: 0,
  expired: 0,
  cancelled: 0,
  missing: 0,
  invalid: 0,
  truncated: 0,
  discarded: 0,
})

/** @param sign  -1 takes away; what an older version has not counted is none */
export function addTally(into: Tally, other: Partial<Tally>, sign: 1 | -1 = 1): Tally {
  for (const key of Object.keys(into) as (keyof Tally)[]) into[key] += sign * (other[key] ?? 0)
  return into
}

/**
 * Why a row ended as it did, as one byte of the result index. The order is part of the file format: append only.
 * `retryable` reasons deserve another round; the others are final.
 */
export const reasons = [
  { name: 'none', retryable: false },
  { name: 'request_rejected', retryable: false }, // a 4xx of the vendor about this request
  { name: 'rate_limited', retryable: true },
  { name: 'vendor_error', retryable: true }, // 5xx, status 0, an unreadable row
  { name: 'request_timeout', retryable: true },
  { name: 'batch_expired', retryable: true },
  { name: 'batch_cancelled', retryable: false },
  { name: 'missing', retryable: true },
  { name: 'invalid_json', retryable: false }, // the answer is no JSON though a schema was asked for
  { name: 'schema', retryable: false }, // the answer is JSON but not of the schema
  { name: 'truncated', retryable: false },
  { name: 'vendor_refused', retryable: false }, // the vendor's validation named this line
  { name: 'lost', retryable: true }, // the whole submission vanished at the vendor
  { name: 'truncated_invalid', retryable: false }, // cut off, and so not valid against the schema
  { name: 'context_full', retryable: false }, // cut off by the end of the model's context: no larger limit mends that
  { name: 'withdrawn', retryable: false }, // by the user
  { name: 'discarded', retryable: false }, // withdrawn, and its answer came all the same: it is paid for
] as const

export type Reason = (typeof reasons)[number]['name']
export const reasonCode = Object.fromEntries(reasons.map((reason, code) => [reason.name, code])) as Record<
  Reason,
  number
>

const [INVALID_JSON, SCHEMA, TRUNCATED, TRUNCATED_INVALID, CONTEXT_FULL] = [
  reasonCode.invalid_json,
  reasonCode.schema,
  reasonCode.truncated,
  reasonCode.truncated_invalid,
  reasonCode.context_full,
]

/** Of an answer that fails the job's schema. */
export const isInvalid = (reason: number): boolean =>
  reason === INVALID_JSON || reason === SCHEMA || reason === TRUNCATED_INVALID

/** Of an answer that was cut off. */
export const isTruncated = (reason: number): boolean => isCutByLimit(reason) || reason === CONTEXT_FULL

/** By the output limit of its request. */
export const isCutByLimit = (reason: number): boolean => reason === TRUNCATED || reason === TRUNCATED_INVALID

/** What users read of an answer that leaves something to be desired. */
export const faultOf = (reason: number): string =>
  isTruncated(reason) ? 'truncated' : (reasons[reason]?.name ?? 'none')
