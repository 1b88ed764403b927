import { VendorUnavailable } from '../../domain/errors.ts'
import { type HttpAnswer, HttpFailed, type HttpRequest } from '../../kit/http.ts'
import { type Call, CredentialsRefused } from '../contract.ts'
import { version } from './limits.ts'
import { envelopeOf } from './wire.ts'

type Answer = Pick<HttpAnswer, 'status' | 'headers' | 'json'>

export const succeeded = ({ status }: Pick<HttpAnswer, 'status'>): boolean => status >= 200 && status < 300

export async function requestOf(
  call: Call,
  method: HttpRequest['method'],
  path: string,
  more: Partial<HttpRequest> = {},
): Promise<HttpRequest> {
  const url = call.baseUrl.replace(/\/+$/, '') + path
  const headers = {
    accept: 'application/json',
    'user-agent': 'redeye',
    'anthropic-version': version,
    ...((await call.authorize?.()) ?? { 'x-api-key': call.apiKey }),
    ...call.headers,
    ...more.headers,
  }
  return { method, url, signal: call.signal, ...more, headers }
}

export async function ask(
  call: Call,
  method: HttpRequest['method'],
  path: string,
  more?: Partial<HttpRequest>,
): Promise<HttpAnswer> {
  return await call.http.call(await requestOf(call, method, path, more)).catch(asUnavailable)
}

export function asUnavailable(error: unknown): never {
  if (error instanceof HttpFailed) throw new VendorUnavailable(error.message, { cause: error })
  throw error
}

/** The error for an answer that the contract does not explain. */
export function unexpected(answer: Answer, what: string): Error {
  const message = `Anthropic answered ${what} with ${summary(answer)}.`
  const { status } = answer
  if (status === 401 || status === 403) return new CredentialsRefused(message, status)
  const hint =
    'Is ANTHROPIC_BASE_URL right? The job is kept and resumes when the vendor answers again: redeye watch JOB.'
  return new VendorUnavailable(message, status < 500 ? { status, hint } : { status })
}

export function summary({ status, headers, json }: Answer): string {
  return `HTTP ${status}, ${envelopeOf(json)?.message ?? headers['content-type'] ?? 'no content type'}`
}
