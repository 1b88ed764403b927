import type { BatchError } from './faults.ts'

/** An answer that is not what was asked for, in OpenAI's envelope. */
export interface WireError {
  readonly status: number
  readonly body: { readonly error: { message: string; type: string; param: string | null; code: string | null } }
  readonly headers?: Readonly<Record<string, string>>
}

/** Thrown by a route; the router writes it out. */
export class Refusal extends Error {
  readonly wire: WireError
  constructor(wire: WireError) {
    super(wire.body.error.message)
    this.wire = wire
  }
}

export function envelope(
  status: number,
  type: string,
  message: string,
  param: string | null = null,
  code: string | null = null,
  headers?: Readonly<Record<string, string>>,
): WireError {
  return { status, body: { error: { message, type, param, code } }, ...(headers ? { headers } : {}) }
}

export const invalid = (message: string, param: string | null = null, code: string | null = null): WireError =>
  envelope(400, 'invalid_request_error', message, param, code)

export const missingParameter = (name: string): WireError =>
  invalid(`Missing required parameter: '${name}'.`, name, 'missing_required_parameter')

export const wrongKey = (key: string): WireError =>
  envelope(
    401,
    'invalid_request_error',
    `Incorrect API key provided: ${masked(key)}. You can find your API key at https://platform.openai.com/account/api-keys.`,
    null,
    'invalid_api_key',
  )

export const noKey = (): WireError =>
  envelope(
    401,
    'invalid_request_error',
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
  )

export const noSuchBatch = (id: string): WireError =>
  envelope(404, 'invalid_request_error', `No batch found with id '${id}'.`)

export const noSuchFile = (id: string): WireError =>
  envelope(404, 'invalid_request_error', `No such File object: ${id}`, 'id')

export const noSuchUpload = (id: string): WireError =>
  envelope(404, 'invalid_request_error', `No such Upload object: ${id}`, 'id')

export const fileNotReady = (id: string, project: string): WireError =>
  invalid(`Cannot find file ${id}, or project ${project} does not have access to it.`, 'file_id')

/** The same trouble as an error of the batch, when it shows only after the create. */
export const missingFile = (id: string, organization: string): BatchError => ({
  code: 'invalid_request',
  message: `Cannot find file ${id}, or organization ${organization} does not have access to it.`,
  param: 'file_id',
  line: null,
})

export const cannotCancel = (status: string): WireError =>
  envelope(409, 'invalid_request_error', `Cannot cancel a batch with status '${status}'.`)

export const rateLimited = (what: string, retryAfterSeconds: number): WireError =>
  envelope(429, 'requests', what, null, 'rate_limit_exceeded', { 'retry-after': String(retryAfterSeconds) })

export const slowDown = (): WireError =>
  envelope(429, 'rate_limit_error', 'Your traffic grew too quickly. Please slow down.', null, 'slow_down', {
    'retry-after': '15',
  })

export const insufficientQuota = (): WireError =>
  envelope(
    429,
    'insufficient_quota',
    'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.',
    null,
    'insufficient_quota',
  )

/** There is no room on the flex tier, and nothing is charged. */
export const resourceUnavailable = (): WireError =>
  envelope(429, 'rate_limit_error', 'Resource Unavailable', null, 'resource_unavailable')

export const serverError = (status = 500): WireError =>
  envelope(status, 'server_error', 'The server had an error while processing your request. Sorry about that!')

export const overloaded = (): WireError =>
  envelope(
    503,
    'service_unavailable_error',
    'The server is currently overloaded with other requests. Please try again later.',
    null,
    'server_is_overloaded',
    { 'retry-after': '5' },
  )

export const forbidden = (): WireError =>
  envelope(
    403,
    'invalid_request_error',
    'You have insufficient permissions for this operation. Missing scopes: api.files.write. Check that you have the correct role in your organization and project.',
  )

export const unknownModel = (model: string): WireError =>
  envelope(
    404,
    'invalid_request_error',
    `The model '${model}' does not exist or you do not have access to it.`,
    null,
    'model_not_found',
  )

export const unknownUrl = (method: string, path: string): WireError =>
  envelope(404, 'invalid_request_error', `Invalid URL (${method} ${path})`)

/** `sk-proj-1234EXAM` is shown as `sk-proj-****EXAM`: enough to know which key, too little to use it. */
function masked(key: string): string {
  if (key.length <= 8) return '*'.repeat(key.length)
  const head = key.startsWith('sk-proj-') ? 8 : 3
  return `${key.slice(0, head)}${'*'.repeat(Math.max(4, key.length - head - 4))}${key.slice(-4)}`
}
