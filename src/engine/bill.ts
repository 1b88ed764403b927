import { usd } from '../domain/money.ts'
import { byDay, byLane, byModel, byTag, savedOf, type Totals, totalOf, totalsBy } from '../ledger/totals.ts'
import type { LedgerRow } from '../stores/contract.ts'
import type { Ports } from './ports.ts'

/** What a bill is cut by: a job, a model, a lane, a UTC day, or the value of a tag (`tag:team`). */
export type BillPer = 'job' | 'model' | 'lane' | 'day' | `tag:${string}`

/** Decimal USD; null where a price is not known. */
export interface BillLine {
  /** Of the group; empty for what has no such tag. */
  readonly name: string
  readonly usd: {
    readonly charged: string | null
    readonly unproven: string
    readonly duplicate: string
    readonly standard: string | null
    readonly saved: string | null
  }
  /** Of what is charged, by kind. */
  readonly tokens: Readonly<Record<string, number>>
}

export interface Bill {
  readonly per: BillPer
  readonly lines: readonly BillLine[]
  readonly total: Omit<BillLine, 'name'>
}

/** The ledger of a job, or of the whole home, summed. */
export async function billOf(ports: Ports, what: { jobId?: string; per: BillPer }): Promise<Bill> {
  const of = what.jobId === undefined ? {} : { jobId: what.jobId }
  const ledger = await ports.store.ledger(of)
  const groups = totalsBy(ledger, await grouping(ports, what.per, of))
  return {
    per: what.per,
    lines: [...groups].map(([name, totals]) => ({ name, ...lineOf(totals) })),
    total: lineOf(totalOf(ledger)),
  }
}

async function grouping(ports: Ports, per: BillPer, of: { jobId?: string }): Promise<(row: LedgerRow) => string> {
  switch (per) {
    case 'job':
      return ({ jobId }) => jobId
    case 'model':
      return byModel
    case 'day':
      return byDay
    case 'lane': {
      const lanes = new Map((await ports.store.submissions(of)).map(({ id, lane }) => [id, lane]))
      return byLane((id) => lanes.get(id))
    }
    default:
      return byTag(per.slice('tag:'.length))
  }
}

function lineOf(totals: Totals): Omit<BillLine, 'name'> {
  const saved = savedOf(totals)
  return {
    usd: {
      charged: totals.priced ? usd(totals.proven) : null,
      unproven: usd(totals.unproven),
      duplicate: usd(totals.duplicate),
      standard: totals.standard === null ? null : usd(totals.standard),
      saved: saved === null ? null : usd(saved),
    },
    tokens: totals.tokens,
  }
}
