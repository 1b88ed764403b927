import { UsageError } from '../../domain/errors.ts'
import type { Bill, BillLine, BillPer, Recomputed, Redeye } from '../../index.ts'
import { csvLine } from '../../kit/csv-text.ts'
import { exit } from '../exit-codes.ts'
import { monthOf } from '../settings.ts'
import { out, say } from '../terminal.ts'
import { columns } from '../text/columns.ts'
import { count, some } from '../text/figures.ts'
import { proofText } from '../text/proof.ts'
import { type Flags, withHome } from '../with-home.ts'

interface BillFlags extends Flags {
  readonly per: string
  readonly month?: string
  readonly against?: string
  readonly format?: 'csv' | 'focus'
  readonly recompute?: boolean
}

export async function bill(name: string | undefined, flags: BillFlags): Promise<number> {
  const per = perOf(flags.per)
  const month = flags.month === undefined ? undefined : monthOf(flags.month)
  const ways = [flags.against !== undefined, flags.format !== undefined, flags.recompute === true]
  if (ways.filter(Boolean).length > 1)
    throw new UsageError('--against, --format and --recompute are three ways to look.')
  return withHome(flags, async (redeye) => {
    const job = name === undefined ? undefined : await redeye.find(name)
    const of = { ...(job === undefined ? {} : { jobId: job.id }), ...(month === undefined ? {} : { month }) }
    if (flags.against !== undefined) return against(redeye, flags.against, of, flags)
    if (flags.recompute === true) return recomputed(await redeye.recompute(of), flags)
    if (flags.format === 'focus') return focus(redeye, of)
    const billed = await redeye.bill({ per, ...of })
    if (flags.json === true) out(JSON.stringify(billed))
    else if (flags.format === 'csv') out(billCsv(billed).trimEnd())
    else if (billed.lines.length === 0) say('Nothing was charged yet.')
    else out(billText(billed))
    if (flags.json !== true && billed.adopted !== '0')
      say(`Of that, jobs took over from others: ${billed.adopted ?? 'unknown'} USD.`)
    return exit.done
  })
}

async function against(
  redeye: Redeye,
  report: string,
  { jobId, month }: { jobId?: string; month?: string },
  { json }: Flags,
): Promise<number> {
  if (jobId !== undefined)
    throw new UsageError(
      'A vendor reports what all jobs cost together; --against compares the whole home.',
      `Leave out the job: redeye bill --against ${report}`,
    )
  const since = month === undefined ? {} : { since: new Date(`${month}-01T00:00:00Z`) }
  const proof = await redeye.prove(report, since)
  if (json === true) out(JSON.stringify(proof))
  else out(proofText(proof))
  return proof.unexplained === '0' ? exit.done : exit.gateFailed
}

function recomputed(found: Recomputed, { json }: Flags): number {
  const { submissions, entries, recorded, computed, differences } = found
  if (json === true) out(JSON.stringify(found))
  else {
    out(
      `${some(submissions, 'submission')}, ${count(entries)} entries: ${recorded} USD recorded, ${computed} computed.`,
    )
    const why = { price: 'the catalogue has another price now', tokens: 'other tokens', gone: 'not there any more' }
    for (const { submission, what, recorded: before, computed: now, why: reason } of differences)
      out(`${submission} ${what}: ${before ?? 'none'} recorded, ${now ?? 'none'} computed; ${why[reason]}`)
  }
  return differences.every(({ why }) => why === 'price') ? exit.done : exit.gateFailed
}

async function focus(redeye: Redeye, of: { jobId?: string; month?: string }): Promise<number> {
  const { csv, leftOut } = await redeye.focus(of)
  out(csv.trimEnd())
  if (leftOut > 0) say(`Left out, of the ledger: ${some(leftOut, 'row')} unproven, or without a known price.`)
  return exit.done
}

function perOf(text: string): BillPer {
  if (['job', 'model', 'lane', 'day'].includes(text) || /^tag:.+/.test(text)) return text as BillPer
  throw new UsageError(`--per ${text} is not known.`, 'It is job, model, lane, day, or tag:NAME.')
}

const amounts = ['charged', 'unproven', 'duplicate', 'standard', 'saved', 'cacheSaved'] as const

function billText({ per, lines, total }: Bill): string {
  const kinds = Object.keys(total.tokens)
  const row = (name: string, { usd, tokens }: Omit<BillLine, 'name'>): string[] => [
    name,
    ...amounts.map((amount) => usd[amount] ?? 'unknown'),
    ...kinds.map((kind) => count(tokens[kind] ?? 0)),
  ]
  const head = [per, 'charged ', 'unproven ', 'duplicate ', 'standard ', 'saved ', 'by cache ']
  const body = lines.map((line) => row(line.name === '' ? '(none)' : line.name, line))
  return columns([...head, ...kinds.map((kind) => `${kind} `)], [...body, row('total', total)]).join('\n')
}

/** An amount that is not known is an empty cell. */
function billCsv({ per, lines, total }: Bill): string {
  const kinds = Object.keys(total.tokens)
  const head = [per, ...amounts.map((amount) => `${amount}_usd`), ...kinds.map((kind) => `${kind}_tokens`)]
  const body = lines.map(({ name, usd, tokens }) => [
    name,
    ...amounts.map((amount) => usd[amount] ?? ''),
    ...kinds.map((kind) => String(tokens[kind] ?? 0)),
  ])
  return [head, ...body].map(csvLine).join('')
}
