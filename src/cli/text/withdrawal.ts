import type { Withdrawal } from '../../index.ts'
import { count, some } from './figures.ts'

/** What became of requests that were to be withdrawn, for people. */
export function withdrawalText({ job, withdrawn, inFlight, already, ended, unknown, unknownIds }: Withdrawal): string {
  const lines = [
    `${some(withdrawn, 'request')} of ${job} withdrawn${inFlight === 0 ? '' : `; ${count(inFlight)} perhaps bought already: what comes of them is discarded, and charged`}.`,
  ]
  if (already > 0) lines.push(`${some(already, 'request')} withdrawn before.`)
  if (ended > 0) lines.push(`${some(ended, 'request')} with an outcome, which stands.`)
  const more = unknown > unknownIds.length ? ', …' : ''
  if (unknown > 0) lines.push(`${some(unknown, 'id')} of no request of the job: ${unknownIds.join(', ')}${more}`)
  return lines.join('\n')
}
