import type { Json } from '../json.ts'
import type { WireError } from '../wire.ts'

/** google.rpc codes, with the HTTP status each is sent as. */
export const rpc = {
  CANCELLED: { code: 1, http: 499 },
  INVALID_ARGUMENT: { code: 3, http: 400 },
  DEADLINE_EXCEEDED: { code: 4, http: 504 },
  NOT_FOUND: { code: 5, http: 404 },
  ALREADY_EXISTS: { code: 6, http: 409 },
  PERMISSION_DENIED: { code: 7, http: 403 },
  RESOURCE_EXHAUSTED: { code: 8, http: 429 },
  FAILED_PRECONDITION: { code: 9, http: 400 },
  UNIMPLEMENTED: { code: 12, http: 501 },
  INTERNAL: { code: 13, http: 500 },
  UNAVAILABLE: { code: 14, http: 503 },
  UNAUTHENTICATED: { code: 16, http: 401 },
} as const
export type RpcName = keyof typeof rpc

/** What went wrong: a google.rpc.Status within operations and rows, an HTTP envelope as the answer of a call. */
export interface Problem {
  readonly name: RpcName
  readonly message: string
  readonly details?: readonly Json[]
}

/** Thrown by a route; the router writes it out. */
export class Refusal extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.message)
    this.problem = problem
  }
}

export function problem(name: RpcName, message: string, details?: readonly Json[]): Problem {
  return { name, message, ...(details ? { details } : {}) }
}

export function wireErrorOf({ name, message, details }: Problem): WireError {
  const { http } = rpc[name]
  return { status: http, body: { error: { code: http, message, status: name, ...(details ? { details } : {}) } } }
}

export function statusOf({ name, message }: Problem): { code: number; message: string } {
  return { code: rpc[name].code, message }
}

export const invalidArgument = (message = 'Request contains an invalid argument.'): Problem =>
  problem('INVALID_ARGUMENT', message)

export const unknownField = (name: string, at: string): Problem => {
  const message = `Invalid JSON payload received. Unknown name "${name}"${at === '' ? '' : ` at '${at}'`}: Cannot find field.`
  return problem('INVALID_ARGUMENT', message, [
    {
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [{ ...(at === '' ? {} : { field: at }), description: message }],
    },
  ])
}

export const notJson = (): Problem => invalidArgument('Invalid JSON payload received. Expected an object.')

export const wrongKey = (): Problem =>
  problem('INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'API_KEY_INVALID',
      domain: 'googleapis.com',
      metadata: { service: 'generativelanguage.googleapis.com' },
    },
    {
      '@type': 'type.googleapis.com/google.rpc.LocalizedMessage',
      locale: 'en-US',
      message: 'API key not valid. Please pass a valid API key.',
    },
  ])

export const noKey = (): Problem =>
  problem(
    'PERMISSION_DENIED',
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
  )

export const forbidden = (): Problem => problem('PERMISSION_DENIED', 'The caller does not have permission')

export const billingDisabled = (): Problem =>
  problem(
    'FAILED_PRECONDITION',
    'Gemini API free tier is not available in your country. Please enable billing on your project in Google AI Studio.',
  )

export const notFound = (): Problem => problem('NOT_FOUND', 'Requested entity was not found.')

/** Said of a file that is another project's, that expired or was deleted: the caller may not know which. */
export const fileOutOfReach = (id: string): Problem =>
  problem('PERMISSION_DENIED', `You do not have permission to access the File ${id} or it may not exist.`)

export const fileNotActive = (id: string): Problem =>
  problem('FAILED_PRECONDITION', `The File ${id} is not in an ACTIVE state and usage is not allowed.`)

export const unknownModel = (name: string, method: string): Problem =>
  problem(
    'NOT_FOUND',
    `models/${name} is not found for API version v1beta, or is not supported for ${method}. Call ListModels to see the list of available models and their supported methods.`,
  )

/** A full queue, too many batches, storage used up: one bare sentence for all of them. */
export const exhausted = (): Problem => problem('RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).')

export const overQuota = (retrySeconds: number): Problem =>
  problem('RESOURCE_EXHAUSTED', 'You exceeded your current quota, please check your plan and billing details.', [
    {
      '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
      violations: [
        {
          quotaMetric: 'generativelanguage.googleapis.com/generate_requests_per_model',
          quotaId: 'GenerateRequestsPerMinutePerProjectPerModel',
          quotaDimensions: { location: 'global', model: 'gemini-3.5-flash' },
          quotaValue: '10',
        },
      ],
    },
    {
      '@type': 'type.googleapis.com/google.rpc.Help',
      links: [
        {
          description: 'Learn more about Gemini API quotas',
          url: 'https://ai.google.dev/gemini-api/docs/rate-limits',
        },
      ],
    },
    { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retrySeconds}s` },
  ])

export const internal = (): Problem =>
  problem(
    'INTERNAL',
    'An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting',
  )

export const overloaded = (): Problem => problem('UNAVAILABLE', 'The model is overloaded. Please try again later.')

export const deadline = (): Problem => problem('DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.')
