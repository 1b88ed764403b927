import type { Prepared, Remote, RemoteAbout, RemoteFile, Upload } from '../contract.ts'
import { at, textAt, timeAt } from '../file-lane/fields.ts'
import { bareRow, type FileWire, lateRefusalOf, type Page, type VendorError } from '../file-lane/wire.ts'

/** What Together's words mean to us. Pure; unknown fields are passed over. */

const states: ReadonlyMap<string, Remote['state']> = new Map([
  ['VALIDATING', 'open'],
  ['IN_PROGRESS', 'open'],
  ['COMPLETED', 'ended'],
  ['EXPIRED', 'ended'],
  ['CANCELLED', 'ended'],
  ['FAILED', 'refused'],
])

/** Of a job that was cut short, the rows that no file mentions did not run. */
const rests: ReadonlyMap<string, 'expired' | 'cancelled'> = new Map([
  ['EXPIRED', 'expired'],
  ['CANCELLED', 'cancelled'],
])

/** A job, which a purchase wraps in `job`; undefined: it is none. It bears nothing of ours but its input file. */
export function remoteOf(value: unknown): Remote | undefined {
  const job = at(value, 'job') ?? value
  const id = textAt(job, 'id')
  const vendorState = textAt(job, 'status')
  if (id === null || vendorState === null) return undefined
  const named = (['output', 'error'] as const).flatMap((role): RemoteFile[] => {
    const file = textAt(job, `${role}_file_id`)
    return file === null ? [] : [{ id: file, role }]
  })
  // A job may fail after rows of it have run: those were paid for, and are harvested.
  const state = vendorState === 'FAILED' && named.length > 0 ? 'ended' : (states.get(vendorState) ?? 'unknown')
  const rest = rests.get(vendorState)
  // Of a late job no page says that it hands out what it had finished.
  const perhapsBilled = vendorState === 'EXPIRED' && named.length === 0
  const message = textAt(job, 'error')
  return {
    id,
    state,
    vendorState,
    key: null,
    fileId: textAt(job, 'input_file_id'),
    createdAt: timeAt(job, 'created_at'),
    counts: null, // it tells a share, and no numbers
    files: state === 'ended' ? named : [], // an id given before the end may name a file that is not there yet
    ...(rest === undefined ? {} : { rest }),
    ...(perhapsBilled ? { perhapsBilled } : {}),
    ...(state === 'refused'
      ? {
          refusal: lateRefusalOf(
            message === null ? [] : [{ code: null, message: message.slice(0, 1000), param: null }],
          ),
        }
      : {}),
  }
}

function aboutOf(value: unknown): RemoteAbout {
  const job = at(value, 'job') ?? value
  return {
    endpoint: textAt(job, 'endpoint'),
    model: textAt(job, 'model_id'),
    endedAt: timeAt(job, 'completed_at') || null,
    expiresAt: timeAt(job, 'job_deadline') || null,
    usage: null,
  }
}

/** All there is, on one page: jobs as an array, files as the `data` of a list. */
export function pageOf(value: unknown): Page | undefined {
  const data = Array.isArray(value) ? value : at(value, 'data')
  return Array.isArray(data) ? { data, more: false } : undefined
}

/** The vendor's own envelope; undefined: something else answered. */
export function envelopeOf(json: unknown): VendorError | undefined {
  const error = at(json, 'error')
  const message = textAt(error, 'message')
  return message === null
    ? undefined
    : { code: textAt(error, 'code'), message: message.slice(0, 1000), param: textAt(error, 'param') }
}

const createBody = ({ fileId, endpoint }: Prepared): object => ({
  input_file_id: fileId,
  endpoint,
  completion_window: '24h',
})

export const wire: FileWire = {
  purpose: 'batch-api',
  uploadPath: '/files/upload',
  batchesPath: '/batches',
  uploadFields: ({ key }: Upload) => ({ file_name: `${key}.jsonl`, file_type: 'jsonl' }),
  rowFrame: bareRow,
  createBody,
  remoteOf,
  aboutOf,
  pageQuery: () => '',
  pageOf,
  envelopeOf,
}
