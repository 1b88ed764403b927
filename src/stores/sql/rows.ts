import type {
  AccountRow,
  AttachmentRow,
  AttendantRow,
  Ending,
  EventRow,
  JobRow,
  LedgerRow,
  QuotaRow,
  ShardRow,
  SubmissionRow,
} from '../contract.ts'

/** How a column holds its field: as it is, as JSON text, as 0 or 1, as an int64, as an int64 where -1 is unknown. */
type Form = 'plain' | 'json' | 'flag' | 'int64' | 'price'

/** Between a row of the contract and its columns. */
export interface Codec<Row> {
  /** For `select` and `returning`: the row and nothing that a table holds beside it. */
  readonly columns: (keyof Row & string)[]
  /** Absent fields stay absent. The caller names what the table wants. */
  encode<Columns>(row: Partial<Row>): Columns
  decode(columns: object): Row
}

const write: Readonly<Record<Form, (value: unknown) => unknown>> = {
  plain: (value) => value,
  json: (value) => (value === null ? null : JSON.stringify(value)),
  flag: (value) => (value === true ? 1 : 0),
  int64: (value) => value,
  price: (value) => value ?? -1n,
}

const read: Readonly<Record<Form, (value: unknown) => unknown>> = {
  plain: (value) => value,
  json: (value) => (value === null ? null : JSON.parse(value as string)),
  flag: (value) => value === 1,
  int64: (value) => (value === null ? null : BigInt(value as string)),
  price: (value) => (value === '-1' ? null : BigInt(value as string)),
}

function codec<Row>(forms: Readonly<Record<keyof Row & string, Form>>): Codec<Row> {
  const fields = Object.entries<Form>(forms)
  return {
    columns: fields.map(([name]) => name as keyof Row & string),
    encode<Columns>(row: Partial<Row>) {
      const known = fields.filter(([name]) => row[name as keyof Row] !== undefined)
      return Object.fromEntries(known.map(([name, form]) => [name, write[form](row[name as keyof Row])])) as Columns
    },
    decode(columns) {
      const held = columns as Readonly<Record<string, unknown>>
      const row: Record<string, unknown> = {}
      for (const [name, form] of fields) row[name] = form === 'plain' ? held[name] : read[form](held[name])
      return row as Row
    },
  }
}

export const accountRows = codec<AccountRow>({
  id: 'plain',
  vendor: 'plain',
  baseUrl: 'plain',
  scope: 'plain',
  createdAt: 'plain',
})

export const jobRows = codec<JobRow>({
  id: 'plain',
  key: 'plain',
  state: 'plain',
  held: 'plain',
  rev: 'plain',
  digest: 'plain',
  input: 'json',
  options: 'json',
  quote: 'json',
  receipt: 'json',
  tags: 'json',
  requests: 'plain',
  round: 'plain',
  cancelWanted: 'flag',
  createdAt: 'plain',
  deadline: 'plain',
  landedAt: 'plain',
  outputs: 'json',
  error: 'plain',
})

export const shardRows = codec<ShardRow>({
  id: 'plain',
  jobId: 'plain',
  round: 'plain',
  firstOrdinal: 'plain',
  count: 'plain',
  ordinals: 'plain',
  group: 'plain',
  model: 'plain',
  lane: 'plain',
  accountId: 'plain',
  inputs: 'plain',
  bytes: 'plain',
  tokens: 'plain',
  outputMax: 'plain',
  state: 'plain',
  held: 'plain',
  purchase: 'plain',
  refusals: 'plain',
  tally: 'json',
  course: 'json',
  wakeAt: 'plain',
  owner: 'plain',
  epoch: 'plain',
  leaseUntil: 'plain',
})

export const submissionRows = codec<SubmissionRow>({
  id: 'plain',
  jobId: 'plain',
  shardId: 'plain',
  accountId: 'plain',
  lane: 'plain',
  model: 'plain',
  purchase: 'plain',
  key: 'plain',
  state: 'plain',
  vendorState: 'plain',
  remoteId: 'plain',
  fileId: 'plain',
  rows: 'plain',
  inputs: 'plain',
  tokens: 'plain',
  bytes: 'plain',
  worstNanoUsd: 'int64',
  sentAt: 'plain',
  sendBy: 'plain',
  createdAt: 'plain',
  openedAt: 'plain',
  endedAt: 'plain',
  settledAt: 'plain',
  collectBy: 'plain',
  counts: 'json',
  collected: 'json',
  progress: 'json',
  cancelWanted: 'flag',
  abandoned: 'flag',
  duplicate: 'flag',
  error: 'json',
})

export const endingRows = codec<Ending>({
  id: 'plain',
  jobId: 'plain',
  accountId: 'plain',
  lane: 'plain',
  model: 'plain',
  rows: 'plain',
  state: 'plain',
  openedAt: 'plain',
  endedAt: 'plain',
  counts: 'json',
  cancelWanted: 'flag',
  abandoned: 'flag',
})

export const eventRows = codec<EventRow>({
  seq: 'plain',
  jobId: 'plain',
  shardId: 'plain',
  submissionId: 'plain',
  at: 'plain',
  type: 'plain',
  data: 'json',
})

export const ledgerRows = codec<LedgerRow>({
  submissionId: 'plain',
  jobId: 'plain',
  model: 'plain',
  tier: 'plain',
  kind: 'plain',
  unitPrice: 'price',
  entry: 'plain',
  part: 'plain',
  tokens: 'plain',
  nanoUsd: 'int64',
  standardNanoUsd: 'int64',
  reason: 'plain',
  tags: 'json',
  at: 'plain',
})

export const quotaRows = codec<QuotaRow>({
  accountId: 'plain',
  model: 'plain',
  unit: 'plain',
  limitMax: 'plain',
  learnedAt: 'plain',
})

export const attendantRows = codec<AttendantRow>({
  owner: 'plain',
  pid: 'plain',
  host: 'plain',
  command: 'plain',
  jobs: 'json',
  since: 'plain',
  until: 'plain',
})

export const attachmentRows = codec<AttachmentRow>({
  accountId: 'plain',
  sha256: 'plain',
  key: 'plain',
  jobId: 'plain',
  fileId: 'plain',
  reference: 'plain',
  uploadedAt: 'plain',
  expiresAt: 'plain',
})
