import { type NanoUsd, usd } from '../../domain/money.ts'
import type { JobRow, LedgerRow, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import { chargesOf } from '../harvest/settle.ts'
import type { Ports } from '../ports.ts'
import { type RoutedManifest, routedFor, sentManifest } from '../rows/routing.ts'

/** The ledger, and the same computed anew from the usage records that collecting left. Amounts are decimal USD. */
export interface Recomputed {
  readonly submissions: number
  readonly entries: number
  /** Proven and duplicate, together. */
  readonly recorded: string
  readonly computed: string
  /** Entries that are not what they would be now; empty: the ledger stands. */
  readonly differences: readonly Difference[]
}

export interface Difference {
  readonly job: string
  readonly submission: string
  readonly what: string
  /** null: there is no such entry, or it has no price. */
  readonly recorded: string | null
  readonly computed: string | null
  /** `price`: the same tokens, and the catalogue has another price for them now; what was settled stands. */
  readonly why: 'price' | 'tokens' | 'gone'
}

/** Computes what every settled submission is charged, and compares it with the ledger. Writes nothing. */
export async function recompute(ports: Ports, of: { readonly jobId?: string } = {}): Promise<Recomputed> {
  const ledger = await ports.store.ledger(of)
  const bySubmission = Map.groupBy(ledger, ({ submissionId }) => submissionId)
  const differences: Difference[] = []
  let [entries, recorded, computed, submissions] = [0, 0n, 0n, 0]
  for (const submission of await ports.store.submissions(of)) {
    const written = bySubmission.get(submission.id) ?? []
    if (submission.state !== 'settled' && written.length === 0) continue
    const now = await chargesAnew(ports, submission)
    submissions++
    entries += written.length
    recorded += firm(written)
    computed += now === undefined ? firm(written) : firm(now)
    differences.push(...compared(submission, written, now))
  }
  return { submissions, entries, recorded: usd(recorded), computed: usd(computed), differences }
}

/** undefined: the records are gone. */
async function chargesAnew(ports: Ports, submission: SubmissionRow): Promise<LedgerRow[] | undefined> {
  const job = (await ports.store.job(submission.jobId)) as JobRow
  const shard = (await ports.store.shard(submission.shardId)) as ShardRow
  const { lane, model } = submission
  const input = routedFor(job.input as RoutedManifest, { group: shard.group, lane, model })
  const { usage } = (submission.collected ?? {}) as { usage?: string }
  if (usage !== undefined && (await ports.blobs.head(usage)) === undefined) return undefined
  return chargesOf({ ports, job, shard, input, manifest: sentManifest(input, shard.group) }, submission)
}

const firm = (rows: readonly LedgerRow[]): NanoUsd =>
  rows.reduce((sum, { part, nanoUsd }) => (part === 'unproven' ? sum : sum + (nanoUsd ?? 0n)), 0n)

function compared(
  { id, jobId }: SubmissionRow,
  written: readonly LedgerRow[],
  now: readonly LedgerRow[] | undefined,
): Difference[] {
  const of = { job: jobId, submission: id }
  if (now === undefined) return [{ ...of, what: 'its usage record', recorded: null, computed: null, why: 'gone' }]
  const names = new Set([...written, ...now].map(nameOf))
  return [...names].flatMap((what): Difference[] => {
    const [before, after] = [written, now].map((rows) => sumOf(rows.filter((row) => nameOf(row) === what)))
    if (before === undefined || after === undefined) return []
    if (before.tokens === after.tokens && before.money === after.money) return []
    const why = before.tokens === after.tokens ? 'price' : 'tokens'
    return [{ ...of, what, recorded: before.money, computed: after.money, why }]
  })
}

const nameOf = ({ part, model, tier, kind }: LedgerRow): string => `${part} ${model} ${tier} ${kind}`

function sumOf(rows: readonly LedgerRow[]): { readonly tokens: number; readonly money: string | null } {
  const priced = rows.length > 0 && rows.every(({ nanoUsd }) => nanoUsd !== null)
  const money = rows.reduce((sum, { nanoUsd }) => sum + (nanoUsd ?? 0n), 0n)
  return { tokens: rows.reduce((sum, row) => sum + row.tokens, 0), money: priced ? usd(money) : null }
}
