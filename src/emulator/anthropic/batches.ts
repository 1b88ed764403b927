import { appendFile, rm, truncate } from 'node:fs/promises'
import type { Json } from '../json.ts'
import { lineBlocks } from '../lines.ts'
import type { Caller } from './caller.ts'
import { type Moment, momentOf } from './course.ts'
import { type BatchRecord, cancelLagMs, type Desk } from './desk.ts'
import { conflict, invalid, noResults, noSuchBatch, Refusal, tooEarlyToDelete } from './errors.ts'
import { resultRow, type Scan } from './execute.ts'
import type { Totals } from './rows.ts'
import { batchView, canceledOf, hasResults } from './view.ts'

/** A batch at this moment, with everything run and written that has to be by now. */
export interface Look {
  readonly moment: Moment
  readonly totals: Totals | null
}

export async function lookAt(desk: Desk, batch: BatchRecord): Promise<Look> {
  // At a high speed the clock may be ahead of the running.
  if (momentOf(batch.course, batch.rows, desk.clock.now()).status === 'ended') {
    const scan = await batch.scanning
    const moment = momentOf(batch.course, batch.rows, desk.clock.now())
    batch.settling ??= settle(scan, moment, batch.rows)
    await batch.settling
  } else if (batch.faults.counts === 'gradual') await batch.scanning
  const moment = momentOf(batch.course, batch.rows, desk.clock.now())
  return { moment, totals: batch.scan?.rows.totals(moment.executed) ?? null }
}

/** What a batch never came to has its rows as well, behind the others. */
async function settle(scan: Scan, { executed, canceledShare }: Moment, rows: number): Promise<void> {
  if (executed >= rows) return
  await truncate(scan.resultsPath, scan.rows.totals(executed).bytes)
  const canceled = canceledOf(rows - executed, canceledShare)
  let row = 0
  for await (const block of lineBlocks(scan.idsPath)) {
    let text = ''
    for (const line of block) {
      const place = row++ - executed
      if (place < 0) continue
      const [customId] = JSON.parse(line.toString('utf8')) as [string]
      text += resultRow(customId, { type: place < canceled ? 'canceled' : 'expired' })
    }
    await appendFile(scan.resultsPath, text)
  }
}

async function viewOf(desk: Desk, batch: BatchRecord, caller: Caller): Promise<Json> {
  const { moment, totals } = await lookAt(desk, batch)
  return batchView(batch, moment, totals, desk.clock.now(), caller.origin)
}

export async function getBatch(desk: Desk, caller: Caller, id: string): Promise<Json> {
  const batch = visible(desk, caller, id)
  const age = desk.clock.now() - batch.course.createdAt
  if (age < (batch.faults.hiddenFromGetSeconds ?? 0) * 1000) throw new Refusal(noSuchBatch(id))
  return viewOf(desk, batch, caller)
}

export async function listBatches(desk: Desk, caller: Caller, query: URLSearchParams): Promise<Json> {
  const now = desk.clock.now()
  const newestFirst = [...desk.batches.values()]
    .filter((batch) => batch.workspace === caller.workspace && !isGone(desk, batch))
    .filter(({ course, faults }) => now >= course.createdAt + (faults.hiddenFromListSeconds ?? 0) * 1000)
    .toReversed()
  const page = pageOf(newestFirst, ({ id }) => id, query)
  const data: Json[] = []
  for (const batch of page.items) data.push(await viewOf(desk, batch, caller))
  return { data, ...page.marks }
}

export async function cancelBatch(desk: Desk, caller: Caller, id: string): Promise<Json> {
  const batch = visible(desk, caller, id)
  const { moment } = await lookAt(desk, batch)
  desk.log.record('anthropic', 'cancel', { batch: id, status: moment.status })
  if (moment.status !== 'in_progress') {
    // Whether this is an error is nowhere said; a scenario has it so.
    if (desk.switchboard.account().refusesIdleCancel) throw new Refusal(conflict)
    return viewOf(desk, batch, caller)
  }
  const requestedAt = desk.clock.now()
  const race = batch.faults.cancelRace ?? false
  batch.course.cancel = { requestedAt, endsAt: requestedAt + cancelLagMs(desk, batch), race }
  return viewOf(desk, batch, caller)
}

export async function deleteBatch(desk: Desk, caller: Caller, id: string): Promise<Json> {
  const batch = visible(desk, caller, id)
  const { moment } = await lookAt(desk, batch)
  desk.log.record('anthropic', 'delete', { batch: id, status: moment.status })
  if (moment.status !== 'ended') throw new Refusal(tooEarlyToDelete)
  batch.deleted = true
  // What was bought stays in the books; only the answers go.
  if (batch.scan) await rm(batch.scan.resultsPath, { force: true })
  return { id, type: 'message_batch_deleted' }
}

/** @returns where the results are. @throws Refusal when there are none, not yet or no more */
export async function resultsOf(desk: Desk, caller: Caller, id: string): Promise<string> {
  const batch = visible(desk, caller, id)
  const { moment } = await lookAt(desk, batch)
  if (!batch.scan || !hasResults(batch, moment, desk.clock.now())) throw new Refusal(noResults(id))
  return batch.scan.resultsPath
}

function visible(desk: Desk, caller: Caller, id: string): BatchRecord {
  const batch = desk.batches.get(id)
  if (!batch || batch.workspace !== caller.workspace || isGone(desk, batch)) throw new Refusal(noSuchBatch(id))
  return batch
}

function isGone(desk: Desk, { course, faults, deleted }: BatchRecord): boolean {
  const after = faults.vanishAfterSeconds
  return deleted || (after !== undefined && desk.clock.now() >= course.createdAt + after * 1000)
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly marks: { readonly has_more: boolean; readonly first_id: string | null; readonly last_id: string | null }
}

/**
 * One page of a list that is newest first. `after_id` goes on behind an item, `before_id` back to what stands before it;
 * `has_more` is about the direction asked for.
 */
export function pageOf<T>(items: readonly T[], idOf: (item: T) => string, query: URLSearchParams): Page<T> {
  const limit = Number(query.get('limit') ?? 20)
  if (!Number.isInteger(limit)) throw new Refusal(invalid('limit: Input should be a valid integer'))
  if (limit < 1) throw new Refusal(invalid('limit: Input should be greater than or equal to 1'))
  if (limit > 1000) throw new Refusal(invalid('limit: Input should be less than or equal to 1000'))
  const [after, before] = [query.get('after_id'), query.get('before_id')]
  if (after && before) throw new Refusal(invalid('Only one of `before_id` and `after_id` may be specified.'))
  const place = (id: string) => {
    const found = items.findIndex((item) => idOf(item) === id)
    if (found < 0) throw new Refusal(invalid(`${after ? 'after_id' : 'before_id'}: ${id} not found`))
    return found
  }
  const end = before ? place(before) : items.length
  const start = before ? Math.max(0, end - limit) : after ? place(after) + 1 : 0
  const page = items.slice(start, Math.min(end, start + limit))
  const hasMore = before ? start > 0 : items.length > start + limit
  const mark = (item: T | undefined) => (item === undefined ? null : idOf(item))
  return { items: page, marks: { has_more: hasMore, first_id: mark(page[0]), last_id: mark(page.at(-1)) } }
}
