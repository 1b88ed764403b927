import type { Scenario } from '../scenarios.ts'
import { onCall, wireScenarios } from '../scenarios-wire.ts'
import type { Faults, Switchboard } from '../switchboard.ts'
import type { WireAct } from '../wire.ts'
import { backendError, forbidden, sessionGone, tooBusy, unauthorized, unavailable } from './errors.ts'

/** The calls a fault can strike. `upload` is the bytes, in one piece or in parts; `start` begins a session. */
export const operations = ['start', 'upload', 'object', 'download', 'objects', 'delete-object', 'bucket'] as const
export type Operation = (typeof operations)[number]

export interface AccountFaults {
  /** Parts of a resumable upload are taken only up to so many bytes at a time. */
  readonly partBytesTaken?: number
}

export type StorageFaults = Faults<Operation, WireAct, object, never, AccountFaults>
export type StorageSwitchboard = Switchboard<Operation, WireAct, object, never, AccountFaults>

/** Troubles of the storage that lies before and behind a Vertex job. */
export const storageScenarios: readonly Scenario<StorageFaults>[] = [
  ...wireScenarios<Operation>({
    operations,
    upload: 'upload',
    download: 'download',
    busy: tooBusy,
    serverError: backendError,
    overloaded: unavailable,
    wrongKey: unauthorized,
    forbidden,
  }),
  {
    name: 'upload-session-gone',
    parameters: { times: '1', after: '0' },
    summary: 'A part of a resumable upload is answered with 410: the whole upload has to begin anew.',
    source: 'Cloud Storage guide, resumable uploads',
    faults: onCall<Operation>('upload', () => ({ kind: 'answer', error: sessionGone() })),
  },
  {
    name: 'upload-parts-short',
    parameters: { bytes: '262144' },
    summary: 'Of each part of a resumable upload only the first bytes are kept; the Range header says how many.',
    source: 'Cloud Storage guide, resumable uploads: do not assume that all bytes were received',
    faults: (read) => ({ account: { partBytesTaken: read.number('bytes') } }),
  },
]
