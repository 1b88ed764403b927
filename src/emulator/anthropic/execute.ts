import { join } from 'node:path'
import { chanceOf, digest } from '../chance.ts'
import { compactJson } from '../compact-json.ts'
import type { Json } from '../json.ts'
import { createTextFile, lineBlocks } from '../lines.ts'
import { createShuffle } from '../shuffle.ts'
import { say } from './answer.ts'
import type { Reader } from './cache.ts'
import { groupOf } from './charges.ts'
import { momentOf } from './course.ts'
import type { BatchRecord, Desk } from './desk.ts'
import { invalid, type Problem } from './errors.ts'
import type { AccountFaults, RowFault } from './faults.ts'
import { withFiles } from './files.ts'
import { messageView } from './message.ts'
import { isRefused } from './models.ts'
import { promptOf } from './prompt.ts'
import { createRowTable, outcomes, type RowTable } from './rows.ts'
import { checked, promptProblem, type Rules } from './validate.ts'

/** A batch's rows run through once, in the order of their execution. */
export interface Scan {
  readonly rows: RowTable
  /** The one model of all rows that have an answer, or null. */
  readonly model: string | null
  readonly resultsPath: string
  /** One `[custom_id, params sha256, row, paid]` a line, in the order of execution. */
  readonly idsPath: string
}

/** The share of cache entries that rows of one batch find: best effort, and five minutes are mostly over by then. */
const hitShares = { '5m': 0.3, '1h': 0.98 }
const shuffleRows = 2_000
const shuffleBytes = 8 << 20

interface Waiting {
  readonly line: Buffer
  /** Position in the batch, from 1. */
  readonly row: number
}

/**
 * Runs the requests in the file at `inputPath` in one pass and bounded memory. Rows come out in a seeded order that is
 * not the batch's: the vendor promises none, and a client that joins by position must be caught.
 */
export async function scanBatch(desk: Desk, batch: BatchRecord, inputPath: string): Promise<Scan> {
  const [resultsPath, idsPath] = [join(desk.dir, `${batch.id}.results`), join(desk.dir, `${batch.id}.ids`)]
  const [results, ids] = await Promise.all([createTextFile(resultsPath), createTextFile(idsPath)])
  const rows = createRowTable()
  const models = new Set<string>()
  const run = createRunner(desk, batch)
  const shuffle = createShuffle<Waiting>(chanceOf('order', desk.seed, batch.id), {
    items: batch.faults.shuffle === false ? 0 : shuffleRows,
    size: shuffleBytes,
    sizeOf: ({ line }) => line.length,
  })
  let executed = 0
  const emit = (waiting: Waiting): Promise<unknown> | undefined => {
    const done = run(waiting, executed++)
    rows.add(done.outcome, Buffer.byteLength(done.text), done.paid?.group ?? null, done.paid?.usage ?? null)
    if (done.paid) models.add(done.paid.group.model.entry.id)
    const [full, idsFull] = [results.add(done.text), ids.add(`${done.id}\n`)]
    return full || idsFull ? Promise.all([full, idsFull]) : undefined
  }
  try {
    let row = 0
    for await (const block of lineBlocks(inputPath)) {
      for (const line of block) {
        // A copy: a line that is held back would keep the whole block alive.
        for (const waiting of shuffle.add({ line: Buffer.from(line), row: ++row })) await emit(waiting)
      }
    }
    for (const waiting of shuffle.drain()) await emit(waiting)
  } finally {
    await Promise.all([results.close(), ids.close()])
  }
  return { rows, model: models.size === 1 ? ([...models][0] as string) : null, resultsPath, idsPath }
}

/** A row that is through: what is written of it, and what it costs. */
interface Done {
  readonly outcome: (typeof outcomes)[keyof typeof outcomes]
  readonly text: string
  readonly id: string
  readonly paid: { readonly group: ReturnType<typeof groupOf>; readonly usage: Parameters<typeof groupOf>[2] } | null
}

function createRunner(desk: Desk, batch: BatchRecord): (waiting: Waiting, index: number) => Done {
  const judge = desk.switchboard.rows()
  const account = desk.switchboard.account()
  const { course, version, betas } = batch
  const refuses: Rules['refuses'] = (model) => isRefused(model, account, course.createdAt)
  const rules: Rules = { inBatch: true, version, betas, refuses }
  const createdAt = Math.floor(course.createdAt / 1000)
  return ({ line, row }, index) => {
    const { custom_id: customId, params } = JSON.parse(line.toString('utf8')) as { custom_id: string; params: Json }
    const bodyText = compactJson(params)
    const bodySha256 = digest(bodyText)
    const fault = batch.faults.byRow?.(row) ?? judge(bodySha256, bodyText)
    const name = digest(batch.id, row)
    const done = (outcome: Done['outcome'], text: string, paid: Done['paid']): Done => {
      return { outcome, text, paid, id: JSON.stringify([customId, bodySha256, row, paid !== null]) }
    }
    const refused = (problem: Problem, requestId: string | null) => {
      const error = { type: 'error', error: problem, request_id: requestId }
      return done(outcomes.errored, resultRow(customId, { type: 'errored', error }), null)
    }
    if (fault?.kind === 'errored') return refused(fault.problem, requestIdOf(fault, name))
    if (fault?.kind === 'missing' && !fault.billed) return done(outcomes.errored, '', null)
    if (fault?.kind === 'null-result') return done(outcomes.errored, resultRow(customId, null), null)
    if (fault?.kind === 'unknown-type') return done(outcomes.errored, resultRow(customId, { type: 'deferred' }), null)
    try {
      const verdict = checked(params, rules)
      if ('problem' in verdict) return refused(userFacing(verdict.problem), null)
      const { model } = verdict
      const read = withFiles(desk, batch.workspace, params)
      if ('problem' in read) return refused(userFacing(read.problem), null)
      const prompt = promptOf(read.params, model)
      const problem = promptProblem(params, prompt, model)
      if (problem) return refused(userFacing(problem), null)
      const reader = readerOf(batch, account, bodySha256, index)
      const scope = `${batch.workspace} batch ${model.entry.id}`
      const said = say(params, model, prompt, {
        seed: desk.seed,
        bodySha256,
        cache: desk.cache.look(scope, prompt, model.entry.minCacheableTokens, reader),
        defaultGeo: account.runsInUs ? 'us' : 'global',
        twist: fault?.kind === 'twist' ? fault.twist : undefined,
      })
      const sparse = fault?.kind === 'sparse'
      const lane = { id: `msg_01${name.slice(0, 22)}`, version, serviceTier: 'batch', speed: null, sparse } as const
      const message = messageView(said, model, lane)
      const paid = { group: groupOf(model, 'batch', said.usage, createdAt), usage: said.usage }
      return done(outcomes.succeeded, told(customId, message, fault, name), paid)
    } catch (error) {
      // A schema that never ends, or a request nested past all reason, is the request's fault.
      if (!(error instanceof RangeError)) throw error
      return refused(userFacing(invalid('The request is nested too deeply to be answered.')), null)
    }
  }
}

/** An answer as it stands in the results, with what a scenario does to it. */
function told(customId: string, message: Json, fault: RowFault | undefined, name: string): string {
  const result = { type: 'succeeded', message }
  const text = resultRow(fault?.kind === 'null-id' ? null : customId, result)
  if (fault?.kind === 'missing') return ''
  if (fault?.kind === 'twice') return text + text
  if (fault?.kind === 'stranger') return text + resultRow(`stranger-${name.slice(0, 12)}`, result)
  return fault?.kind === 'blank-line' ? `${text}\n` : text
}

export function resultRow(customId: string | null, result: Json | null): string {
  return `${JSON.stringify({ custom_id: customId, result })}\n`
}

/** What is refused before it is run names no request. */
function userFacing(problem: Problem): Problem {
  const { type, message } = problem
  return { details: { error_visibility: 'user_facing' }, type, message }
}

function requestIdOf(fault: Extract<RowFault, { kind: 'errored' }>, name: string): string | null {
  if (fault.requestId === null) return null
  return `${fault.requestId === 'worker' ? 'workerreq' : 'req'}_01${name.slice(0, 22)}`
}

/** When this row runs, and whether it is lucky with the cache. */
function readerOf(batch: BatchRecord, account: AccountFaults, bodySha256: string, index: number): Reader {
  const { course, rows } = batch
  const luck = Number.parseInt(bodySha256.slice(0, 8), 16) / 4_294_967_296
  return {
    at: course.createdAt + (course.runMs * (index + 1)) / rows,
    finds: (lifetime) => luck < (account.cacheHitShare ?? hitShares[lifetime]),
    ran: (at) => momentOf(course, rows, at).executed > index,
  }
}
