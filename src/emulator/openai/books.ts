import type { Charge } from '../bill.ts'
import { lineBlocks } from '../lines.ts'
import type { Purchase, PurchasedRow } from '../log.ts'
import { longPrompts, lookAt } from './batches.ts'
import { chargesFor } from './calls.ts'
import type { BatchRecord, Desk } from './desk.ts'

/** What every batch that has ended costs, and every call: only lines with an answer, at the prices of their day. */
export async function chargesOf(desk: Desk): Promise<Charge[]> {
  const charges: Charge[] = [...desk.callCharges.values()]
  for (const batch of desk.batches.values()) {
    const { moment } = await lookAt(desk, batch)
    const { scan, course } = batch
    if (!moment.terminal || moment.status === 'failed' || !scan?.model) continue
    const model = scan.model
    const at = Math.floor(course.createdAt / 1000)
    const day = new Date(course.createdAt).toISOString().slice(0, 10)
    const { short, long } = scan.rows.paidTokens(moment.executed, longPrompts(batch, scan))
    charges.push(...chargesFor(desk.likeness.name, model, 'batch', false, day, short, batch.id, at))
    // Models without a long-context price never get here with a token.
    if (long.prompt > 0) charges.push(...chargesFor(desk.likeness.name, model, 'batch', true, day, long, batch.id, at))
  }
  return charges
}

export async function purchasesOf(desk: Desk, withRows: boolean): Promise<Purchase[]> {
  const purchases: Purchase[] = []
  for (const batch of desk.batches.values()) {
    await batch.scanning.catch(() => undefined)
    purchases.push(await purchaseOf(desk, batch, withRows))
  }
  return purchases
}

async function purchaseOf(desk: Desk, batch: BatchRecord, withRows: boolean): Promise<Purchase> {
  const { moment, totals } = await lookAt(desk, batch)
  const scan = batch.scan
  const lines = scan?.lines ?? 0
  const failed = moment.status === 'failed'
  return {
    vendor: desk.likeness.name,
    id: batch.id,
    state: moment.status,
    createdAt: new Date(batch.course.createdAt).toISOString(),
    inputFileId: batch.inputFileId,
    metadata: batch.metadata,
    endpoint: batch.endpoint,
    model: scan?.model?.entry.id ?? null,
    lines,
    executed: failed ? 0 : moment.executed,
    billed: failed ? 0 : (totals?.succeeded ?? 0),
    consoleRequests: Math.round(lines * (batch.faults.consoleFactor ?? 1)),
    idsDigest: scan?.idsDigest ?? '',
    ...(withRows && scan ? { rows: await rowsOf(scan.idsPath, failed ? 0 : moment.executed) } : {}),
  }
}

async function rowsOf(idsPath: string, executedRows: number): Promise<PurchasedRow[]> {
  const rows: PurchasedRow[] = []
  for await (const block of lineBlocks(idsPath)) {
    for (const text of block) {
      const [customId, bodySha256, line, paid] = JSON.parse(text.toString('utf8')) as [string, string, number, boolean]
      const executed = rows.length < executedRows
      rows.push({ customId, bodySha256, line, executed, billed: executed && paid })
    }
  }
  return rows
}
