import type { Charge } from '../bill.ts'
import { lineBlocks } from '../lines.ts'
import type { Purchase, PurchasedRow } from '../log.ts'
import { lookAt } from './batches.ts'
import type { BatchRecord, Desk } from './desk.ts'

/** What every batch that has ended costs, and every call: only requests with an answer, at the prices of their day. */
export async function chargesOf(desk: Desk): Promise<Charge[]> {
  const charges: Charge[] = [...desk.callCharges.values()]
  for (const batch of desk.batches.values()) {
    const { moment } = await lookAt(desk, batch)
    if (moment.status !== 'ended' || !batch.scan) continue
    charges.push(...batch.scan.rows.charges(moment.executed, batch.id, Math.floor(batch.course.createdAt / 1000)))
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
  const { scan, rows } = batch
  return {
    vendor: 'anthropic',
    id: batch.id,
    state: moment.status,
    createdAt: new Date(batch.course.createdAt).toISOString(),
    // Requests come with the create, and nothing of the caller's is kept with the batch.
    inputFileId: '',
    metadata: null,
    endpoint: '/v1/messages',
    model: scan?.model ?? null,
    lines: rows,
    executed: moment.executed,
    billed: totals?.paid ?? 0,
    consoleRequests: Math.round(rows * (batch.faults.consoleFactor ?? 1)),
    idsDigest: batch.idsDigest,
    ...(withRows && scan ? { rows: await rowsOf(scan.idsPath, moment.executed) } : {}),
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
