import type { JobEvent, JobStatus, SubmissionStatus } from '../../index.ts'
import { exit } from '../exit-codes.ts'
import { out } from '../terminal.ts'
import { columns } from '../text/columns.ts'
import { eventText, wallText } from '../text/events.ts'
import { count, moment } from '../text/figures.ts'
import { progressFacts, progressTimes } from '../text/progress.ts'
import { receiptText } from '../text/receipt.ts'
import { type Flags, withHome } from '../with-home.ts'

export const show = (name: string, flags: Flags): Promise<number> =>
  withHome(flags, async (redeye) => {
    const job = await redeye.find(name)
    const status = await job.status()
    const submissions = await job.submissions()
    const events = await Array.fromAsync(job.events({ follow: false }))
    out(
      flags.json === true
        ? JSON.stringify(asJson(status, submissions, events))
        : asText(status, submissions, events, redeye.now()),
    )
    return exit.done
  })

/** The receipt, and beside its fields what more there is to know. */
function asJson(status: JobStatus, purchases: readonly SubmissionStatus[], events: readonly JobEvent[]): object {
  const { receipt, submissions: _, ...more } = status
  return { ...receipt, ...more, purchases, events }
}

function asText(
  status: JobStatus,
  submissions: readonly SubmissionStatus[],
  events: readonly JobEvent[],
  now: number,
): string {
  const { receipt, key, tags, region, attendants } = status
  const home = receipt.landedAt !== null
  const facts = [
    ...(status.error === null ? [] : [['stopped', status.error]]),
    ...(status.heldBy === null
      ? []
      : [
          ['held', wallText(status.heldBy)],
          ['to go on', status.heldBy.raise],
        ]),
    ...(key === null ? [] : [['key', key]]),
    ...(region === null ? [] : [['region', region]]),
    ...Object.entries(tags).map(([name, value]) => ['tag', `${name}=${value}`]),
    ...(home ? [] : [['progress', `${progressFacts(status)} · ${progressTimes(status, now)}`]]),
    ...(home && attendants.length === 0 ? [] : [['attended', attendedBy(attendants)]]),
  ]
  const bought = submissions.map(({ id, lane, model, state, vendorState, rows, remoteId }) => [
    id,
    lane,
    model,
    vendorState === null ? state : `${state} (${vendorState})`,
    count(rows),
    remoteId ?? '',
  ])
  const told = events.map((event) => [
    moment(event.at),
    eventText(event),
    event.shard === null ? '' : `[${event.shard.slice(0, 12)}]`,
  ])
  const sections = [
    receiptText(receipt),
    columns(null, facts)
      .map((line) => `  ${line}`)
      .join('\n'),
    columns(['submission', 'lane', 'model', 'state', 'rows ', 'at the vendor'], bought).join('\n'),
    columns(null, told).join('\n'),
  ]
  return sections.filter((text) => text !== '').join('\n\n')
}

const attendedBy = (attendants: JobStatus['attendants']): string =>
  attendants.length === 0
    ? 'by nobody; `redeye watch` attends it'
    : attendants.map(({ pid, host, command }) => `by process ${pid} on ${host} (${command})`).join(', ')
