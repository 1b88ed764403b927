import type { CostReport } from '../domain/cost-report.ts'
import { RedeyeError, VendorUnavailable } from '../domain/errors.ts'
import type { Limits } from '../domain/limits.ts'
import type { Tier, TokenKind, Usage } from '../domain/usage.ts'
import type { MediaType } from '../kit/media-file.ts'
import type { Call } from './call.ts'
import type { SyncLane } from './sync-lane.ts'

// Whoever deals with a vendor imports from here, whichever file a part of the contract lies in.
export type { RowScanner } from '../domain/scanned-row.ts'
export type { Call } from './call.ts'
export type * from './sync-lane.ts'

/** The rules of buying in short: one upload, one create, never sent again; what is unsure is looked up. */
export interface BatchLane {
  readonly limits: Limits
  /** Bytes around each body on the wire; with the fixed-width id they make Content-Length arithmetic. */
  rowFrame(endpoint: string): RowFrame
  /**
   * Uploads a fresh input file. Free, repeatable. Throws VendorUnavailable, or a refusal as `PrepareRefused`. Absent
   * where the vendor knows no input files: the rows then travel in the body of the purchase itself.
   */
  prepare?(call: Call, upload: Upload): Promise<Prepared>
  /**
   * The paid call, once. All but the last byte of the body is written, then `release` is asked; only `true` lets the
   * byte go, else the socket is destroyed (`withheld`).
   * @param upload  what was prepared; a lane without `prepare` sends it here
   */
  buy(call: Call, prepared: Prepared, release: () => Promise<boolean>, upload: Upload): Promise<Purchase>
  /** unsure: did it arrive? Never buys. */
  find(call: Call, mark: Mark): Promise<Found>
  /** Makes a late create harmless. Absent where the vendor has no such act. */
  fence?(call: Call, mark: Mark): Promise<void>
  /** Submissions of the account, newest first where the vendor does so, back to `since` (vendor time, epoch ms). */
  list(call: Call, since: number): AsyncIterable<Remote>
  /** undefined: the vendor does not know the id (404). */
  poll(call: Call, remoteId: string): Promise<Remote | undefined>
  /** Opens one result file from its start. Throws ResultsGone when the vendor no longer has it. */
  open(call: Call, file: RemoteFile): Promise<ResultStream>
  /**
   * Opens the requests that a submission was made of, as batch lines: of somebody else's, it is the only place where they
   * are. Throws ResultsGone when the vendor no longer has them. Absent: it never gives them back.
   */
  input?(call: Call, remote: Remote): Promise<ResultStream>
  cancel(call: Call, remoteId: string): Promise<Remote | undefined>
  /**
   * Uploads a file that requests will name by its reference, as `limits.files` says which can. Free, repeatable: each call
   * makes a file of its own. Throws as `prepare` does. Absent: files go inline only.
   */
  attach?(call: Call, file: Attachment): Promise<Reference>
  /**
   * Deletes a file of ours, or the submission that stands for its results; a missing one is no error. Absent where the
   * vendor keeps nothing that can be deleted.
   */
  remove?(call: Call, fileId: string): Promise<void>
  /**
   * What lies at the vendor and may be ours: all that bears a key of the form that ours have, or, where nothing bears
   * one, every submission. Absent where the vendor cannot list it.
   */
  leftovers?(call: Call): AsyncIterable<Leftover>
  /**
   * URL of a module that exports `scanRow: RowScanner`. Result rows are read in worker threads, which can be handed a
   * module but not a function.
   */
  readonly scanner: URL
  /**
   * Whether `find` can tell ours from a stranger's by a mark, so that absence can be proven. Where it cannot, `find`
   * returns candidates, one purchase of an account is in doubt at a time, and shard sizes are drawn so that equal counts
   * are rare.
   */
  readonly marks: boolean
  /**
   * Result rows are the lane's own: other than those of the batch that goes with the dialect, whose rows users know. The
   * answers are put into such rows when they are delivered.
   */
  readonly ownRows?: boolean
  /**
   * Of two ways to tell a schema for answers, the vendor keeps to the older one alone in batches: translated requests say
   * it so where they can (`openSchemas` of the dialects).
   */
  readonly openSchemas?: boolean
  /**
   * How the vendor keeps the beginning of a prompt where requests ask for it. Absent: unasked, or not at all.
   */
  readonly keeps?: PromptMark
  /**
   * That a submission is over is told by its counts alone, and they grow while its rows are read: before as many are
   * counted as it has, it may go on.
   */
  readonly countsGrow?: boolean
  /** Where a row may come back without its id: what it echoes tells of which request it is. Only beside `ownRows`. */
  readonly content?: Content
  /**
   * An id in the results of a submission that has ended, as the vendor gives it back; null where no row has one. What
   * proves whose a candidate is. Present where `marks` is false, and where the vendor may forget the key that a submission
   * was marked with.
   */
  idIn?(call: Call, remote: Remote): Promise<string | null>
}

export interface PromptMark {
  /** JSON text of the member of a block at whose end the prompt so far is kept. */
  readonly member: string
  /** How writing it is charged. */
  readonly writes: TokenKind
  /** How often it is found again, as the vendor promises it: 0 to 1. */
  readonly hits: { readonly low: number; readonly likely: number; readonly high: number }
}

/** What a request asks, as a text that is equal for its body as it was sent and for the result row that echoes it. */
export interface Content {
  ofBody(body: Uint8Array): string
  ofRow(line: Uint8Array): string
}

/** `{"custom_id":"` id `","method":…,"body":` body `}\n` — what stands before the id, between, and after. */
export interface RowFrame {
  readonly beforeId: Uint8Array
  readonly afterId: Uint8Array
  readonly afterBody: Uint8Array
  /** The id stands inside the body: `afterId` holds the body's `{` and a first field, and the body's own `{` is left out. */
  readonly opensBody?: boolean
  /** The vendor takes no `model` in the body: it is overwritten with spaces, which changes no length. */
  readonly blanksModel?: boolean
  /** Members of the body that the vendor calls by another name, no longer than that: they are renamed in place. */
  readonly renames?: Readonly<Record<string, string>>
}

export interface Upload {
  readonly key: string
  readonly endpoint: string
  /** As the vendor names it; of all rows. */
  readonly model: string
  readonly rows: number
  /** Exact length of `body`. */
  readonly bytes: number
  /** Whole rows, framed, in blocks of any size. Called once per attempt. */
  body(): AsyncIterable<Uint8Array>
}

/** A file that goes to the vendor by itself. */
export interface Attachment {
  /** Its name there, before the extension. */
  readonly key: string
  readonly type: MediaType
  readonly bytes: number
  /** Called once per attempt. */
  body(): AsyncIterable<Uint8Array>
}

export interface Reference {
  /** As `remove` takes it. */
  readonly fileId: string
  /** As requests name it. */
  readonly text: string
  /** Vendor time, epoch ms; null: it is there until it is deleted. */
  readonly expiresAt: number | null
}

export interface Prepared {
  /** Null where the rows travel with the purchase. */
  readonly fileId: string | null
  readonly key: string
  readonly endpoint: string
  readonly model: string
  readonly rows: number
}

/** What shows that a submission at the vendor is ours. Times are vendor time, epoch ms. */
export interface Mark {
  readonly key: string
  readonly fileId: string | null
  readonly rows: number
  readonly sentAt: number
  readonly sendBy: number
}

export type Purchase =
  | { readonly kind: 'bought'; readonly remote: Remote }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'withheld' }
  /** 5xx, 408, 409, reset, time-out, unreadable 2xx: perhaps bought. */
  | { readonly kind: 'unsure'; readonly why: string }

export type Found =
  | { readonly kind: 'found'; readonly remote: Remote }
  /** Not there, as far as the vendor's list was read. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'candidates'; readonly remotes: readonly Remote[] }

/** Why the vendor will not run it, by what to do about it. */
export interface Refusal {
  readonly kind:
    | 'quota' // back-pressure: wait, feed the next as room frees
    | 'rate' // slow down
    | 'file' // the input file is not (yet, any more) there: prepare again
    | 'rows' // `rows` are wrong: they fail, the rest is cut again
    | 'whole' // wrong without a row named: bisect
    | 'too_large' // cut smaller
    | 'credentials' // 401, 403
    | 'billing' // the account cannot pay
    | 'unavailable' // the vendor, now
  readonly code: string | null
  readonly message: string
  /** Rows named, 0-based, with what is wrong. */
  readonly rows?: readonly { readonly row: number; readonly code: string | null; readonly message: string }[]
  /** The limit the vendor stated, where it did. */
  readonly limit?: { readonly unit: 'tokens' | 'requests'; readonly max: number }
  readonly retryAfterMs?: number
}

export interface Remote {
  readonly id: string
  /** `unknown`: a word of the vendor that no contract explains; changes no state. */
  readonly state: 'open' | 'cancelling' | 'ended' | 'refused' | 'unknown'
  readonly vendorState: string
  readonly key: string | null
  readonly fileId: string | null
  /** Vendor time, epoch ms. */
  readonly createdAt: number
  readonly counts: { readonly total: number; readonly completed: number; readonly failed: number } | null
  readonly files: readonly RemoteFile[]
  /** What has become of rows that no file mentions, where the vendor leaves out what it did not run. Absent: missing. */
  readonly rest?: 'expired' | 'cancelled'
  /** It may have run and billed rows of which it hands out nothing, and does not say how many. */
  readonly perhapsBilled?: boolean
  readonly refusal?: Refusal
  readonly about?: RemoteAbout
}

/** What a submission says of itself that of ours we know: for those that somebody else has made. Times are vendor time. */
export interface RemoteAbout {
  /** Where its requests go, as batch lines name it; null: it does not say. */
  readonly endpoint: string | null
  readonly model: string | null
  readonly endedAt: number | null
  /** When the vendor gives it up, unless it has ended by then. */
  readonly expiresAt: number | null
  /** Of all its rows together. */
  readonly usage: Usage | null
  /** Why its results cannot be read where we look for them. Absent: they can. */
  readonly elsewhere?: string
}

/** Something at the vendor that may be ours. */
export interface Leftover {
  readonly kind: 'input' | 'attachment' | 'output' | 'submission'
  /** As `remove` takes it; of a submission, its own. */
  readonly id: string
  /** The key of ours that it bears; null: it bears none. */
  readonly key: string | null
  readonly bytes: number | null
  /** Vendor time, epoch ms. */
  readonly createdAt: number
  /** The submission that it is, or is of, has not ended. */
  readonly running: boolean
  /** `remove` can delete it. */
  readonly removable: boolean
}

export interface RemoteFile {
  readonly id: string
  readonly role: 'output' | 'error'
}

export interface ResultStream {
  /** Content-Length, where the vendor states it. */
  readonly bytes: number | null
  /** Throws VendorUnavailable when the connection breaks or ends short of Content-Length. */
  readonly body: AsyncIterable<Uint8Array>
}

export interface Provider {
  readonly name: string
  readonly batch?: BatchLane
  readonly sync?: Readonly<Partial<Record<Exclude<Tier, 'batch'>, SyncLane>>>
  /** How the official SDKs read their environment. */
  readonly environment: {
    readonly apiKey: readonly string[]
    readonly baseUrl: readonly string[]
    /** Empty: there is none, and one must be told. */
    readonly baseUrlDefault: string
    /** It may take calls without a key. */
    readonly keyOptional?: boolean
  }
  /** Headers from the environment that say whose the account is (organisation, project). */
  headersFrom(environment: Readonly<Record<string, string | undefined>>): Record<string, string>
  /** For an account that takes more than a key and a base URL to name. */
  accountFrom?(environment: Readonly<Record<string, string | undefined>>): Partial<AccountSetup>
  /** Members of an account in the user's config that are this vendor's own; they become settings of the account. */
  readonly accountSettings?: readonly string[]
  /** Where the vendor can be told to work, by the user's word for it. Absent: nowhere in particular. */
  readonly regions?: Readonly<Record<string, Region>>
  /** Of its batch lane against its standard price, in its own words, where what its models cost is in no catalogue. */
  readonly discount?: string
  /** The vendor's own account of what it charged, and of what was used. Absent: it gives none that is known here. */
  readonly costs?: CostBook
  /** A free call that shows whether the key works. */
  check(call: Call): Promise<{ readonly scope: string; readonly detail: string }>
  /** Models of the account, where only the far end knows them. Free. */
  models?(call: Call): Promise<readonly string[]>
}

/** Epoch ms; `from` is the beginning of a day, UTC. */
export interface ReportWindow {
  readonly from: number
  readonly until: number
}

export interface CostBook {
  /** Vendors, by our names, whose charges are in it. */
  readonly sells: readonly string[]
  /** Variables of the key that may read it; none where it comes as a file only. */
  readonly adminKey: readonly string[]
  /** What files are known, and by which columns, for whoever has another. */
  readonly file: string
  /** Reads an exported file; undefined: it is not of this kind. */
  read(text: string): CostReport | undefined
  /** From the day of `from` (epoch ms) until today; `apiKey` of the call is the admin key. */
  live?(call: Call, from: number): Promise<CostReport>
  /**
   * Pages of what an organization used, as the vendor answers them, in hours, told apart as far as it can: by model, key
   * and tier at least. `apiKey` of the call is the admin key.
   */
  usage?(call: Call, window: ReportWindow): AsyncIterable<unknown>
}

/** A place where a vendor can be told to work. */
export interface Region {
  /** Variables that put an account there, in place of what the environment says. */
  readonly environment?: Readonly<Record<string, string>>
  /** What each request says, where it is the requests that say it: a member of their bodies, and its text. */
  readonly member?: { readonly name: string; readonly value: string }
  /** The vendor's data-residency price applies. */
  readonly resident: boolean
  /** Whether a model can be told so. Absent: each can. */
  takes?(model: string): boolean
}

/** An account made of several variables; `environment` names those of its key and base URL all the same. */
export interface AccountSetup extends Required<Pick<Call, 'settings' | 'resident' | 'authorize'>> {
  /** Beside those of `headersFrom`: what the vendor is told and the account is not made of. */
  readonly headers?: Call['headers']
  readonly baseUrl: string
  /** Variables that are wanted and not set; none: the account is complete. */
  readonly missing: readonly string[]
}

/** The vendor refused the input file; what to do about it is in `refusal`. */
export class PrepareRefused extends RedeyeError {
  readonly code = 'prepare_refused'
  readonly exitCode = 4
  override readonly hint = 'Nothing was bought: an input file costs nothing.'
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(`The vendor refused the input file: ${refusal.message}`)
    this.refusal = refusal
  }
}

/** 401 or 403 on a call about something we have: the key is wrong, revoked, or another account's. */
export class CredentialsRefused extends RedeyeError {
  readonly code = 'credentials_refused'
  readonly exitCode = 4
  override readonly hint =
    'Check the API key and its organisation and project, then run the same command again: nothing is lost.'
  readonly status: number
  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

/** A result file that the vendor names and does not have: deleted, expired, or not there yet. */
export class ResultsGone extends VendorUnavailable {}

/** For a file that somebody else has uploaded: whatever the vendor says to that, it does not hand it out. */
export function asGone(error: unknown): never {
  const denied =
    (error instanceof VendorUnavailable && [400, 404, 405, 410, 501].includes(error.status ?? 0)) ||
    (error instanceof CredentialsRefused && error.status === 403)
  throw denied ? new ResultsGone(error.message, { cause: error }) : error
}
