import type { AdoptableBatch, AdoptedBatch } from '../../index.ts'
import { columns } from './columns.ts'
import { count, duration, money, moneyOr, some } from './figures.ts'

/** One batch that became a job. */
export function adoptedText({
  job,
  batch,
  requests,
  created,
  own,
  input,
  why,
}: AdoptedBatch & { batch: string }): string {
  if (own) return `${job}  ${batch} was bought by this home: it is that job`
  const what =
    input === true
      ? `${some(requests, 'request')}, as they were sent`
      : `${requests === 0 ? 'requests' : some(requests, 'request')} by their ids alone${why === null ? '' : `: ${why}`}`
  return `${job}  ${batch}: ${what}${created ? '' : ' (a job already)'}`
}

/** What lies at an account. */
export function adoptableText(batches: readonly AdoptableBatch[]): string {
  if (batches.length === 0) return 'There are no batches.'
  const rows = batches.map((one) => [
    one.batch,
    one.model ?? '',
    one.state,
    one.rows === null ? '?' : `${count(one.rows.done + one.rows.failed)}/${count(one.rows.total)}`,
    duration(one.ageMs),
    priceText(one),
    one.usd === null ? '' : moneyOr(one.usd.saved),
    expiryText(one),
    one.job ?? (one.by === 'others' ? '' : one.by),
    one.obstacle ?? '',
  ])
  const head = ['batch', 'model', 'state', 'done ', 'age ', 'usd ', 'saved ', 'expires', 'job', '']
  return [...columns(head, rows), ...footnotes(batches)].join('\n')
}

const priceText = ({ usd }: AdoptableBatch): string =>
  usd === null ? 'unknown' : `${usd.basis === 'sampled' ? '~' : ''}${money(usd.batch)}`

function expiryText({ expires: { what, inMs }, ended }: AdoptableBatch): string {
  if (inMs <= 0) return ended ? 'results are perhaps gone' : 'is overdue'
  return `${what} in ${duration(inMs)}`
}

function footnotes(batches: readonly AdoptableBatch[]): string[] {
  const free = batches.filter(({ job, by, obstacle }) => job === null && by === 'others' && obstacle === null)
  return [
    ...(batches.some(({ usd }) => usd?.basis === 'sampled') ? ['~: an estimate, by the first of its results.'] : []),
    `${free.length} of ${batches.length} can be taken over.`,
  ]
}
