import type { Switchboard as AnySwitchboard, Faults } from '../switchboard.ts'
import type { WireAct } from '../wire.ts'
import type { Twist } from './answer.ts'
import type { Problem } from './errors.ts'

/**
 * The calls a fault can strike. `content` is a download of results, `answer` a call of a model outside a batch, `files`
 * whatever is asked of files but their upload.
 */
export const operations = [
  'create',
  'get',
  'list',
  'cancel',
  'delete',
  'content',
  'answer',
  'models',
  'upload',
  'files',
  'costs',
] as const
export type Operation = (typeof operations)[number]

/** What happens to a row. */
export type RowFault =
  | { readonly kind: 'errored'; readonly problem: Problem; readonly requestId: 'worker' | 'request' | null }
  /** In no line of the results; counted all the same, as errored or (`billed`) as succeeded. */
  | { readonly kind: 'missing'; readonly billed: boolean }
  | { readonly kind: 'twice' | 'null-id' | 'stranger' | 'null-result' | 'unknown-type' | 'blank-line' | 'sparse' }
  | { readonly kind: 'twist'; readonly twist: Twist }

export interface BatchFaults {
  /** The batch stops at a share of its rows. */
  readonly stallShare?: number
  /** Seconds after which a batch that has stopped goes on; without it, never. */
  readonly stallSeconds?: number
  readonly runSeconds?: number
  /** The window closes, and the batch goes on for so long before it ends. */
  readonly expiryLagSeconds?: number
  readonly cancelLagSeconds?: number
  /** The batch finishes although it is cancelled. */
  readonly cancelRace?: boolean
  readonly hiddenFromGetSeconds?: number
  readonly hiddenFromListSeconds?: number
  readonly vanishAfterSeconds?: number
  readonly archiveAfterSeconds?: number
  /** The batch has ended, and its results come so much later. */
  readonly resultsLateSeconds?: number
  readonly counts?: 'wrong' | 'gradual'
  readonly statusWord?: { readonly word: string; readonly seconds: number }
  readonly offsetTimes?: boolean
  readonly relativeUrl?: boolean
  /** Rows struck by their position, exactly. */
  readonly byRow?: (row: number) => RowFault | undefined
  readonly consoleFactor?: number
  readonly shuffle?: boolean
}

export interface AccountFaults {
  readonly callsPerMinuteMax?: number
  readonly queuedRequestsMax?: number
  readonly batchBytesMax?: number
  /** The workspace runs in the US unless a request says otherwise. */
  readonly runsInUs?: boolean
  readonly refusesRetired?: boolean
  /** Share of the rows of a batch that find a cache entry which is there. */
  readonly cacheHitShare?: number
  /** A cancel that has nothing to cancel is refused. */
  readonly refusesIdleCancel?: boolean
  /** Of messages outside batches, a minute and model. */
  readonly messagesPerMinuteMax?: number
  /** How long such a message takes. */
  readonly answerSeconds?: number
  /** Messages are answered out of capacity that the account has committed to. */
  readonly committed?: boolean
}

export type AnthropicFaults = Faults<Operation, WireAct, BatchFaults, RowFault, AccountFaults>
export type Switchboard = AnySwitchboard<Operation, WireAct, BatchFaults, RowFault, AccountFaults>
