import { vendorOf } from '../../domain/usage.ts'
import { focusCsv } from '../../ledger/focus.ts'
import type { Ports } from '../ports.ts'
import { type BillLine, type BillOf, billOf, entriesFor } from './bill.ts'

/** The ledger as FOCUS rows, a CSV with a header; `leftOut`: entries that are no charges, or have no price. */
export async function focusOf(ports: Ports, of: BillOf): Promise<{ readonly csv: string; readonly leftOut: number }> {
  const { ledger, submissions } = await entriesFor(ports, of)
  const accounts = new Map((await ports.store.accounts()).map((account) => [account.id, account]))
  return focusCsv(
    ledger.flatMap((entry) => {
      const submission = submissions.get(entry.submissionId)
      const account = accounts.get(submission?.accountId ?? '')
      if (submission === undefined || account === undefined) return []
      return [{ entry, vendor: vendorOf(submission.lane), lane: submission.lane, account }]
    }),
  )
}

/** What a month cost, by everything that it can be cut by. */
export interface MonthReport {
  /** YYYY-MM, in UTC, of when it was settled. */
  readonly month: string
  readonly total: Omit<BillLine, 'name'>
  readonly days: readonly BillLine[]
  readonly lanes: readonly BillLine[]
  readonly models: readonly BillLine[]
  /** By each name that a tag has on some job. */
  readonly tags: Readonly<Record<string, readonly BillLine[]>>
  readonly jobs: readonly ReportedJob[]
}

export interface ReportedJob extends BillLine {
  readonly key: string | null
  readonly requests: number
  readonly landedAt: string | null
  /** null: it had none, or has not landed. */
  readonly metDeadline: boolean | null
}

export async function monthReport(ports: Ports, month: string): Promise<MonthReport> {
  const { total, lines: days } = await billOf(ports, { month, per: 'day' })
  const perJob = await billOf(ports, { month, per: 'job' })
  const jobs: ReportedJob[] = []
  const tagNames = new Set<string>()
  for (const line of perJob.lines) {
    const job = await ports.store.job(line.name)
    if (job === undefined) continue
    for (const name of Object.keys(job.tags)) tagNames.add(name)
    jobs.push({
      ...line,
      key: job.key,
      requests: job.requests,
      landedAt: job.landedAt === null ? null : new Date(job.landedAt).toISOString(),
      metDeadline: job.deadline === null || job.landedAt === null ? null : job.landedAt <= job.deadline,
    })
  }
  const tags: Record<string, readonly BillLine[]> = {}
  for (const name of [...tagNames].sort()) tags[name] = (await billOf(ports, { month, per: `tag:${name}` })).lines
  return {
    month,
    total,
    days: [...days].sort((a, b) => (a.name < b.name ? -1 : 1)),
    lanes: (await billOf(ports, { month, per: 'lane' })).lines,
    models: (await billOf(ports, { month, per: 'model' })).lines,
    tags,
    jobs,
  }
}
