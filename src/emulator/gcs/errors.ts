import type { WireError } from '../wire.ts'

/** Thrown by a route; the router writes it out. */
export class Refusal extends Error {
  readonly wire: WireError
  constructor(wire: WireError) {
    super(`HTTP ${wire.status}`)
    this.wire = wire
  }
}

export function storageError(
  status: number,
  reason: string,
  message: string,
  headers?: Readonly<Record<string, string>>,
): WireError {
  const errors = [{ message, domain: 'global', reason }]
  return { status, body: { error: { code: status, message, errors } }, ...(headers ? { headers } : {}) }
}

export const noSuchObject = (bucket: string, name: string): WireError =>
  storageError(404, 'notFound', `No such object: ${bucket}/${name}`)

export const preconditionFailed = (): WireError =>
  storageError(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.')

export const invalid = (message: string): WireError => storageError(400, 'invalid', message)

export const unauthorized = (): WireError => storageError(401, 'authError', 'Invalid Credentials')

export const anonymous = (): WireError =>
  storageError(
    401,
    'required',
    "Anonymous caller does not have storage.objects access to the Google Cloud Storage object. Permission 'storage.objects' denied on resource (or it may not exist).",
  )

export const forbidden = (): WireError =>
  storageError(
    403,
    'forbidden',
    "The caller does not have storage.objects access to the Google Cloud Storage bucket. Permission 'storage.objects' denied on resource (or it may not exist).",
  )

export const tooBusy = (): WireError =>
  storageError(429, 'rateLimitExceeded', 'The rate of requests is too high. Please reduce it.')

export const backendError = (): WireError =>
  storageError(500, 'backendError', 'We encountered an internal error. Please try again.')

export const unavailable = (): WireError => storageError(503, 'backendError', 'Backend Error')

export const sessionGone = (): WireError =>
  storageError(410, 'gone', 'The upload session is no longer available. Start over with a new one.')

export const unknownPath = (): WireError => storageError(404, 'notFound', 'Not Found')
