import type { Prepared, Refusal, Remote, RemoteAbout, RemoteFile } from '../contract.ts'
import { at, numberAt, textAt, timeAt } from '../file-lane/fields.ts'
import { bareRow, type FileWire, lateRefusalOf, type Page, type VendorError } from '../file-lane/wire.ts'

/** What Mistral's words mean to us: files as OpenAI has them, jobs of its own. Pure; unknown fields are passed over. */

const states: ReadonlyMap<string, Remote['state']> = new Map([
  ['QUEUED', 'open'],
  ['RUNNING', 'open'],
  ['CANCELLATION_REQUESTED', 'cancelling'],
  ['SUCCESS', 'ended'],
  ['TIMEOUT_EXCEEDED', 'ended'],
  ['CANCELLED', 'ended'],
  ['FAILED', 'refused'],
])

/** Of a job that was cut short, the rows that no file mentions did not run. */
const rests: ReadonlyMap<string, 'expired' | 'cancelled'> = new Map([
  ['TIMEOUT_EXCEEDED', 'expired'],
  ['CANCELLED', 'cancelled'],
])

/** A job; undefined: it is none. */
export function remoteOf(value: unknown): Remote | undefined {
  const id = textAt(value, 'id')
  const vendorState = textAt(value, 'status')
  if (id === null || vendorState === null) return undefined
  const named = (['output', 'error'] as const).flatMap((role): RemoteFile[] => {
    const file = textAt(value, `${role}_file`)
    return file === null ? [] : [{ id: file, role }]
  })
  const counts = countsOf(value)
  // A job may fail after rows of it have run: those were paid for, and are harvested.
  const ran = named.length > 0 || (counts?.completed ?? 0) > 0
  const state = vendorState === 'FAILED' && ran ? 'ended' : (states.get(vendorState) ?? 'unknown')
  // Whether such a job hands out what it had finished, no page says: where it does not, that is missing, and perhaps paid.
  const handsOut = counts?.completed === 0 || named.some(({ role }) => role === 'output')
  const rest = handsOut ? rests.get(vendorState) : undefined
  return {
    id,
    state,
    vendorState,
    key: textAt(at(value, 'metadata'), 'redeye'),
    fileId: fileIn(at(value, 'input_files')),
    createdAt: timeAt(value, 'created_at'),
    counts,
    files: state === 'ended' ? named : [], // results can be read once the job has ended
    ...(rest === undefined ? {} : { rest }),
    ...(state === 'refused' ? { refusal: failureOf(at(value, 'errors')) } : {}),
  }
}

const aboutOf = (value: unknown): RemoteAbout => ({
  endpoint: textAt(value, 'endpoint'),
  model: textAt(value, 'model'),
  endedAt: timeAt(value, 'completed_at') || null,
  expiresAt: null, // a job is made with its own time limit, and does not tell it
  usage: null,
})

function countsOf(value: unknown): Remote['counts'] {
  const [total, completed, failed] = ['total', 'succeeded', 'failed'].map((word) => numberAt(value, `${word}_requests`))
  if (total === undefined && completed === undefined && failed === undefined) return null
  return { total: total ?? 0, completed: completed ?? 0, failed: failed ?? 0 }
}

function fileIn(files: unknown): string | null {
  const file: unknown = Array.isArray(files) ? files[0] : undefined
  return typeof file === 'string' && file !== '' ? file : null
}

/** Why a job `FAILED`: its `errors`, each with how often it was met. No row is named. */
const failureOf = (errors: unknown): Refusal =>
  lateRefusalOf(
    (Array.isArray(errors) ? errors : []).map((error) => ({
      code: null,
      message: (textAt(error, 'message') ?? '').slice(0, 1000),
      param: null,
    })),
  )

const pageSize = 100

/** A page of a list; undefined: it is none. What tells the last one is that the next is empty. */
export function pageOf(value: unknown): Page | undefined {
  const data = at(value, 'data')
  if (Array.isArray(data)) return { data, more: data.length === 0 ? false : undefined }
  // Where there is nothing, the list may be left out.
  return numberAt(value, 'total') === undefined ? undefined : { data: [], more: false }
}

/**
 * Errors of its own, of the framework below it, and of the gateway before it: `{"object":"error","message":…}`,
 * `{"detail":"Unauthorized"}` or `{"detail":[{"loc":…,"msg":…}]}`, and `{"message":…,"request_id":…}`.
 */
export function envelopeOf(json: unknown): VendorError | undefined {
  const said = at(json, 'message') ?? at(json, 'detail')
  if (said === undefined || said === null) return undefined
  const message = typeof said === 'string' ? said : wordsOf(at(said, 'detail') ?? said)
  const code = at(json, 'code')
  return {
    code: typeof code === 'number' ? String(code) : textAt(json, 'code'),
    message: message.slice(0, 1000),
    param: textAt(json, 'param'),
  }
}

function wordsOf(detail: unknown): string {
  if (!Array.isArray(detail)) return JSON.stringify(detail)
  return detail
    .map((each) => {
      const place = at(each, 'loc')
      return `${Array.isArray(place) ? `${place.join('.')}: ` : ''}${textAt(each, 'msg') ?? JSON.stringify(each)}`
    })
    .join('; ')
}

const createBody = ({ fileId, endpoint, model, key }: Prepared): object => ({
  input_files: [fileId],
  endpoint,
  model,
  timeout_hours: 24,
  metadata: { redeye: key },
})

export const wire: FileWire = {
  purpose: 'batch',
  uploadPath: '/files',
  batchesPath: '/batch/jobs',
  rowFrame: bareRow,
  createBody,
  remoteOf,
  aboutOf,
  pageQuery: (list, { page }) =>
    `?page=${page}&page_size=${pageSize}${list === 'submissions' ? '&order_by=-created' : '&purpose=batch'}`,
  pageOf,
  envelopeOf,
}
