import type { Twist } from '../answers/utterance.ts'
import type { Faults, Switchboard } from '../switchboard.ts'
import type { WireAct } from '../wire.ts'
import type { WireError } from './errors.ts'

/** The calls a fault can strike. `answer` is a model call outside a batch. */
export const operations = [
  'upload',
  'file',
  'files',
  'delete',
  'content',
  'create',
  'get',
  'list',
  'cancel',
  'uploads',
  'answer',
  'models',
  'costs',
] as const
export type Operation = (typeof operations)[number]

/** An error of a batch as a whole, as it stands in `errors.data`. */
export interface BatchError {
  readonly code: string
  readonly message: string
  readonly param: string | null
  readonly line: number | null
}

/** What happens to a line. */
export type RowFault =
  | { readonly kind: 'http'; readonly error: WireError }
  | { readonly kind: 'error'; readonly code: string; readonly message: string }
  | { readonly kind: 'status-0' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'twice' }
  | { readonly kind: 'null-id' }
  | { readonly kind: 'stranger' }
  | { readonly kind: 'twist'; readonly twist: Twist }

export interface BatchFaults {
  readonly stuck?: 'validating' | 'in_progress' | 'finalizing'
  /** Seconds after which a stuck batch goes on; without it, never. */
  readonly stuckSeconds?: number
  /** Share of the lines that a batch stuck or expiring in progress ever runs. */
  readonly stallShare?: number
  readonly runSeconds?: number
  readonly cancelLagSeconds?: number
  /** The batch completes although it was cancelled. */
  readonly cancelRace?: boolean
  /** The batch fails in validation: with errors of the whole, of a share of its lines, or when a body holds a marker. */
  readonly failure?:
    | { readonly errors: readonly BatchError[] }
    | { readonly share: number; readonly error: Omit<BatchError, 'line'> }
    | { readonly poison: string }
  readonly hiddenFromGetSeconds?: number
  readonly hiddenFromListSeconds?: number
  readonly vanishAfterSeconds?: number
  readonly counts?: 'wrong' | 'zero-until-end'
  readonly emptyStringIds?: boolean
  readonly idsEarly?: boolean
  readonly outputIdLateSeconds?: number
  readonly statusWord?: { readonly word: string; readonly seconds: number }
  /** Lines struck by their position, exactly. */
  readonly byLine?: (line: number) => RowFault | undefined
  /** The console counter, as a multiple of the lines. */
  readonly consoleFactor?: number
  readonly quotaReleaseLagSeconds?: number
  readonly shuffle?: boolean
}

export interface AccountFaults {
  readonly enqueuedTokensMax?: number
  readonly enqueuedRequestsMax?: number
  readonly storageBytesMax?: number
  readonly unbatchable?: string
  readonly webSearchUnsupported?: boolean
  readonly duplicateIdsAtCreate?: boolean
  readonly missingFileAtCreate?: boolean
  readonly refusesRetired?: boolean
  /** Of calls outside batches, a minute and model. */
  readonly callsPerMinuteMax?: number
  readonly tokensPerMinuteMax?: number
  /** How long such a call takes, by the tier it asks for. */
  readonly answerSeconds?: (tier: unknown) => number
  readonly flexDrought?: (now: number) => boolean
  readonly flexNotAllowed?: boolean
  readonly priorityDowngraded?: boolean
}

/** What one scenario changes on OpenAI's side. */
export type OpenAiFaults = Faults<Operation, WireAct, BatchFaults, RowFault, AccountFaults>
export type OpenAiSwitchboard = Switchboard<Operation, WireAct, BatchFaults, RowFault, AccountFaults>
