import type { Twist } from '../answers/utterance.ts'
import type { Faults, Switchboard } from '../switchboard.ts'
import type { WireAct } from '../wire.ts'
import type { Problem } from './errors.ts'

/** The calls a fault can strike. `upload` is the bytes, `answer` a model call outside a batch. */
export const operations = [
  'start',
  'upload',
  'file',
  'files',
  'delete-file',
  'download',
  'create',
  'get',
  'list',
  'cancel',
  'delete',
  'answer',
  'count',
  'caches',
  'models',
] as const
export type Operation = (typeof operations)[number]

/** An answer that is a success on paper, in Gemini's own ways. */
export type GeminiTwist = Twist | 'safety' | 'recitation' | 'blocked' | 'schema-ignored'

/** How a failed row is written: as documented, or in one of the ways that readers have met. */
export type FailureForm = 'error' | 'status' | 'empty' | 'http-code'

/** What happens to a line. */
export type RowFault =
  | { readonly kind: 'error'; readonly problem: Problem; readonly form?: FailureForm }
  | { readonly kind: 'missing' | 'twice' | 'keyless' | 'stranger' }
  | { readonly kind: 'twist'; readonly twist: GeminiTwist }

export interface BatchFaults {
  readonly stuck?: 'pending' | 'running'
  /** Seconds after which a stuck batch goes on; without it, never. */
  readonly stuckSeconds?: number
  /** Share of the lines that a batch stuck while running ever runs. */
  readonly stallShare?: number
  /** A batch is stuck only when its lines carry `custom_id` instead of `key`. */
  readonly stuckOnCustomIds?: boolean
  readonly runSeconds?: number
  readonly cancelLagSeconds?: number
  /** The batch succeeds although it was cancelled. */
  readonly cancelRace?: boolean
  /** A batch that expires bills the lines it had run, of which nothing is ever returned. */
  readonly billsExpired?: boolean
  readonly failure?: { readonly problem: Problem; readonly poison?: string; readonly keepsOutput?: boolean }
  /** A cancelled batch hands out what it had finished. */
  readonly cancelledKeepsOutput?: boolean
  readonly hiddenFromGetSeconds?: number
  readonly hiddenFromListSeconds?: number
  readonly vanishAfterSeconds?: number
  readonly counts?: 'wrong' | 'stale-in-list'
  readonly stateWord?: { readonly word: string; readonly seconds: number; readonly done: boolean }
  readonly statePrefix?: string
  /** The output stands in one of its two places only. */
  readonly outputOnlyIn?: 'metadata' | 'response'
  readonly outputLateSeconds?: number
  readonly inlineAsFile?: boolean
  /** An inline result larger than this cannot be read with `get`. */
  readonly unreadableBytes?: number
  readonly quotaReleaseLagSeconds?: number
  readonly shuffle?: boolean
  readonly embedUsage?: 'none' | 'tokenCount'
}

export interface AccountFaults {
  readonly enqueuedTokensMax?: number
  readonly concurrentMax?: number
  readonly storageBytesMax?: number
  readonly retiresModels?: boolean
  /** A create that names a file out of reach is accepted, and the batch fails. */
  readonly missingFileAccepted?: boolean
  readonly fileProcessingSeconds?: number
  readonly fileFails?: boolean
  readonly flexDrought?: (now: number) => boolean
  readonly flexFull?: 'UNAVAILABLE' | 'RESOURCE_EXHAUSTED'
  readonly priorityDowngraded?: boolean
  /** Lists hold an empty page that leads on. */
  readonly emptyPages?: boolean
  /** The last page of a list has `nextPageToken: ""`. */
  readonly emptyToken?: boolean
}

/** What one scenario changes on Gemini's side. */
export type GeminiFaults = Faults<Operation, WireAct, BatchFaults, RowFault, AccountFaults>
export type GeminiSwitchboard = Switchboard<Operation, WireAct, BatchFaults, RowFault, AccountFaults>
