import { type DialectName, isRecord, type Json, wordOf } from './translation.ts'

/** Kinds of failure that every vendor has a word for. */
export type ErrorKind =
  | 'invalid'
  | 'authentication'
  | 'billing'
  | 'permission'
  | 'notFound'
  | 'tooLarge'
  | 'rateLimit'
  | 'internal'
  | 'overloaded'
  | 'timeout'
  | 'cancelled'

type Family = 'openai' | 'anthropic' | 'gemini'

/** HTTP status and type (and, at OpenAI, code) of each kind. */
const words = {
  invalid: {
    openai: [400, 'invalid_request_error', null],
    anthropic: [400, 'invalid_request_error'],
    gemini: [400, 'INVALID_ARGUMENT'],
  },
  authentication: {
    openai: [401, 'invalid_request_error', 'invalid_api_key'],
    anthropic: [401, 'authentication_error'],
    gemini: [401, 'UNAUTHENTICATED'],
  },
  billing: {
    openai: [429, 'insufficient_quota', 'insufficient_quota'],
    anthropic: [402, 'billing_error'],
    gemini: [429, 'RESOURCE_EXHAUSTED'],
  },
  permission: {
    openai: [403, 'invalid_request_error', null],
    anthropic: [403, 'permission_error'],
    gemini: [403, 'PERMISSION_DENIED'],
  },
  notFound: {
    openai: [404, 'invalid_request_error', null],
    anthropic: [404, 'not_found_error'],
    gemini: [404, 'NOT_FOUND'],
  },
  tooLarge: {
    openai: [413, 'invalid_request_error', null],
    anthropic: [413, 'request_too_large'],
    gemini: [413, 'INVALID_ARGUMENT'],
  },
  rateLimit: {
    openai: [429, 'requests', 'rate_limit_exceeded'],
    anthropic: [429, 'rate_limit_error'],
    gemini: [429, 'RESOURCE_EXHAUSTED'],
  },
  internal: { openai: [500, 'server_error', null], anthropic: [500, 'api_error'], gemini: [500, 'INTERNAL'] },
  overloaded: {
    openai: [503, 'service_unavailable_error', 'server_is_overloaded'],
    anthropic: [529, 'overloaded_error'],
    gemini: [503, 'UNAVAILABLE'],
  },
  timeout: {
    openai: [504, 'server_error', 'request_timeout'],
    anthropic: [504, 'timeout_error'],
    gemini: [504, 'DEADLINE_EXCEEDED'],
  },
  cancelled: {
    openai: [499, 'server_error', null],
    anthropic: [499, 'api_error'],
    gemini: [499, 'CANCELLED'],
  },
} as const satisfies Record<
  ErrorKind,
  { openai: readonly [number, string, string | null] } & Record<'anthropic' | 'gemini', readonly [number, string]>
>

const familyOf = (dialect: DialectName): Family =>
  dialect === 'anthropic' ? 'anthropic' : dialect.startsWith('gemini') ? 'gemini' : 'openai'

/** Codes of `google.rpc.Code`, which batch rows hold. */
export const rpcCodes: Readonly<Record<string, number>> = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
}

/** An answer or error in the words of one dialect. */
export interface StatusBody {
  /** HTTP status. */
  readonly status: number
  readonly body: Json
}

export function writeError(to: DialectName, kind: ErrorKind, message: string, code: string | null = null): StatusBody {
  const family = familyOf(to)
  if (family === 'openai') {
    const [status, type, own] = words[kind].openai
    return { status, body: { error: { message, type, param: null, code: code ?? own } } }
  }
  const [status, type] = words[kind][family]
  if (family === 'gemini') {
    const details = code === null ? {} : { details: [{ '@type': errorInfo, reason: code, domain: 'redeye' }] }
    return { status, body: { error: { code: status, message, status: type, ...details } } }
  }
  const details = code === null ? {} : { details: { error_code: code } }
  return { status, body: { type: 'error', error: { type, message, ...details }, request_id: null } }
}

const errorInfo = 'type.googleapis.com/google.rpc.ErrorInfo'

/** A vendor's error in the words of another; its own goes along in `redeye`. */
export function translateError(from: DialectName, to: DialectName, status: number, body: unknown): StatusBody {
  const record = isRecord(body) ? body : {}
  // Batch rows of Gemini hold the inner object only.
  const error = isRecord(record['error']) ? record['error'] : record
  if (familyOf(from) === familyOf(to)) return { status, body: record }
  const message = typeof error['message'] === 'string' ? error['message'] : `The vendor answered with status ${status}.`
  const said = writeError(to, kindOf(familyOf(from), status, error), message)
  return { status: said.status, body: { ...said.body, redeye: { dialect: from, error } } }
}

const kinds = Object.keys(words) as ErrorKind[]

function kindOf(family: Family, status: number, error: Json): ErrorKind {
  if (family === 'openai') {
    const { code, type } = error
    if (quotaCodes.has(wordOf(code)) || quotaCodes.has(wordOf(type))) return 'billing'
    return kinds.find((kind) => code !== null && words[kind].openai[2] === code) ?? kindOfStatus(status)
  }
  if (family === 'anthropic')
    return kinds.find((kind) => words[kind].anthropic[1] === error['type']) ?? kindOfStatus(status)
  const { code } = error
  const named = error['status'] ?? Object.keys(rpcCodes).find((name) => rpcCodes[name] === code)
  if (named === 'FAILED_PRECONDITION') return 'invalid'
  if (named === 'RESOURCE_EXHAUSTED') return 'rateLimit' // which of the two it is cannot be seen
  return kinds.find((kind) => words[kind].gemini[1] === named) ?? kindOfStatus(typeof code === 'number' ? code : status)
}

const quotaCodes: ReadonlySet<string> = new Set(
  (
    'insufficient_quota credit_balance_exhausted organization_spend_limit_exceeded ' +
    'project_spend_limit_exceeded organization_usage_limit_exceeded billing_hard_limit_reached'
  ).split(' '),
)

const kindsOfStatus: Readonly<Record<number, ErrorKind>> = {
  401: 'authentication',
  402: 'billing',
  403: 'permission',
  404: 'notFound',
  408: 'timeout',
  413: 'tooLarge',
  429: 'rateLimit',
  503: 'overloaded',
  504: 'timeout',
  529: 'overloaded',
}

const kindOfStatus = (status: number): ErrorKind =>
  kindsOfStatus[status] ?? (status >= 400 && status < 500 ? 'invalid' : 'internal')
