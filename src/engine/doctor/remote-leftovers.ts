import { terminalJobStates } from '../../domain/states.ts'
import { HOUR } from '../../kit/clock.ts'
import type { Call, Leftover } from '../../providers/contract.ts'
import type { AttachmentRow, SubmissionRow } from '../../stores/contract.ts'
import { isProvenOurs } from '../harvest/clean-up.ts'
import type { JobOptions } from '../options.ts'
import type { Ports, VendorAccount } from '../ports.ts'
import { isLive, SWEEP_MS } from '../purchase/restore.ts'

/** Something of ours at a vendor that no flight of this home needs any more, or that this home knows nothing of. */
export interface RemoteLeftover extends Omit<Leftover, 'createdAt'> {
  readonly vendor: string
  readonly account: string
  readonly createdAt: string
  readonly ageMs: number
  /** The job it is of; null: this home does not know it. */
  readonly job: string | null
  /** Why it stays where it is; null: it may be deleted. */
  readonly kept: string | null
  /** It was deleted just now. */
  readonly removed: boolean
}

export interface RemoteCheck {
  readonly leftovers: readonly RemoteLeftover[]
  /** What else there is to say of an account: that nothing there bears our mark, or that it could not be looked at. */
  readonly notes: readonly AccountNote[]
}

export interface AccountNote {
  readonly vendor: string
  readonly account: string
  /** false: it could not be looked at to the end. */
  readonly ok: boolean
  readonly text: string
}

/**
 * Lists what lies at the vendors and bears a key of ours, of every account this process can call.
 * @param options.remove  deletes it, but for what another home may still need
 */
export async function remoteLeftovers(ports: Ports, options: { readonly remove?: boolean } = {}): Promise<RemoteCheck> {
  const known = new Set((await ports.store.accounts()).map(({ id }) => id))
  const submissions = await ports.store.submissions({})
  const adopted = (await ports.store.jobs()).filter(({ options }) => (options as JobOptions).adopted !== undefined)
  const books = {
    adopted: new Set(adopted.map(({ id }) => id)),
    adoptedKeys: new Set(adopted.map(({ options }) => (options as JobOptions).adopted?.key ?? '')),
    byKey: Map.groupBy(submissions, ({ key }) => key),
    byRemote: Map.groupBy(submissions, ({ remoteId }) => remoteId ?? ''),
    attachments: await ports.store.attachments(),
    seen: new Set<string>(),
    remove: options.remove === true,
  }
  const check = { leftovers: [] as RemoteLeftover[], notes: [] as AccountNote[] }
  for (const account of ports.vendors.accounts()) {
    if (account.call === null || (account.regional && !known.has(account.row.id))) continue
    const { vendor, id } = account.row
    const note = (text: string, ok = true) => check.notes.push({ vendor, account: id, ok, text })
    try {
      for await (const leftover of leftoversAt(ports, account, account.call, books, note))
        check.leftovers.push(leftover)
    } catch (error) {
      note((error as Error).message, false)
    }
  }
  return check
}

interface Books {
  /** Jobs that took over what somebody else has bought, and keys of other homes that this bears: nothing of it is ours. */
  readonly adopted: ReadonlySet<string>
  readonly adoptedKeys: ReadonlySet<string>
  readonly byKey: ReadonlyMap<string, readonly SubmissionRow[]>
  readonly byRemote: ReadonlyMap<string, readonly SubmissionRow[]>
  readonly attachments: readonly AttachmentRow[]
  /** Two accounts may see the same: two regions that share a bucket. */
  readonly seen: Set<string>
  readonly remove: boolean
}

async function* leftoversAt(
  ports: Ports,
  { row, provider: { batch } }: VendorAccount,
  call: Call,
  { adopted, adoptedKeys, byKey, byRemote, attachments, seen, remove }: Books,
  note: (text: string) => void,
): AsyncGenerator<RemoteLeftover> {
  if (batch === undefined) return
  if (batch.leftovers === undefined) return note('what it left there cannot be listed')
  let unmarked = 0
  // All of it first: what is deleted while it is listed would take the place in the list away.
  for (const { createdAt, ...item } of await Array.fromAsync(batch.leftovers(call))) {
    if (seen.has(`${row.vendor} ${item.id}`)) continue
    seen.add(`${row.vendor} ${item.id}`)
    // A vendor that tells no time may have made it just now.
    const ageMs = createdAt === 0 ? 0 : Math.max(0, ports.vendors.now(row.id) - createdAt)
    const at = new Date(createdAt).toISOString()
    const found = { vendor: row.vendor, account: row.id, ...item, createdAt: at, ageMs }
    if (item.kind === 'attachment') {
      const file = await attachmentLeft(ports, item, attachments, ageMs)
      if (file === undefined) continue
      const removed = remove && file.kept === null
      if (removed) {
        if (file.row !== undefined) await ports.store.forgetAttachment(file.row) // from now on nothing names it
        await batch.remove?.(call, item.id)
      }
      yield { ...found, job: file.job, kept: file.kept, removed }
      continue
    }
    const own = (item.key === null ? byRemote.get(item.id) : byKey.get(item.key)) ?? []
    if (own.some(({ jobId, remoteId }) => adopted.has(jobId) && remoteId === item.id)) continue
    if (adoptedKeys.has(item.key ?? '-')) continue
    if (item.key === null && own.length === 0) unmarked++
    else if (!own.some((submission) => isNeeded(ports, submission))) {
      const kept = reasonToKeep(item, own, ageMs)
      const removed = remove && kept === null
      if (removed) await batch.remove?.(call, item.id)
      yield { ...found, job: own[0]?.jobId ?? null, kept, removed }
    }
  }
  if (!batch.marks)
    note(`nothing there bears a mark of ours: of ${unmarked} more, nobody can tell whose they are; they are left alone`)
}

/** Its flight is not over, or it is still looked for. */
function isNeeded({ clock }: Ports, submission: SubmissionRow): boolean {
  return isLive(submission) || (submission.state === 'absent' && submission.createdAt > clock.now() - SWEEP_MS)
}

/**
 * A file that requests name, or named: the row that is about it, and why it stays. Undefined: a job on its way needs it.
 * One that bears our key and is in no row was uploaded by a process that then died, or is older than that of the row.
 */
async function attachmentLeft(
  ports: Ports,
  { id, key }: Pick<Leftover, 'id' | 'key'>,
  attachments: readonly AttachmentRow[],
  ageMs: number,
): Promise<{ readonly row?: AttachmentRow; readonly job: string | null; readonly kept: string | null } | undefined> {
  const own = attachments.find((row) => row.key === key)
  if (own === undefined) return { job: null, kept: ageMs < SWEEP_MS ? forOthers : null }
  const used = await isUsed(ports, own)
  if (own.fileId === id) return used ? undefined : { row: own, job: own.jobId, kept: null }
  const kept = used || ageMs < HOUR ? 'a job on its way may need it' : null
  return { job: own.jobId, kept }
}

/** By a job on its way. */
async function isUsed({ store }: Ports, file: AttachmentRow): Promise<boolean> {
  for (const id of await store.usersOf(file)) {
    const job = await store.job(id)
    if (job !== undefined && !terminalJobStates.includes(job.state)) return true
  }
  return false
}

/** What this home does not know may be another home's, which is given as long as a key stays on the sweep. */
function reasonToKeep(
  { key, running, removable }: Pick<Leftover, 'key' | 'running' | 'removable'>,
  own: readonly SubmissionRow[],
  ageMs: number,
): string | null {
  if (running) return 'it is on its way'
  if (!removable) return 'the vendor deletes no such thing'
  if (key === null && !own.some(isProvenOurs)) return 'its results do not show that it is ours'
  if (own.length === 0 && ageMs < SWEEP_MS) return forOthers
  return null
}

const forOthers = 'another home may need it; after 72 hours nobody does'
