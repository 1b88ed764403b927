import type { Receipt } from '../../index.ts'
import { columns } from './columns.ts'
import { count, duration, moment, money, moneyOr, some } from './figures.ts'

/** A receipt for people. Amounts are exact where they are charged. */
export function receiptText(receipt: Receipt): string {
  const { job, state, createdAt, landedAt } = receipt
  const took = landedAt === null ? '' : ` after ${duration(Date.parse(landedAt) - Date.parse(createdAt))}`
  return [`Job ${job}: ${state}${took}.`, '', ...columns(null, rowsOf(receipt)).map((line) => `  ${line}`)].join('\n')
}

/** One line: what came of a job. */
export function outcomeText({ job, state, requests, usd }: Receipt): string {
  return `${job} ${state}: ${outcomesOf(requests)} of ${some(requests.total, 'request')}, ${moneyOr(usd.charged)} USD`
}

export const outcomesOf = (requests: Receipt['requests']): string => {
  const { succeeded, failed, expired, cancelled, missing, invalid, truncated, discarded } = requests
  const others = Object.entries({ failed, expired, cancelled, missing }).filter(([, number]) => number > 0)
  const parts = [`${count(succeeded)} succeeded`, ...others.map(([name, number]) => `${count(number)} ${name}`)]
  if (invalid > 0) parts.push(`${count(invalid)} with an invalid answer`)
  if (truncated > 0) parts.push(`${count(truncated)} cut off`)
  if (discarded > 0) parts.push(`${count(discarded)} withdrawn too late, and charged`)
  return parts.join(' · ')
}

function rowsOf(receipt: Receipt): [string, string][] {
  const { requests, usd, tokens, lanes, submissions, reused, rescues, deadline, metDeadline, outputs } = receipt
  const asRows = receipt.rows === undefined ? '' : ` (${some(receipt.rows, 'row')} at the vendor)`
  const rows: [string, string][] = [
    ['requests', `${count(requests.total)}: ${outcomesOf(requests)}${asRows}`],
    ['charged', `${exact(usd.charged)}${quotedText(usd)}`],
    ['standard', `${exact(usd.standard)}${savedText(usd)}`],
  ]
  if (usd.unproven !== '0') rows.push(['unproven', `${exact(usd.unproven)} at most: perhaps billed, rows never seen`])
  if (usd.duplicate !== '0') rows.push(['duplicate', `${exact(usd.duplicate)}: a second purchase, found and paid`])
  const kinds = Object.entries(tokens).map(([kind, number]) => `${count(number)} ${kind}`)
  rows.push(['tokens', kinds.join(' · ') || '0'])
  for (const { lane, requests, usd } of lanes)
    rows.push(['lane', `${lane}: ${some(requests, 'request')}, ${moneyOr(usd)} USD`])
  if (receipt.cache !== undefined) rows.push(['cache', cacheText(receipt.cache)])
  if (receipt.identical !== undefined)
    rows.push(['identical', `${some(receipt.identical, 'request')} bought once with another that asks the same`])
  if (reused !== null) rows.push(['reused', `${some(reused.rows, 'answer')} that ${reused.from.join(', ')} had bought`])
  if (receipt.adopted !== undefined) rows.push(['adopted', `${receipt.adopted}, which others have bought`])
  rows.push(['submissions', count(submissions)])
  for (const rescue of rescues) rows.push(['rescue', rescueText(rescue)])
  if (deadline !== null)
    rows.push(['deadline', `${moment(deadline)}${metDeadline === null ? '' : metDeadline ? ', met' : ', missed'}`])
  for (const output of outputs) rows.push(['output', output])
  return rows
}

function cacheText({ read, written, predicted, usd }: NonNullable<Receipt['cache']>): string {
  const share = (of: number): string => `${Math.round(of * 100)} %`
  const expected = predicted === null ? '' : `, ${share(predicted.low)} to ${share(predicted.high)} expected`
  const saving = usd === null ? '' : usd.startsWith('-') ? `; cost ${usd.slice(1)} USD more` : `; saved ${usd} USD`
  return `${share(read)} of the input read${expected}, ${share(written)} written${saving}`
}

function rescueText({ lane, at, kept, moved, to, abandoned, usd }: Receipt['rescues'][number]): string {
  const when = at === null ? '' : ` at ${moment(at)}`
  const left = abandoned ? 'is left to itself and may be charged besides' : `keeps ${some(kept, 'outcome')}`
  const money = usd === null ? '' : `; saved ${usd.saved} USD, cost ${usd.cost} more`
  return `${lane} was left${when}: it ${left}, ${some(moved, 'request')} went to ${to.join(', ')}${money}`
}

const exact = (usd: string | null): string => (usd === null ? 'unknown' : `${usd} USD`)

function quotedText({ quotedLow, quotedHigh, charged, asQuoted }: Receipt['usd']): string {
  if (quotedLow === null || quotedHigh === null) return ''
  const end = Number(asQuoted === 'below' ? quotedLow : quotedHigh)
  const off = Math.round((100 * Math.abs(Number(charged) - end)) / end)
  const place = asQuoted === 'within' || asQuoted === null ? asQuoted : `${off} % ${asQuoted}`
  return `, quoted ${money(quotedLow)}–${money(quotedHigh)}${place === null ? '' : ` (${place})`}`
}

function savedText({ saved, standard }: Receipt['usd']): string {
  if (saved === null || standard === null || Number(standard) === 0) return ''
  return `, saved ${saved} (${Math.round((100 * Number(saved)) / Number(standard))} %)`
}
