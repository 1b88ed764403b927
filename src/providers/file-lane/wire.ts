import type { HttpAnswer } from '../../kit/http.ts'
import type { Prepared, Refusal, Remote, RemoteAbout, RowFrame, Upload } from '../contract.ts'
import { numberAt, textAt, timeAt } from './fields.ts'

/** What is a vendor's own in the wire of a lane that uploads its rows and buys them by the name of the file. Pure. */
export interface FileWire {
  /** Of an input file. */
  readonly purpose: string
  readonly uploadPath: string
  readonly batchesPath: string
  /** What the form of an upload has besides the purpose and the file. */
  uploadFields?(upload: Upload): Readonly<Record<string, string>>
  rowFrame(endpoint: string): RowFrame
  /** The body of a purchase. */
  createBody(prepared: Prepared): object
  /**
   * A submission, as a purchase, a look or a list shows it; undefined: it is none.
   * @param now  vendor time
   */
  remoteOf(value: unknown, now: number): Remote | undefined
  /** What else the same object says of itself. */
  aboutOf(value: unknown): RemoteAbout
  /** What asks for a page of a list. */
  pageQuery(list: List, turn: Turn): string
  pageOf(value: unknown, list: List): Page | undefined
  /** Default: `/cancel`. */
  readonly cancelSuffix?: string
  /** The vendor's own words for a call that it refuses; undefined: something else answered. */
  envelopeOf(json: unknown): VendorError | undefined
}

export type List = 'submissions' | 'files'

/** Where a list was left. */
export interface Turn {
  /** Counts from 0. */
  readonly page: number
  /** Id of the last item so far. */
  readonly last?: string
  /** What the page before said of the next. */
  readonly token?: string
}

export interface Page {
  readonly data: readonly unknown[]
  readonly token?: string
  /** Whether there is another; undefined: the page does not say. */
  readonly more: boolean | undefined
}

export interface VendorError {
  readonly code: string | null
  readonly message: string
  readonly param: string | null
}

/** A row as OpenAI has it: every one of an endpoint differs only in its id and its body. */
export const fullRow = (endpoint: string): RowFrame => ({
  beforeId: Buffer.from('{"custom_id":"'),
  afterId: Buffer.from(`","method":"POST","url":${JSON.stringify(endpoint)},"body":`),
  afterBody: Buffer.from('}\n'),
})

/** A row that has neither method nor address: those are the job's. */
export const bareRow = (): RowFrame => ({
  beforeId: Buffer.from('{"custom_id":"'),
  afterId: Buffer.from('","body":'),
  afterBody: Buffer.from('}\n'),
})

/** A file object; undefined: it is none. */
export function fileOf(value: unknown): { readonly id: string; readonly bytes: number | undefined } | undefined {
  const id = textAt(value, 'id')
  return id === null ? undefined : { id, bytes: numberAt(value, 'bytes') }
}

export interface ListedFile {
  readonly id: string
  readonly purpose: string
  readonly filename: string
  readonly bytes: number | undefined
  /** Epoch ms. */
  readonly createdAt: number
}

/** A file object of a list; undefined: it is none. */
export function listedFileOf(value: unknown): ListedFile | undefined {
  const file = fileOf(value)
  const [purpose, filename] = [textAt(value, 'purpose') ?? '', textAt(value, 'filename') ?? '']
  return file && { ...file, purpose, filename, createdAt: timeAt(value, 'created_at') }
}

/**
 * An answer that says surely that nothing was bought; undefined: this one does not. 408 and 409 speak of a request in
 * flight, a 5xx of nothing at all, and a 4xx without the vendor's envelope may be anybody's.
 */
export function refusalOf(
  { status, retryAfterMs }: Pick<HttpAnswer, 'status' | 'retryAfterMs'>,
  error: VendorError | undefined,
): Refusal | undefined {
  if (error === undefined || status < 400 || status >= 500 || status === 408 || status === 409) return undefined
  const kind = kindByStatus(status, kindOf(error))
  return {
    kind,
    code: error.code,
    message: error.message,
    ...limitIn(kind, error),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  }
}

function kindByStatus(status: number, kind: Refusal['kind'] | undefined): Refusal['kind'] {
  if (status === 402) return 'billing'
  if (kind === 'billing' || kind === 'quota') return kind // whatever the status: a full storage is a 403
  if (status === 401 || status === 403) return 'credentials'
  if (status === 413) return 'too_large'
  if (status === 429) return 'rate'
  if (kind !== undefined) return kind
  return status === 404 || status === 405 ? 'unavailable' : 'whole' // the former: not a path of this vendor
}

/** Why a submission failed of which nothing ran, by errors that name no row. */
export function lateRefusalOf(errors: readonly VendorError[]): Refusal {
  const error = errors.find((each) => kindOf(each) !== undefined) ?? errors[0]
  if (error === undefined) return { kind: 'unavailable', code: null, message: 'The vendor gave no reason.' }
  const kind = kindOf(error) ?? 'whole'
  return { kind, code: error.code, message: error.message, ...limitIn(kind, error) }
}

/** By code where there is one; some come without, or with one that says less than the message. */
function kindOf({ code, message, param }: VendorError): Refusal['kind'] | undefined {
  const word = code ?? ''
  if (/^(insufficient_quota|credit_balance_exhausted|billing_\w+)$|(spend|usage)_limit_exceeded$/.test(word))
    return 'billing'
  if (word === 'invalid_api_key' || /(incorrect|invalid) api key/i.test(message)) return 'credentials' // with a 400 too
  if (/^(token_limit_exceeded|storage_quota_exceeded)$/.test(word)) return 'quota'
  if (/enqueued (token|request)s? limit|storage quota/i.test(message)) return 'quota'
  if (word === 'rate_limit_exceeded' || word === 'slow_down') return 'rate'
  if (
    /^(file_not_found|file_expired)$/.test(word) ||
    /(cannot find|no such) file|\bfile\b.{0,80}\b(not found|does not exist)/i.test(message)
  )
    return 'file'
  if (
    /^(too_many_(tasks|requests_in_file|inputs)|(file|request|batch|payload)_too_large|max_file_size_exceeded)$/.test(
      word,
    )
  )
    return 'too_large'
  if (param === null && /file (is )?too large|exceeds? the maximum (file size|number of requests)/i.test(message))
    return 'too_large'
  if (/^(server_error|internal_error|server_is_overloaded)$/.test(word)) return 'unavailable'
  return undefined
}

/** "Limit: 2,000,000 enqueued tokens." */
function limitIn(kind: Refusal['kind'], { message }: VendorError): Pick<Refusal, 'limit'> {
  const found = kind === 'quota' ? /limit:?\s*(\d[\d,._ ]*?)\s*(?:enqueued\s+)?(tokens|requests)/i.exec(message) : null
  if (!found) return {}
  return {
    limit: {
      unit: found[2]?.toLowerCase() === 'tokens' ? 'tokens' : 'requests',
      max: Number(found[1]?.replace(/\D/g, '')),
    },
  }
}
