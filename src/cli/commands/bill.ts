import { UsageError } from '../../domain/errors.ts'
import type { Bill, BillLine, BillPer } from '../../index.ts'
import { exit } from '../exit-codes.ts'
import { out, say } from '../terminal.ts'
import { columns } from '../text/columns.ts'
import { count } from '../text/figures.ts'
import { type Flags, withHome } from '../with-home.ts'

export async function bill(name: string | undefined, flags: Flags & { readonly per: string }): Promise<number> {
  const per = perOf(flags.per)
  return withHome(flags, async (redeye) => {
    const job = name === undefined ? undefined : await redeye.find(name)
    const billed = await redeye.bill({ per, ...(job === undefined ? {} : { jobId: job.id }) })
    if (flags.json === true) out(JSON.stringify(billed))
    else if (billed.lines.length === 0) say('Nothing was charged yet.')
    else out(billText(billed))
    return exit.done
  })
}

function perOf(text: string): BillPer {
  if (['job', 'model', 'lane', 'day'].includes(text) || /^tag:.+/.test(text)) return text as BillPer
  throw new UsageError(`--per ${text} is not known.`, 'It is job, model, lane, day, or tag:NAME.')
}

function billText({ per, lines, total }: Bill): string {
  const kinds = Object.keys(total.tokens)
  const row = (name: string, { usd, tokens }: Omit<BillLine, 'name'>): string[] => [
    name,
    usd.charged ?? 'unknown',
    usd.unproven,
    usd.duplicate,
    usd.standard ?? 'unknown',
    usd.saved ?? 'unknown',
    ...kinds.map((kind) => count(tokens[kind] ?? 0)),
  ]
  const head = [per, 'charged ', 'unproven ', 'duplicate ', 'standard ', 'saved ', ...kinds.map((kind) => `${kind} `)]
  const body = lines.map((line) => row(line.name === '' ? '(none)' : line.name, line))
  return columns(head, [...body, row('total', total)]).join('\n')
}
