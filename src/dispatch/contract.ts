/**
 * Who wakes a shard, and when. The row's `wakeAt` and lease are the truth; a wake-up only says "look", so a lost or a
 * repeated one is harmless.
 */
export interface Dispatcher {
  /** Drives the shards of these jobs until stopped: claims what is due, runs `advance`, keeps the leases alive. */
  attend(jobs: readonly string[] | 'all', advance: Advance): Attendance
}

/**
 * One step of one shard, under its lease. Returns when to look again (our clock), or null when only another event can
 * move it. An error it throws is reported to `onError` and the shard is looked at again after a pause.
 */
export type Advance = (claim: Claim) => Promise<number | null>

export interface Claim {
  readonly shardId: string
  readonly jobId: string
  readonly owner: string
  readonly epoch: number
  /** Aborts when the lease is lost or the attendance stops. */
  readonly signal: AbortSignal
  /** What follows may take hours: from now on this step keeps no other from its turn. */
  linger(): void
  /** Real time until which the lease is known to hold. */
  readonly leaseUntil: () => number
}

export interface Attendance {
  readonly owner: string
  /** Something changed: look now. */
  nudge(): void
  /** Stops claiming, lets running steps come to a safe end, drops the leases. */
  stop(): Promise<void>
}

/** The half of a control store that a dispatcher needs; the store satisfies it by shape. */
export interface Leases {
  claimShard(claim: {
    readonly owner: string
    readonly jobs: readonly string[] | 'all'
    readonly now: number
    readonly real: number
    readonly leaseUntil: number
  }): Promise<{ readonly id: string; readonly jobId: string; readonly epoch: number } | undefined>
  renewLeases(owner: string, leaseUntil: number, now: number): Promise<string[]>
  releaseShard(shardId: string, owner: string, epoch: number, wakeAt: number | null): Promise<void>
  dropLeases(owner: string): Promise<void>
  nextWake(jobs: readonly string[] | 'all', now: number): Promise<number | null>
  dataVersion(): number
  beat(now: number): Promise<void>
}
