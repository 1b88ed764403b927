import type { Charge } from '../bill.ts'
import { rowsOf } from '../gemini/books.ts'
import type { Purchase } from '../log.ts'
import { isLongContext } from '../prices.ts'
import { chargesFor } from './charges.ts'
import type { Desk, JobRecord } from './desk.ts'
import { lookAt } from './jobs.ts'
import { handsOut } from './view.ts'

/** What every job that has ended costs, and every call: only rows with an answer, and of every one of those. */
export async function chargesOf(desk: Desk): Promise<Charge[]> {
  const charges: Charge[] = [...desk.callCharges.values()]
  for (const job of desk.jobs.values()) {
    const { moment } = await lookAt(desk, job)
    if (!job.scan || !handsOut(job, moment)) continue
    const at = Math.floor(job.course.createdAt / 1000)
    const { short, long } = job.scan.rows.paidTokens(moment.executed, longPrompts(job))
    const { model, place, id } = job
    charges.push(...chargesFor(model, 'batch', false, place.location, short, id, at))
    // Models without a long-context price never get here with a token.
    if (long.prompt > 0) charges.push(...chargesFor(model, 'batch', true, place.location, long, id, at))
  }
  return charges
}

function longPrompts({ course, model }: JobRecord): (promptTokens: number) => boolean {
  const day = new Date(course.createdAt).toISOString().slice(0, 10)
  return (promptTokens) => isLongContext(model.model.entry, 'batch', promptTokens, day)
}

export async function purchasesOf(desk: Desk, withRows: boolean): Promise<Purchase[]> {
  const purchases: Purchase[] = []
  for (const job of desk.jobs.values()) {
    await job.scanning.catch(() => undefined)
    purchases.push(await purchaseOf(desk, job, withRows))
  }
  return purchases
}

async function purchaseOf(desk: Desk, job: JobRecord, withRows: boolean): Promise<Purchase> {
  const { moment, totals } = await lookAt(desk, job)
  const { scan } = job
  const paid = !moment.terminal || handsOut(job, moment)
  const executed = paid ? moment.executed : 0
  return {
    vendor: 'vertex',
    id: job.id,
    state: job.deletedAt === null ? moment.phase : 'deleted',
    createdAt: new Date(job.course.createdAt).toISOString(),
    inputFileId: job.inputUri,
    metadata: { displayName: job.displayName, labels: job.labels ?? null },
    endpoint: job.modelName,
    model: job.model.model.entry.id,
    lines: scan?.lines ?? 0,
    executed,
    billed: paid ? (totals?.succeeded ?? 0) : 0,
    consoleRequests: scan?.lines ?? 0,
    idsDigest: scan?.idsDigest ?? '',
    ...(withRows && scan ? { rows: await rowsOf(scan.idsPath, executed, paid) } : {}),
  }
}
