/** How one request ended. Every request gets exactly one; what the vendor never mentioned is an explicit `missing`. */
export const outcomes = ['succeeded', 'failed', 'expired', 'cancelled', 'missing'] as const
export type Outcome = (typeof outcomes)[number]

/** Requests by outcome. `invalid` counts answers that fail the job's schema; they are in their outcome's count too. */
export type Tally = Record<Outcome, number> & { invalid: number }

export const emptyTally = (): Tally => ({ succeeded: 0, failed: 0, expired: 0, cancelled: 0, missing: 0, invalid: 0 })

export function addTally(into: Tally, other: Tally): Tally {
  for (const key of Object.keys(into) as (keyof Tally)[]) into[key] += other[key]
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
] as const

export type Reason = (typeof reasons)[number]['name']
export const reasonCode = Object.fromEntries(reasons.map((reason, code) => [reason.name, code])) as Record<
  Reason,
  number
>
