import type { Collected } from '../../delivery/result-index.ts'
import { DAY, MINUTE } from '../../kit/clock.ts'
import { randomId } from '../../kit/ids.ts'
import { type Remote, type RemoteFile, ResultsGone } from '../../providers/contract.ts'
import type { SubmissionRow } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'
import { commit, eventOf, type Flight, type Then } from '../shards/flight.ts'
import { keepSubmission, moveSubmission } from '../shards/move.ts'
import { type Named, nameRows, namesOf, type RowNames, renamed } from './adopted-rows.ts'
import { cleanUp } from './clean-up.ts'
import { matchContent } from './match-content.ts'
import { keepLines, RowOutcomes } from './row-outcomes.ts'

const FILE_LATE_MS = 30 * MINUTE
/** A short file is read again from the top, 3 times over 15 minutes. */
const SHORT_PAUSES = [MINUTE, 4 * MINUTE, 10 * MINUTE]

interface Progress {
  readonly lateSince?: number
  readonly short?: number
  readonly goneSince?: number
}

/**
 * Fetches every file the submission left and gives every row one outcome. Only what is proven complete is collected:
 * the full Content-Length, and as many rows as the vendor counts.
 */
export async function collect(flight: Flight, submission: SubmissionRow): Promise<Then> {
  const { ports, lane, call } = flight
  const progress = (submission.progress ?? {}) as Progress
  const remote = await lane.poll(call, submission.remoteId ?? '')
  if (remote === undefined && (progress.goneSince ?? ports.clock.now()) > ports.clock.now() - DAY)
    return unseen(flight, submission, progress)
  const {
    counts,
    files,
    rest,
    perhapsBilled = false,
  }: Pick<Remote, 'counts' | 'files' | 'rest' | 'perhapsBilled'> = remote ?? {
    counts: submission.counts as Remote['counts'],
    files: [],
  }
  const fileLate =
    // Without counts either, nothing at all is no result.
    (counts === null ? files.length === 0 : counts.completed > 0 && !files.some(({ role }) => role === 'output')) &&
    !exhausted(ports, progress)
  if (fileLate) {
    if (progress.lateSince === undefined) {
      await commit(flight, {
        submissions: [keepSubmission(submission, { progress: { ...progress, lateSince: ports.clock.now() } })],
        events: [eventOf(flight, 'output-late', { counts }, submission)],
      })
    }
    return ports.clock.now() + Math.max(20_000, 40 * ports.clock.speed)
  }
  ports.step('collecting')
  const gathered = await gather(flight, submission, files, { rest, counted: counts?.total ?? 0 })
  const seen = gathered.rows - gathered.missing
  // Counted by rows that were sent: repeated and foreign lines make a file no more complete.
  const short = gathered.gone || (counts !== null && seen < Math.min(gathered.rows, counts.completed + counts.failed))
  const tries = progress.short ?? 0
  const pause = SHORT_PAUSES[tries]
  if (short && pause !== undefined) {
    await commit(flight, {
      submissions: [keepSubmission(submission, { progress: { ...progress, short: tries + 1 } })],
      events: [eventOf(flight, 'short-file', { rows: gathered.lines, counts }, submission)],
    })
    return ports.clock.now() + pause
  }
  const { named, ...kept } = await gathered.save()
  const collected = { ...kept, perhapsBilled }
  await commit(flight, {
    ...named?.change,
    submissions: [moveSubmission(submission, 'collect', { collected, counts, progress: null, ...named?.set })],
    events: [eventOf(flight, 'collected', { ...collected.rows, bytes: collected.bytes }, submission)],
  })
  ports.step('collected')
  await cleanUp(flight, submission, files)
  return 'again'
}

/** It has ended and is not there any more. For a day that may be the vendor's trouble; then what it left is missing. */
async function unseen(flight: Flight, submission: SubmissionRow, progress: Progress): Promise<Then> {
  const { ports } = flight
  if (progress.goneSince === undefined) {
    await commit(flight, {
      submissions: [keepSubmission(submission, { progress: { ...progress, goneSince: ports.clock.now() } })],
      events: [eventOf(flight, 'unseen', { remote: submission.remoteId }, submission)],
    })
  }
  return ports.clock.now() + Math.max(MINUTE, 40 * ports.clock.speed)
}

const exhausted = ({ clock }: Ports, { lateSince }: Progress): boolean =>
  lateSince !== undefined && clock.now() - lateSince > FILE_LATE_MS

interface Gathered {
  readonly lines: number
  readonly rows: number
  readonly missing: number
  /** A file that the vendor named was not there. */
  readonly gone: boolean
  /** Makes index and usage durable beside the files, which are already. */
  save(): Promise<Collected & { readonly named?: Named }>
}

async function gather(
  flight: Flight,
  submission: SubmissionRow,
  remote: readonly RemoteFile[],
  { rest, counted }: { readonly rest: Remote['rest']; readonly counted: number },
): Promise<Gathered> {
  const { ports, job, lane, claim, call, input, options } = flight
  // By the lease: a process that froze in here and wakes too late must not write over what another collected since.
  const folder = `jobs/${job.id}/${submission.id}/${claim?.epoch ?? randomId('stray')}`
  const names = await namesOf(ports, options, input, submission)
  const room = names?.grows === true ? Math.max(counted, 2 * lane.limits.rowsMax) : submission.rows
  const rows = new RowOutcomes(room, { resident: call.resident === true })
  const files: string[] = []
  let gone = false
  for (const [number, file] of remote.entries()) {
    const name = `${folder}/${file.role}${number === 0 ? '' : `-${number}`}`
    if (await fetchFile(flight, submission, { file, name, names }, rows, files.length)) files.push(name)
    else gone = true
  }
  if (names?.grows === true) rows.keep(Math.max(names.ids.length, counted))
  if (lane.content !== undefined && rows.nameless.size > 0)
    await matchContent(flight, lane.content, rows.matching(files))
  const missing = rows.markUnseen(rest)
  return {
    lines: rows.lines,
    rows: rows.count,
    missing,
    gone,
    save: async () => {
      const collected = await rows.save(ports, folder, files, missing)
      if (names?.grows !== true) return collected
      return { ...collected, named: await nameRows(flight, folder, names, { rows: rows.count, models: rows.models }) }
    },
  }
}

/** Streams one result file into a blob. False: the vendor has none. */
async function fetchFile(
  flight: Flight,
  { key }: SubmissionRow,
  { file, name, names }: { readonly file: RemoteFile; readonly name: string; readonly names: RowNames | null },
  rows: RowOutcomes,
  number: number,
): Promise<boolean> {
  const { lane, call } = flight
  const opened = await lane.open(call, file).catch((error: unknown) => {
    if (error instanceof ResultsGone) return undefined
    throw error
  })
  if (opened === undefined) return false
  const body = names === null ? opened.body : await renamed(flight, opened.body, names, key)
  await keepLines(flight, body, { name, scanner: lane.scanner, key }, rows, number)
  return true
}
