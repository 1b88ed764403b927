import type { Json } from '../json.ts'
import type { WireError } from '../wire.ts'

/** What went wrong, as it stands in `error` of a call and, one level deeper, in an errored row. */
export interface Problem {
  readonly type: keyof typeof statuses
  readonly message: string
  readonly details?: Json
}

/** Each type of error has one status. */
const statuses = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
}

/** Thrown by a route; the router writes it out. */
export class Refusal extends Error {
  readonly wire: WireError
  constructor(problem: Problem, headers?: Readonly<Record<string, string>>) {
    super(problem.message)
    this.wire = wireError(problem, headers)
  }
}

/** A problem in the vendor's envelope. Its `request_id` is put in by the router, which knows it. */
export function wireError(problem: Problem, headers?: Readonly<Record<string, string>>): WireError {
  return {
    status: statuses[problem.type],
    body: { type: 'error', error: problem, request_id: null },
    ...(headers ? { headers } : {}),
  }
}

export function withRequestId(error: WireError, requestId: string): WireError {
  return { ...error, body: { ...(error.body as Json), request_id: requestId } }
}

export const invalid = (message: string): Problem => ({ type: 'invalid_request_error', message })

export const required = (name: string): Problem => invalid(`${name}: Field required`)

export const extra = (name: string): Problem => invalid(`${name}: Extra inputs are not permitted`)

export const unknownModel = (name: string): Problem => ({ type: 'not_found_error', message: `model: ${name}` })

export const noSuchBatch = (id: string): Problem => ({
  type: 'not_found_error',
  message: `Message Batch ${id} not found.`,
})

export const noResults = (id: string): Problem => ({
  type: 'not_found_error',
  message: `Message Batch ${id} has no available results.`,
})

export const tooEarlyToDelete = invalid('In progress batches cannot be deleted. Consider canceling the batch instead.')

export const tooLarge: Problem = {
  type: 'request_too_large',
  message: 'Request exceeds the maximum allowed number of bytes.',
}

export const wrongKey: Problem = { type: 'authentication_error', message: 'API key is invalid.' }

export const noKey: Problem = { type: 'authentication_error', message: 'x-api-key header is required' }

export const rateLimited: Problem = {
  type: 'rate_limit_error',
  message: 'This request would exceed your rate limit. Please try again later.',
}

export const internalError: Problem = { type: 'api_error', message: 'Internal server error' }

export const timedOut: Problem = { type: 'timeout_error', message: 'The request timed out while processing.' }

export const overloaded: Problem = { type: 'overloaded_error', message: 'Overloaded' }

export const forbidden: Problem = {
  type: 'permission_error',
  message: 'Your API key does not have permission to use the specified resource.',
}

export const unpaid: Problem = {
  type: 'billing_error',
  message: 'There is an issue with your billing or payment information.',
}

export const conflict: Problem = {
  type: 'conflict_error',
  message: 'The request conflicts with the current state of a resource.',
}

/** The limit a customer sets for himself: a 400, and over on the first of the month. */
export const ownSpendLimit = (day: string): Problem =>
  invalid(`You have reached your specified API usage limits. You will regain access on ${day} at 00:00 UTC.`)

/** The limit of the usage tier: a 429 without retry-after, which no retry will ever get past. */
export const tierSpendLimit: Problem = {
  type: 'rate_limit_error',
  message: 'You have reached your API usage limits: your organization has crossed its monthly API usage threshold.',
  details: { error_code: 'enforced_spend_limit_reached' },
}

export const unfetchable = invalid('Unable to download the file. Please verify the URL and try again.')
