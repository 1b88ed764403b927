import type { Model as ClaudeModel } from '../anthropic/models.ts'
import type { Charge } from '../bill.ts'
import { digest } from '../chance.ts'
import type { Clock } from '../clock.ts'
import type { ObjectStore, StoredObject } from '../gcs/objects.ts'
import type { Course } from '../gemini/course.ts'
import { invalidArgument, type Problem, problem } from '../gemini/errors.ts'
import type { Model as GeminiModel } from '../gemini/models.ts'
import type { Scan } from '../gemini/run-lines.ts'
import type { Latency } from '../latency.ts'
import type { ActLog } from '../log.ts'
import type { BatchFaults, VertexSwitchboard } from './faults.ts'

/** Where a call goes: a project and a location. */
export interface Place {
  readonly project: string
  readonly location: string
}

export type JobModel =
  | { readonly publisher: 'google'; readonly model: GeminiModel }
  | { readonly publisher: 'anthropic'; readonly model: ClaudeModel }

export interface JobRecord {
  /** Digits only, as clients want it. */
  readonly id: string
  readonly place: Place
  readonly displayName: string
  readonly modelName: string
  readonly model: JobModel
  readonly labels: Readonly<Record<string, string>> | undefined
  readonly inputUri: string
  /** Null when there is no such object. */
  readonly input: StoredObject | null
  readonly outputPrefix: string
  readonly course: Course
  readonly faults: BatchFaults
  /** Why it fails, when it does. */
  problem: Problem | null
  /** Reading the input through: nothing past PENDING may be said before it is done. */
  scanning: Promise<Scan>
  scan: Scan | null
  /** Epoch milliseconds. */
  deletedAt: number | null
  /** Its predictions lie in the storage. */
  publishing: Promise<void> | null
}

/** Everything one emulated Vertex holds. Payloads are objects of the storage, or files in `dir`. */
export interface Desk {
  readonly clock: Clock
  readonly seed: number
  readonly dir: string
  readonly log: ActLog
  readonly switchboard: VertexSwitchboard
  readonly latency: Latency
  readonly store: ObjectStore
  readonly jobs: Map<string, JobRecord>
  /** Charges of calls outside jobs, summed by their key. */
  readonly callCharges: Map<string, Charge>
  readonly nextId: (kind: string) => string
  /** Scans run one after another: in the order of creation, and one core's worth at a time. */
  queue: Promise<unknown>
}

/** Numeric ids of 19 digits, from the seed and the order of the calls only. */
export function numberMaker(seed: number): (kind: string) => string {
  let count = 0
  return (kind) => `${1 + (++count % 8)}${digitsOf(18, 'vertex', seed, kind, count)}`
}

function digitsOf(length: number, ...parts: readonly (string | number)[]): string {
  return BigInt(`0x${digest(...parts)}`)
    .toString()
    .slice(-length)
}

/** Resource names hold the number of a project, whatever the caller calls it. */
export function projectNumber(project: string): string {
  return /^\d+$/.test(project) ? project : `1${digitsOf(11, 'project', project)}`
}

/** The input and output of jobs are named `gs://bucket/object`. */
export function parsedUri(uri: string): { bucket: string; name: string } | undefined {
  const found = /^gs:\/\/([^/]+)\/?(.*)$/.exec(uri)
  return found ? { bucket: found[1] ?? '', name: found[2] ?? '' } : undefined
}

/** Why an object that a request names cannot be read. Buckets that nothing was ever put in are somebody else's, and taken on trust. */
export function objectProblem({ store }: Desk, uri: string): Problem | undefined {
  const object = parsedUri(uri)
  if (object === undefined)
    return /^https?:\/\//.test(uri) ? undefined : invalidArgument(`Invalid or unsupported file uri: ${uri}`)
  if (store.get(object.bucket, object.name) !== undefined || store.list(object.bucket).length === 0) return undefined
  return problem('NOT_FOUND', `No such object: ${object.bucket}/${object.name}`)
}
