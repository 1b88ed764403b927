import type { Problem } from '../gemini/errors.ts'
import type { RowFault } from '../gemini/faults.ts'
import type { Faults, Switchboard } from '../switchboard.ts'
import type { WireAct } from '../wire.ts'

/** The calls a fault can strike; those of the storage are its own. `answer` is a model call outside a job. */
export const operations = ['create', 'get', 'list', 'cancel', 'delete', 'answer', 'count'] as const
export type Operation = (typeof operations)[number]

export interface BatchFaults {
  readonly stuck?: 'queued' | 'pending' | 'running'
  /** Seconds after which a stuck job goes on; without it, never. */
  readonly stuckSeconds?: number
  /** Share of the rows that a job stuck while running ever runs. */
  readonly stallShare?: number
  readonly runSeconds?: number
  readonly cancelLagSeconds?: number
  /** The job succeeds although it was cancelled. */
  readonly cancelRace?: boolean
  readonly failure?: { readonly problem: Problem; readonly poison?: string; readonly keepsOutput?: boolean }
  readonly hiddenFromGetSeconds?: number
  readonly hiddenFromListSeconds?: number
  readonly vanishAfterSeconds?: number
  readonly counts?: 'wrong' | 'unknown'
  readonly stateWord?: { readonly word: string; readonly seconds: number }
  readonly outputLateSeconds?: number
  readonly outputInfoMissing?: boolean
  /** Into how many files the predictions are cut. */
  readonly shards?: number
  /** A part of the predictions is to be seen while the job still runs. */
  readonly rowsEarly?: boolean
  readonly dropsLabels?: boolean
  readonly echoesExtras?: boolean
  readonly shuffle?: boolean
}

export interface AccountFaults {
  readonly concurrentMax?: number
  readonly retiresModels?: boolean
  readonly flexDrought?: (now: number) => boolean
  /** A create that names an input that is not there is refused at once. */
  readonly missingInputAtCreate?: boolean
}

/** What one scenario changes on Vertex's side. */
export type VertexFaults = Faults<Operation, WireAct, BatchFaults, RowFault, AccountFaults>
export type VertexSwitchboard = Switchboard<Operation, WireAct, BatchFaults, RowFault, AccountFaults>
