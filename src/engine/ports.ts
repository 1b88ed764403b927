import type { Dispatcher } from '../dispatch/contract.ts'
import type { EngineSettings } from '../domain/engine-settings.ts'
import type { Lane } from '../domain/usage.ts'
import type { BytePool } from '../kit/byte-pool.ts'
import type { Clock } from '../kit/clock.ts'
import type { FetchFile } from '../kit/fetch-file.ts'
import type { PriceBook } from '../pricing/catalogue.ts'
import type { BatchLane, Call, CostBook, Provider, Region, SyncLane } from '../providers/contract.ts'
import type { AccountRow, BlobStore, ControlStore } from '../stores/contract.ts'

/** Everything the engine touches outside of itself, handed in by compose. */
export interface Ports {
  readonly store: ControlStore
  readonly blobs: BlobStore
  readonly pool: BytePool
  readonly clock: Clock
  readonly dispatcher: Dispatcher
  readonly vendors: Vendors
  /** A folder of the home, on a local disk, for the journals of runs on sync lanes. */
  readonly journals: string
  /** A folder on this machine for scratch files. */
  readonly scratch: string
  /** Brings documents that rows name by their address. */
  readonly fetchFile: FetchFile
  /** Named steps at which tests kill the process; does nothing otherwise. */
  readonly step: (name: Step) => void
  readonly log: Log
  /** Module with `answerCheck`, for worker threads. */
  readonly answerCheck: URL
}

export interface Vendors {
  /** What they charge: the catalogue, and what the user's files lay over it. */
  readonly prices: PriceBook
  /**
   * Where a group of requests flies: the lane, the account this process would buy with, and the model as it is called
   * there.
   * @throws UnknownRegion where the vendor of the model cannot be told to work in `region`
   */
  choose(group: { readonly endpoint: string; readonly model: string; readonly region?: string }): Promise<Chosen>
  batch(lane: Lane): BatchLane
  /**
   * The lane on which requests are called one by one; undefined: the vendor sells none of that tier.
   * @param accountId  which it shall be bought with, where not every account may
   */
  sync(lane: Lane, accountId?: string): SyncLane | undefined
  /** What a call of this account needs. Throws NoCredentials when this process has no key for it. */
  call(accountId: string, signal?: AbortSignal): Call
  /** Nobody else buys with this account, so what is there and unknown to us can only be ours. */
  exclusive(accountId: string): boolean
  /** Time at the vendor, epoch ms, by its last Date header. */
  now(accountId: string): number
  /** Whether the vendor has told its time to this process yet; before, `now` is our own clock. */
  knowsTime(accountId: string): boolean
  /** Vendors' own accounts of what they charged, and the calls that read them: none without a key that may. */
  costs(): readonly { readonly book: CostBook; readonly calls: readonly Call[] }[]
  /** The accounts this process has; `call` is null where a variable that it wants is not set. */
  accounts(): readonly VendorAccount[]
  /** How an engine of the user's own may be used, and what it costs; undefined: the account is none. */
  engine(accountId: string): EngineSettings | undefined
}

export interface Chosen {
  readonly lane: Lane
  readonly accountId: string
  readonly model: string
  /** What each request has to say for the region, where it is the requests that say it. */
  readonly member?: NonNullable<Region['member']>
  /** The vendor's data-residency price applies. */
  readonly resident: boolean
}

export interface VendorAccount {
  /** As the user calls it; of the environment's own, the vendor's name. */
  readonly name: string
  readonly row: AccountRow
  readonly provider: Provider
  readonly call: Call | null
  /** Variables that are not set and have to be. */
  readonly wants: readonly string[]
  /** Not the account itself, but the same in a region that a job may name. */
  readonly regional: boolean
  /** How it may be used, where it is an engine of the user's own. */
  readonly engine: EngineSettings | null
}

export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** In the order in which one purchase passes them. */
export const steps = [
  'job-created',
  'attached',
  'uploaded',
  'prepared',
  'claimed',
  'sending',
  'sent',
  'bought',
  'running',
  'ended',
  'collecting',
  'collected',
  'settling',
  'settled',
  'retry-planned',
  'steered',
  'landing',
  'delivering',
  'delivered',
  'landed',
] as const
export type Step = (typeof steps)[number]
