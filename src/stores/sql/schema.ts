import type { ColumnType, GeneratedAlways, Kysely } from 'kysely'
import type {
  AccountRow,
  AttachmentRow,
  AttachmentUse,
  AttendantRow,
  BudgetRow,
  EventRow,
  ForgottenRow,
  JobRow,
  LedgerRow,
  QuotaRow,
  ShardRow,
  SubmissionRow,
} from '../contract.ts'

/** A row as SQL holds it: what JSON holds is text, booleans are 0 or 1, all else is itself. */
type Columns<Row, JsonColumn extends keyof Row = never> = {
  -readonly [Name in keyof Row]: Name extends JsonColumn
    ? string | null
    : Row[Name] extends boolean
      ? number
      : Row[Name]
}

/** An int64 that a double cannot hold: written as bigint, read as text. */
type Int64<Absent = never> = ColumnType<string | Absent, bigint | Absent, never>

/** Tables in camelCase; the names in SQL are snake_case. The text of the tables is in migrations/. */
export interface Schema {
  meta: { key: string; value: string }
  /** `coldSince`: since when the vendor must be listed before this account buys. */
  account: Columns<AccountRow> & { coldSince: number | null }
  job: Columns<JobRow, 'input' | 'options' | 'quote' | 'receipt' | 'tags' | 'outputs'> & {
    leaseOwner: string | null
    leaseUntil: number
  }
  /** `seenWake`: the wake-up that its lease answers; another value in `wakeAt` came while the step ran. */
  shard: Columns<ShardRow, 'tally' | 'course'> & { seenWake: number | null }
  submission: Omit<Columns<SubmissionRow, 'counts' | 'collected' | 'progress' | 'error'>, 'worstNanoUsd'> & {
    worstNanoUsd: ColumnType<string | null, bigint | null, bigint | null>
  }
  event: Omit<Columns<EventRow, 'data'>, 'seq'> & { seq: GeneratedAlways<number> }
  /** `unitPrice`: -1 where the price is unknown, for no null is equal to another in a key. */
  ledger: Omit<Columns<LedgerRow, 'tags'>, 'unitPrice' | 'nanoUsd' | 'standardNanoUsd'> & {
    unitPrice: Int64
    nanoUsd: Int64<null>
    standardNanoUsd: Int64<null>
  }
  quota: Columns<QuotaRow>
  budget: Omit<BudgetRow, 'nanoUsd'> & { nanoUsd: ColumnType<string, bigint, bigint>; rev: number }
  /** What the ledger adds up to, by tag and month; of all jobs under an empty tag. */
  spent: { tag: string; value: string; month: string; nanoUsd: ColumnType<string, bigint, bigint> }
  jobTag: { jobId: string; tag: string; value: string }
  forgotten: Columns<ForgottenRow> & { accountId: string }
  attendant: Columns<AttendantRow, 'jobs'>
  attachment: Columns<AttachmentRow>
  attachmentUse: Columns<AttachmentUse>
}

export type Database = Kysely<Schema>
