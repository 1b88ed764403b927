import { truncate } from 'node:fs/promises'
import { chanceOf } from '../chance.ts'
import { type BatchRecord, type Desk, fileOf } from './desk.ts'
import { type Scan, scanBatch } from './execute.ts'
import type { BatchError } from './faults.ts'
import { isRefused } from './models.ts'
import { tokenQuotaError } from './quota.ts'
import type { Scope } from './scope.ts'
import { limits } from './validate.ts'

/**
 * Puts the reading of a batch's input in the queue. What is found decides the course of the batch; `batch` is asked for
 * only then, as it cannot exist before its reading does.
 */
export function startScan(
  desk: Desk,
  scope: Scope,
  path: string | undefined,
  batchOf: () => BatchRecord,
): Promise<Scan> {
  const judge = desk.switchboard.rows()
  const account = desk.switchboard.account()
  const scanning = desk.queue.then(async () => {
    const batch = batchOf()
    const { failure } = batch.faults
    const scan = await scanBatch({
      batchId: batch.id,
      likeness: desk.likeness,
      model: batch.model,
      endpoint: batch.endpoint,
      inputPath: path ?? null,
      dir: desk.dir,
      seed: desk.seed,
      course: batch.course,
      judge,
      byLine: batch.faults.byLine,
      poison: failure && 'poison' in failure ? failure.poison : undefined,
      unsupported: (model) => isRefused(model, account, batch.course.createdAt),
      shuffle: batch.faults.shuffle ?? true,
      knowsFile: (id) => fileOf(desk, scope.key, id) !== undefined,
    })
    batch.course.failure ??= scan.errors.length > 0 ? scan.errors : plannedFailure(batch, scan, scope, desk.seed)
    batch.course.failure ??= tokenQuotaError(desk, batch, scan, scope, account)
    batch.scan = scan
    // Nothing of a failed batch is ever served; a client that tries again and again must not fill the disk.
    if (batch.course.failure) await Promise.all([truncate(scan.outputPath), truncate(scan.errorPath)])
    return scan
  })
  // A failed reading is told to whoever waits for it; it must not stop the queue, nor end the process.
  desk.queue = scanning.catch(() => undefined)
  return scanning
}

/** The failure a scenario has in store, with the words of this batch put in. */
function plannedFailure(batch: BatchRecord, scan: Scan, scope: Scope, seed: number): readonly BatchError[] | null {
  const { failure } = batch.faults
  if (!failure || 'poison' in failure) return null
  const named = (message: string) =>
    message
      .replace('{model}', scan.model?.entry.id ?? '')
      .replace('{file}', batch.inputFileId)
      .replace('{organization}', scope.organization)
  if ('errors' in failure) return failure.errors.map((error) => ({ ...error, message: named(error.message) }))
  const error = { ...failure.error, message: named(failure.error.message) }
  const chance = chanceOf('failing lines', seed, scan.idsDigest)
  const errors: BatchError[] = []
  for (let line = 1; line <= scan.lines && errors.length < limits.errorsMax; line++) {
    if (chance() < failure.share) errors.push({ ...error, line })
  }
  return errors.length > 0 ? errors : [{ ...error, line: 1 }]
}
