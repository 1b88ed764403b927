import type { Collected } from '../../delivery/result-index.ts'
import { tierOf } from '../../domain/usage.ts'
import type { BatchLane, Call, RemoteFile } from '../../providers/contract.ts'
import type { JobRow, SubmissionRow } from '../../stores/contract.ts'
import { isTakenOver, type JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import type { Flight } from '../shards/flight.ts'

/**
 * Vendor storage is a quota too: what we uploaded and what we hold a verified copy of is deleted there. A file that
 * cannot be deleted now is only litter, so the flight goes on and the log says so.
 * @param results  what it left there; absent: it was never bought
 */
export async function cleanUp(
  { ports, lane, call, options }: Flight,
  submission: SubmissionRow,
  results?: readonly RemoteFile[],
): Promise<void> {
  if (options.keepRemote || isTakenOver(options, submission) || (results !== undefined && provenByResults(lane))) return
  await removeAll(ports, { lane, call }, submission, results ?? [])
}

/** An input file that nothing was bought with. */
export async function removeInput(ports: Ports, submission: SubmissionRow): Promise<void> {
  try {
    const on = { lane: ports.vendors.batch(submission.lane), call: ports.vendors.call(submission.accountId) }
    await removeAll(ports, on, submission, [])
  } catch (error) {
    ports.log.warn({ submission: submission.id, error: String(error) }, 'an input file is left at the vendor')
  }
}

/**
 * Where nothing but its results shows whose a submission is, they are left until the job is home: by them a home that
 * was put back from a backup meanwhile finds what it has bought. What showed a stranger's ids is never deleted.
 */
export async function cleanUpLanded(ports: Ports, { id, options }: JobRow): Promise<void> {
  if ((options as JobOptions).keepRemote) return
  try {
    for (const submission of await ports.store.submissions({ jobId: id, states: ['settled'] })) {
      if (tierOf(submission.lane) !== 'batch') continue // of single calls nothing is left
      if (submission.remoteId === null) continue // bought by another job, which sees to it
      if (isTakenOver(options as JobOptions, submission)) continue
      const lane = ports.vendors.batch(submission.lane)
      if (!provenByResults(lane) || !isProvenOurs(submission)) continue
      const call = ports.vendors.call(submission.accountId)
      const remote = await lane.poll(call, submission.remoteId ?? '')
      if (remote !== undefined) await removeAll(ports, { lane, call }, submission, remote.files)
    }
  } catch (error) {
    ports.log.warn({ job: id, error: String(error) }, 'what is left at the vendor could not be deleted')
  }
}

/** Files that the job's requests named, once no job needs them any more. */
export async function cleanUpAttached(ports: Ports, { id, options }: JobRow): Promise<void> {
  if ((options as JobOptions).keepRemote) return
  for (const { accountId, fileId } of await ports.store.releaseAttachments(id)) {
    try {
      const account = ports.vendors.accounts().find(({ row }) => row.id === accountId)
      await account?.provider.batch?.remove?.(ports.vendors.call(accountId), fileId ?? '')
    } catch (error) {
      ports.log.warn({ job: id, file: fileId, error: String(error) }, 'a file could not be deleted at the vendor')
    }
  }
}

const provenByResults = ({ idIn }: BatchLane): boolean => idIn !== undefined

/** Its results had ids of ours, and no others. */
export function isProvenOurs({ collected, rows }: SubmissionRow): boolean {
  const found = (collected as Collected | null)?.rows
  return found !== undefined && found.strangers === 0 && found.missing < rows
}

async function removeAll(
  { log }: Ports,
  { lane, call }: { lane: BatchLane; call: Call },
  { id, fileId }: SubmissionRow,
  results: readonly RemoteFile[],
): Promise<void> {
  const files = [...(fileId === null ? [] : [fileId]), ...results.map((file) => file.id)]
  for (const outcome of await Promise.allSettled(files.map((file) => lane.remove?.(call, file)))) {
    if (outcome.status === 'rejected')
      log.warn({ submission: id, error: String(outcome.reason) }, 'a file could not be deleted at the vendor')
  }
}
