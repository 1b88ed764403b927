import type { RemoteFile } from '../providers/contract.ts'
import type { SubmissionRow } from '../stores/contract.ts'
import type { Flight } from './flight.ts'

/**
 * Vendor storage is a quota too: what we uploaded and what we hold a verified copy of is deleted there. A file that
 * cannot be deleted now is only litter, so the flight goes on and the log says so.
 */
export async function cleanUp(
  flight: Flight,
  submission: SubmissionRow,
  results: readonly RemoteFile[] = [],
): Promise<void> {
  const { ports, lane, call, options } = flight
  if (options.keepRemote || lane.remove === undefined) return
  const files = [...(submission.fileId === null ? [] : [submission.fileId]), ...results.map(({ id }) => id)]
  for (const outcome of await Promise.allSettled(files.map((id) => lane.remove?.(call, id)))) {
    if (outcome.status === 'rejected') {
      ports.log.warn(
        { submission: submission.id, error: String(outcome.reason) },
        'a file could not be deleted at the vendor',
      )
    }
  }
}
