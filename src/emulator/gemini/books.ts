import type { Charge } from '../bill.ts'
import { lineBlocks } from '../lines.ts'
import type { Purchase, PurchasedRow } from '../log.ts'
import { picoPerToken } from '../prices.ts'
import { longPrompts, lookAt } from './batches.ts'
import { chargesFor } from './charges.ts'
import type { Moment } from './course.ts'
import type { BatchRecord, CacheRecord, Desk } from './desk.ts'
import { day } from './desk.ts'
import { modelNamed } from './models.ts'

/** What every batch that has ended costs, every call, and every hour of an explicit cache. */
export async function chargesOf(desk: Desk): Promise<Charge[]> {
  const charges: Charge[] = [...desk.callCharges.values(), ...cacheCharges(desk)]
  for (const batch of desk.batches.values()) {
    const { moment } = await lookAt(desk, batch)
    const { scan, course, model } = batch
    if (!scan || !isPaid(batch, moment)) continue
    const at = Math.floor(course.createdAt / 1000)
    const date = day(course.createdAt)
    const { short, long } = scan.rows.paidTokens(moment.executed, longPrompts(batch))
    charges.push(...chargesFor(model, 'batch', false, date, short, batch.id, at))
    // Models without a long-context price never get here with a token.
    if (long.prompt > 0) charges.push(...chargesFor(model, 'batch', true, date, long, batch.id, at))
  }
  return charges
}

/** Whether the lines that ran are paid for, once no more will run. */
function isPaid({ course, faults, deletedAt }: BatchRecord, moment: Moment): boolean {
  if (deletedAt !== null) return moment.phase !== 'expired' || faults.billsExpired === true
  if (!moment.terminal) return false
  if (moment.phase === 'failed') return course.failure?.keepsLines === true
  return moment.phase !== 'expired' || faults.billsExpired === true
}

/** Storage of explicit caches, by the started token-hour. */
function cacheCharges(desk: Desk): Charge[] {
  const charges: Charge[] = []
  for (const cache of desk.caches.values()) {
    const model = modelNamed(cache.modelName)
    const price = model?.entry.prices.standard['cacheStoragePerMTokHour']
    if (!model || typeof price !== 'number') continue
    charges.push({
      vendor: 'gemini',
      batch: null,
      model: model.entry.id,
      tier: 'standard',
      kind: 'cacheStorageHour',
      unitPicoUsd: picoPerToken(price),
      tokens: BigInt(cache.tokens * hoursOf(desk, cache)),
      at: Math.floor(cache.createdAt / 1000),
    })
  }
  return charges
}

function hoursOf(desk: Desk, cache: CacheRecord): number {
  const until = Math.min(desk.clock.now(), cache.expiresAt, cache.deletedAt ?? Number.POSITIVE_INFINITY)
  return Math.max(1, Math.ceil((until - cache.createdAt) / 3_600_000))
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
  const { scan, input } = batch
  const lines = scan?.lines ?? 0
  const paid = isPaid(batch, moment) || !moment.terminal
  const executed = moment.phase === 'failed' && !paid ? 0 : moment.executed
  return {
    vendor: 'gemini',
    id: batch.id,
    state: batch.deletedAt === null ? moment.phase : 'deleted',
    createdAt: new Date(batch.course.createdAt).toISOString(),
    inputFileId: input.kind === 'file' ? `files/${input.fileId}` : 'inline',
    metadata: { displayName: batch.displayName ?? null },
    endpoint: batch.method === 'embed' ? 'asyncBatchEmbedContent' : 'batchGenerateContent',
    model: batch.model.entry.id,
    lines,
    executed,
    billed: paid ? (totals?.succeeded ?? 0) : 0,
    consoleRequests: lines,
    idsDigest: scan?.idsDigest ?? '',
    ...(withRows && scan ? { rows: await rowsOf(scan.idsPath, executed, paid) } : {}),
  }
}

export async function rowsOf(idsPath: string, executedRows: number, billable: boolean): Promise<PurchasedRow[]> {
  const rows: PurchasedRow[] = []
  for await (const block of lineBlocks(idsPath)) {
    for (const text of block) {
      const [customId, bodySha256, line, paid] = JSON.parse(text.toString('utf8')) as [unknown, string, number, boolean]
      const executed = rows.length < executedRows
      rows.push({ customId, bodySha256, line, executed, billed: executed && paid && billable })
    }
  }
  return rows
}
