import type { HoldReason, JobState, ShardState, SubmissionState } from '../domain/states.ts'
import type { Lane } from '../domain/usage.ts'

/**
 * The control store: small rows, exact transactions, no payload. Every change of the engine is one `Commit`, a value
 * that the store applies whole or not at all; every move in it is compare-and-set.
 *
 * Times are epoch milliseconds of our clock (`clock.now()`), except `leaseUntil`, which is real time
 * (`clock.real()`): a lease protects against frozen processes, and those do not run faster in a demo.
 */
export interface ControlStore {
  /** Random, made once: part of every upstream id, so that two homes never meet at the vendor. */
  readonly homeId: string
  /** Where the home lies, for messages. */
  readonly home: string
  /** Of the schema. */
  readonly version: number
  /** Epoch ms (real) at which the home was made; the anchor of a scaled clock. */
  readonly madeAt: number

  /** False when a compare failed (state, rev, epoch, lease): then nothing at all was written. */
  commit(commit: Commit): Promise<boolean>
  /**
   * Commits only if the account has room: in one immediate transaction, sums what `quotaHoldingStates` and holds use,
   * compares with the limits, applies the commit. `busy`: another purchase of the account is in doubt.
   */
  claim(claim: QuotaClaim, commit: Commit): Promise<'claimed' | 'full' | 'busy' | 'lost'>

  /** Inserts job, shards and events in one transaction; false when the id exists already (nothing written then). */
  createJob(
    job: JobRow,
    shards: readonly ShardRow[],
    events: readonly NewEvent[],
    submissions?: readonly SubmissionRow[],
  ): Promise<boolean>
  job(id: string): Promise<JobRow | undefined>
  /** Newest first. */
  jobs(filter?: { states?: readonly JobState[]; limit?: number }): Promise<JobRow[]>
  shard(id: string): Promise<ShardRow | undefined>
  /** By round, then first ordinal. */
  shards(jobId: string): Promise<ShardRow[]>
  submission(id: string): Promise<SubmissionRow | undefined>
  submissions(filter: {
    jobId?: string
    shardId?: string
    accountId?: string
    states?: readonly SubmissionState[]
  }): Promise<SubmissionRow[]>
  /** What the account has in use on the lane: submissions in `quotaHoldingStates`, and the tokens of those of the model. */
  inUse(of: { accountId: string; lane: Lane; model: string }): Promise<{ open: number; tokens: number }>
  /** The submissions that ended last, newest first: how long they took teaches how long others may take. */
  endings(filter: { accountId: string; lane: Lane; limit: number }): Promise<Ending[]>
  /** Events of a job after `seq`, oldest first. */
  events(jobId: string, after?: number, limit?: number): Promise<EventRow[]>
  ledger(filter?: { jobId?: string }): Promise<LedgerRow[]>
  accounts(): Promise<AccountRow[]>
  quotas(accountId: string): Promise<QuotaRow[]>
  /** Budgets of the home with what counts against them, a monthly one's in `month`; those that cover `jobId`, or all. */
  budgets(of: { readonly month: string; readonly jobId?: string }): Promise<BudgetState[]>
  /** Makes the budget, or gives the one of this tag and time another amount. */
  saveBudget(budget: BudgetRow): Promise<void>
  /** False: there was none. */
  deleteBudget(budget: Omit<BudgetRow, 'nanoUsd'>): Promise<boolean>
  /** What one job has spent so far, and may still have to pay for what is in the air. */
  committed(jobId: string): Promise<Committed>
  /** Files that were uploaded for requests to name, of all accounts: also those that are there no more. */
  attachments(): Promise<AttachmentRow[]>
  /** The file of this content, if the vendor has it beyond `until`; the job is noted to need it. */
  attachmentFor(job: AttachmentUse, until: number): Promise<AttachmentRow | undefined>
  /**
   * Notes an upload and that its job needs it, unless another of this content, which the vendor has beyond `until`, was
   * noted meanwhile. Returns the one that counts.
   */
  saveAttachment(row: AttachmentRow, until: number): Promise<AttachmentRow>
  /** Jobs that need the file. */
  usersOf(attachment: Pick<AttachmentRow, 'accountId' | 'sha256'>): Promise<string[]>
  /** It is about to be deleted, whoever needed it. */
  forgetAttachment(attachment: Pick<AttachmentRow, 'accountId' | 'sha256'>): Promise<void>
  /** The job needs its files no more. Those that no other job needs are marked as gone, and returned as they were. */
  releaseAttachments(jobId: string): Promise<AttachmentRow[]>
  /** How many submissions of the account were sent to be bought at or after `since` (our clock). */
  createdSince(accountId: string, since: number): Promise<number>

  // Leases and wake-ups; the dispatcher's half.
  claimShard(claim: ShardClaim): Promise<ShardRow | undefined>
  /**
   * Extends all leases of the owner that are still its own, on jobs too; returns the shard ids still held. A lease that
   * ran out stays lost. `now` is real time.
   */
  renewLeases(owner: string, leaseUntil: number, now: number): Promise<string[]>
  /** True when the lease (owner, epoch) on the shard holds and ends after `until` (real time). */
  holdsLease(shardId: string, owner: string, epoch: number, until: number): Promise<boolean>
  /** A `wakeAt` that another commit set during the lease stands where it is earlier; null asks for no wake-up. */
  releaseShard(shardId: string, owner: string, epoch: number, wakeAt: number | null): Promise<void>
  /** Puts off the wake-ups of shards that nobody holds, whose purchases are open, and that nobody wants cancelled. */
  sleepShards(request: SleepRequest): Promise<void>
  /** Of shards and jobs; wake-ups stay as they are. */
  dropLeases(owner: string): Promise<void>
  /** The earliest wakeAt among unsettled shards of the jobs that nobody holds at `now` (real time); null: none. */
  nextWake(jobs: readonly string[] | 'all', now: number): Promise<number | null>
  /** A lease on the job row itself, for landing. False while anybody holds it, `owner` included. `now` is real time. */
  claimJob(jobId: string, owner: string, leaseUntil: number, now: number): Promise<boolean>
  releaseJob(jobId: string, owner: string): Promise<void>
  /** Changes whenever another connection wrote (SQLite: PRAGMA data_version). Cheap: microseconds. */
  dataVersion(): number

  // Who is awake.
  attend(attendant: AttendantRow): Promise<void>
  leave(owner: string): Promise<void>
  /** Attendants whose time has not run out at `now` (real time). */
  attendants(now: number): Promise<AttendantRow[]>

  /**
   * Signs of a restored backup or a long sleep: since when (our clock) the vendor must be listed before anything is
   * bought; null when the store is warm. Cleared for an account by `warmed`.
   */
  coldSince(accountId: string): Promise<number | null>
  warmed(accountId: string, forgotten?: readonly ForgottenRow[]): Promise<void>
  /** The vendor's id of what was bought under this key before a backup was restored, where a listing saw it. */
  forgotten(accountId: string, key: string): Promise<string | undefined>
  /** Records that the store is alive, in the store and in the witness beside it. */
  beat(now: number): Promise<void>
  close(): Promise<void>
}

export interface Commit {
  /** The lease that must still be ours for anything to be written. `now` is real time. */
  readonly lease?: { readonly shardId: string; readonly owner: string; readonly epoch: number; readonly now: number }
  readonly job?: Move<JobRow, JobState> & { readonly rev?: number }
  readonly shards?: readonly Move<ShardRow, ShardState>[]
  readonly submissions?: readonly Move<SubmissionRow, SubmissionState>[]
  readonly insertShards?: readonly ShardRow[]
  readonly insertSubmissions?: readonly SubmissionRow[]
  readonly events?: readonly NewEvent[]
  /** Inserted `on conflict do nothing`: settling twice changes nothing. */
  readonly ledger?: readonly LedgerRow[]
  readonly accounts?: readonly AccountRow[]
  readonly quotas?: readonly QuotaRow[]
  /**
   * Said by whatever buys: with the rest of this commit applied, the job must still be within each budget of the home
   * that covers it, else nothing is written. `month`: the present one, `2026-11`, in UTC.
   */
  readonly spends?: { readonly jobId: string; readonly month: string }
}

/** Compare-and-set: the row must be in one of `from`; `set` may hold the new state. */
export interface Move<Row, State> {
  readonly id: string
  readonly from: State | readonly State[]
  readonly set: Partial<Omit<Row, 'id'>>
}

export interface QuotaClaim {
  readonly accountId: string
  /** Only what is bought on it holds the account's quota. */
  readonly lane: Lane
  readonly model: string
  /** What the new submission will use, and what the account may have in use at once; a null limit is none. */
  readonly tokens: number
  readonly tokensMax: number | null
  readonly inputs: number
  readonly inputsMax: number | null
  readonly openMax: number | null
  readonly createsSince: number
  readonly createsMax: number | null
  /** Submissions that ended at or after this time still hold their tokens (vendors release with a lag). */
  readonly endedHoldSince: number
  /**
   * One purchase at a time: while another of the account is `buying` or `unsure` and its `sendBy` is at or after this
   * (vendor time), none may be claimed. null: any number may be bought at once.
   */
  readonly doubtSince: number | null
}

export interface ShardClaim {
  readonly owner: string
  readonly jobs: readonly string[] | 'all'
  /** Our clock, for `wakeAt`. */
  readonly now: number
  /** Real time, for leases. */
  readonly real: number
  readonly leaseUntil: number
}

export interface SleepRequest {
  readonly shardIds: readonly string[]
  /** Wake-ups before this become wake-ups at `until`; our clock. */
  readonly before: number
  readonly until: number
  /** Real time, for leases. */
  readonly real: number
}

export interface JobRow {
  readonly id: string
  /** The user's name for the job (`--key`). */
  readonly key: string | null
  readonly state: JobState
  readonly held: HoldReason | null
  /** Counts up with every change of the row. */
  readonly rev: number
  /** Digest of input and options that decide the answers; hex sha256. */
  readonly digest: string
  /** What intake wrote: see intake/manifest.ts. */
  readonly input: Json
  readonly options: Json
  readonly quote: Json
  readonly receipt: Json
  readonly tags: Readonly<Record<string, string>>
  readonly requests: number
  readonly round: number
  readonly cancelWanted: boolean
  readonly createdAt: number
  readonly deadline: number | null
  readonly landedAt: number | null
  readonly outputs: readonly string[]
  readonly error: string | null
}

export interface ShardRow {
  readonly id: string
  readonly jobId: string
  readonly round: number
  readonly firstOrdinal: number
  /** Requests in it. */
  readonly count: number
  /** Blob of the sorted ordinals (u32 each), row by row; null when they are dense from firstOrdinal. */
  readonly ordinals: string | null
  /** Index into the manifest's groups: model and endpoint. */
  readonly group: number
  readonly model: string
  readonly lane: Lane
  readonly accountId: string
  readonly inputs: number
  readonly bytes: number
  readonly tokens: number
  /** Tokens that its answers come to at most, as the quote reckons; null: planned before that was kept. */
  readonly outputMax: number | null
  readonly state: ShardState
  readonly held: HoldReason | null
  /** Number of the purchase under way, or next: part of its upstream key. */
  readonly purchase: number
  /** How often preparing or buying was refused in a way that may pass; drives the back-off. */
  readonly refusals: number
  /** Requests by final outcome, once settled; those that fly again in another shard are not counted. */
  readonly tally: Json
  /** What the policy remembers of it, where one steers the job. */
  readonly course: Json
  readonly wakeAt: number | null
  readonly owner: string | null
  readonly epoch: number
  readonly leaseUntil: number
}

export interface SubmissionRow {
  readonly id: string
  readonly jobId: string
  readonly shardId: string
  readonly accountId: string
  readonly lane: Lane
  readonly model: string
  readonly purchase: number
  /** First part of the upstream ids. */
  readonly key: string
  readonly state: SubmissionState
  readonly vendorState: string | null
  readonly remoteId: string | null
  readonly fileId: string | null
  readonly rows: number
  readonly inputs: number
  readonly tokens: number
  readonly bytes: number
  /** What it may cost at most: counted as long as it is in the air. Null: not known. */
  readonly worstNanoUsd: bigint | null
  /** Vendor time when the purchase was sent, and the last vendor time at which its held-back byte may leave. */
  readonly sentAt: number | null
  readonly sendBy: number | null
  readonly createdAt: number
  readonly openedAt: number | null
  readonly endedAt: number | null
  readonly settledAt: number | null
  /** Until when the vendor keeps the outputs. */
  readonly collectBy: number | null
  /** The vendor's own counts: {total, completed, failed}. */
  readonly counts: Json
  /** Blob names and figures of what was collected. */
  readonly collected: Json
  /** What an unsure purchase has been looked up for so far, 404s seen, and the like. */
  readonly progress: Json
  readonly cancelWanted: boolean
  readonly abandoned: boolean
  readonly duplicate: boolean
  readonly error: Json
}

/** How a submission ended, without what it brought. */
export type Ending = Pick<
  SubmissionRow,
  | 'id'
  | 'jobId'
  | 'accountId'
  | 'lane'
  | 'model'
  | 'rows'
  | 'state'
  | 'openedAt'
  | 'counts'
  | 'cancelWanted'
  | 'abandoned'
> & { readonly endedAt: number }

export interface NewEvent {
  readonly jobId: string
  readonly shardId?: string
  readonly submissionId?: string
  readonly at: number
  readonly type: string
  readonly data?: Json
}

export interface EventRow {
  readonly seq: number
  readonly jobId: string
  readonly shardId: string | null
  readonly submissionId: string | null
  readonly at: number
  readonly type: string
  readonly data: Json
}

/** Unique over (submissionId, model, tier, kind, unitPrice, entry). */
export interface LedgerRow {
  readonly submissionId: string
  readonly jobId: string
  readonly model: string
  readonly tier: string
  readonly kind: string
  /** pico-USD per token, null where the price is unknown and the user allowed that. */
  readonly unitPrice: bigint | null
  /** 0 at settle, then one more per adjustment. */
  readonly entry: number
  readonly part: 'proven' | 'unproven' | 'duplicate'
  readonly tokens: number
  readonly nanoUsd: bigint | null
  /** The same tokens at the standard price; null where that is unknown. */
  readonly standardNanoUsd: bigint | null
  readonly reason: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly at: number
}

/**
 * A purchase that the vendor lists under a key nobody here knows. It may be of a shard that was planned after the backup
 * was made, and will be planned again; or of another home.
 */
export interface ForgottenRow {
  readonly key: string
  readonly remoteId: string
  /** Vendor time, epoch ms. */
  readonly createdAt: number
}

export interface AccountRow {
  readonly id: string
  readonly vendor: string
  readonly baseUrl: string
  /** Organisation, project or workspace as the vendor names it; empty when unknown. */
  readonly scope: string
  readonly createdAt: number
}

/** A file that requests of an account name by reference: one of each content. */
export interface AttachmentRow {
  readonly accountId: string
  /** Of its content, hex. */
  readonly sha256: string
  /** By which it is named at the vendor. */
  readonly key: string
  /** The job that it was uploaded for. */
  readonly jobId: string
  /** As the lane removes it; null: it is gone. */
  readonly fileId: string | null
  /** As requests name it. */
  readonly reference: string
  readonly uploadedAt: number
  /** Vendor time; null: the vendor keeps it until it is deleted. */
  readonly expiresAt: number | null
}

export type AttachmentUse = Pick<AttachmentRow, 'accountId' | 'sha256' | 'jobId'>

/** A limit learned from a refusal: it falls to the vendor's figure and rises 10 % per clean day. */
export interface QuotaRow {
  readonly accountId: string
  readonly model: string
  readonly unit: 'tokens' | 'requests'
  readonly limitMax: number
  readonly learnedAt: number
}

/** A wall for the jobs of a home that have a tag, or for all of them: what they may spend in a calendar month, or ever. */
export interface BudgetRow {
  /** Empty, as the value: all jobs. */
  readonly tag: string
  readonly value: string
  /** Months are those of UTC. */
  readonly per: 'month' | 'ever'
  readonly nanoUsd: bigint
}

/** What counts against a budget. */
export interface Committed {
  /** By the ledger: proven, unproven and duplicate. */
  readonly spent: bigint
  /** The worst that all purchases on their way may cost. */
  readonly inAir: bigint
}

export interface BudgetState extends BudgetRow, Committed {}

export interface AttendantRow {
  readonly owner: string
  readonly pid: number
  readonly host: string
  readonly command: string
  readonly jobs: readonly string[] | 'all'
  readonly since: number
  readonly until: number
}

/** Stored as text; the room that wrote it knows its shape. */
export type Json = unknown

// ── blobs ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Immutable bytes under names like `jobs/job_x/segment-0`. Locks live in the control store, never here. */
export interface BlobStore {
  /** Nothing is visible under the name until `commit`, which is durable when it returns. */
  put(name: string): Promise<BlobWriter>
  /** Copies a local file under the name without moving its bytes, where the file system can; false where it cannot. */
  clone(path: string, name: string): Promise<boolean>
  /** All of it, or the bytes from `from` up to, without, `to`. Throws StoreUnavailable when the blob is missing. */
  get(name: string, range?: { from: number; to: number }): AsyncIterable<Uint8Array>
  /** A local file for random reads. */
  openLocal(name: string): Promise<LocalBlob>
  head(name: string): Promise<{ readonly bytes: number } | undefined>
  list(prefix: string): AsyncIterable<{ readonly name: string; readonly bytes: number; readonly modifiedAt: number }>
  /** Missing names are no error. */
  delete(name: string): Promise<void>
}

export interface BlobWriter {
  readonly bytes: number
  /** One call at a time; the chunk may be used again once it resolves. */
  write(chunk: Uint8Array): Promise<void>
  /** A blob of the same name is replaced, whole. */
  commit(): Promise<void>
  /** After a commit it takes nothing back, so `finally` may call it always. */
  abort(): Promise<void>
}

export interface LocalBlob {
  readonly bytes: number
  /** Fills `into` from `position`; returns the bytes read, fewer only at the end. */
  read(into: Uint8Array, position: number): Promise<number>
  close(): Promise<void>
}
