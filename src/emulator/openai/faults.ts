import type { WireError } from './errors.ts'
import type { Twist } from './utterance.ts'

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

/** What goes wrong on the wire. `-after` means that the call has its effect first. */
export type WireAct =
  | { readonly kind: 'answer' | 'answer-after'; readonly error: WireError }
  | {
      readonly kind: 'page' | 'page-after'
      readonly status: number
      readonly contentType: string
      readonly text: string
    }
  | { readonly kind: 'reset' | 'reset-after' | 'hang' | 'hang-after' }
  | { readonly kind: 'delay'; readonly milliseconds: number }
  | { readonly kind: 'land-late'; readonly seconds: number }
  | { readonly kind: 'fresh-file'; readonly seconds: number }
  | { readonly kind: 'cut-upload'; readonly share: number }
  | { readonly kind: 'cut-download' | 'short-download'; readonly share: number }

export interface WireFault {
  readonly on: readonly Operation[]
  readonly act: WireAct
}

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

/** A fault that picks lines by their body, so that a retried request can be met again, or be left alone. */
export interface RowRule {
  /** Share of the lines that are struck. */
  readonly share: number
  readonly fault: RowFault
  /** How often one body is struck; without it, as often as the scenario says. */
  readonly times?: number
  /** Tells whether a body is concerned at all. */
  readonly concerns?: (bodyText: string) => boolean
}

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
}

/** What one scenario changes on OpenAI's side. */
export interface OpenAiFaults {
  readonly wire?: readonly WireFault[]
  readonly batch?: BatchFaults
  readonly rows?: readonly RowRule[]
  readonly account?: AccountFaults
}
