import { between, chanceOf, normal } from '../chance.ts'
import { lineBlocks } from '../lines.ts'
import { type Course, momentOf, windowMs } from './course.ts'
import { checkedRequest } from './create-checks.ts'
import { type BatchRecord, type Desk, fileOf, type Latency } from './desk.ts'
import { fileNotReady, invalid, Refusal, rateLimited } from './errors.ts'
import { type Scan, scanBatch } from './execute.ts'
import type { BatchError, BatchFaults } from './faults.ts'
import { isRefused } from './models.ts'
import { tokenQuotaError } from './quota.ts'
import type { Scope } from './scope.ts'
import { isJson, type Json } from './tokens.ts'
import { limits } from './validate.ts'
import { batchView } from './view.ts'

/** POST /batches. @returns the batch as it stands at its first moment: validating */
export async function createBatch(desk: Desk, scope: Scope, body: unknown): Promise<Json> {
  try {
    return await accepted(desk, scope, body)
  } catch (error) {
    if (error instanceof Refusal) {
      const { status, body: wire } = error.wire
      const inputFileId = isJson(body) ? (body['input_file_id'] ?? null) : null
      const metadata = isJson(body) ? (body['metadata'] ?? null) : null
      desk.log.record('openai', 'create-refused', { status, inputFileId, metadata, error: wire.error })
    }
    throw error
  }
}

async function accepted(desk: Desk, scope: Scope, body: unknown): Promise<Json> {
  const request = checkedRequest(body)
  const account = desk.switchboard.account()
  const now = desk.clock.now()
  const file = fileOf(desk, scope.key, request.inputFileId)
  const fresh = desk.switchboard.wire(
    'create',
    (act) => act.kind === 'fresh-file' && file !== undefined && now < file.createdAt + act.seconds * 1000,
  )
  if (fresh || (!file && account.missingFileAtCreate))
    throw new Refusal(fileNotReady(request.inputFileId, scope.project))
  if (file && file.purpose !== 'batch') {
    throw new Refusal(
      invalid(`Invalid purpose '${file.purpose}' of the input file: expected 'batch'.`, 'input_file_id'),
    )
  }
  let lastHour = 0
  for (const batch of desk.batches.values()) if (batch.course.createdAt > now - 3_600_000) lastHour++
  if (lastHour >= limits.batchesPerHourMax) {
    const message = `Rate limit reached for batch creation in organization ${scope.organization}. Limit: ${limits.batchesPerHourMax} batches per hour.`
    throw new Refusal(rateLimited(message, 60))
  }
  if (file && account.duplicateIdsAtCreate) await refuseDuplicates(file.path)

  const faults = desk.switchboard.batch()
  const id = desk.nextId('batch')
  const course = layCourse(desk, id, now, file ? file.bytes : 0, faults)
  if (!file) course.failure = [missingFile(request.inputFileId, scope.organization)]
  const batch: BatchRecord = {
    ...request,
    id,
    scope: scope.key,
    course,
    faults,
    scanning: undefined as unknown as Promise<Scan>,
    scan: null,
    results: null,
    settling: null,
  }
  batch.scanning = startScan(desk, batch, scope, file?.path)
  // A failed scan is told to whoever waits for it; on its own it must not end the process.
  batch.scanning.catch(() => undefined)
  file?.readers.push(batch.scanning)
  desk.batches.set(id, batch)
  desk.log.record('openai', 'create', {
    batch: id,
    inputFileId: request.inputFileId,
    metadata: request.metadata,
    endpoint: request.endpoint,
    inputFound: file !== undefined,
  })
  return batchView(batch, momentOf({ ...course, failure: null }, 0, Number.NEGATIVE_INFINITY), null, now)
}

/** One reading of the guide has duplicates refused at once, not in validation. */
async function refuseDuplicates(path: string): Promise<void> {
  const seen = new Set<string>()
  let number = 0
  for await (const block of lineBlocks(path)) {
    for (const bytes of block) {
      number++
      const id = customIdOf(bytes)
      if (id !== undefined && seen.has(id)) {
        throw new Refusal(
          invalid(
            `Duplicate custom_id '${id}' on line ${number} of the input file.`,
            'custom_id',
            'duplicate_custom_id',
          ),
        )
      }
      if (id !== undefined) seen.add(id)
    }
  }
}

function customIdOf(bytes: Buffer): string | undefined {
  try {
    const record: unknown = JSON.parse(bytes.toString('utf8'))
    return isJson(record) && typeof record['custom_id'] === 'string' ? record['custom_id'] : undefined
  } catch {
    return undefined
  }
}

/** Draws how long each state lasts, once, from the seed and the batch's own name. */
function layCourse(desk: Desk, id: string, now: number, bytes: number, faults: BatchFaults): Course {
  const chance = chanceOf('course', desk.seed, id)
  const spread = Math.exp(desk.latency.sigma * normal(chance))
  // Lines are not counted yet; about a kilobyte each will do for a guess at the size.
  const scale = Math.min(6, Math.max(0.3, (Math.max(1, bytes / 1000) / 100) ** 0.3))
  const runMs = 1000 * (faults.runSeconds ?? desk.latency.medianSeconds * scale * spread)
  const stretch = between(chance, 80, 120) / 100
  const forever = (faults.stuckSeconds ?? Number.POSITIVE_INFINITY) * 1000
  const validating = faults.stuck === 'validating' ? forever : desk.latency.validatingSeconds * 1000 * stretch
  const validatedAt = now + validating
  const running = faults.stuck === 'in_progress' ? forever : runMs
  const finalizingAt = validatedAt + running
  const finalizing = faults.stuck === 'finalizing' ? forever : desk.latency.finalizingSeconds * 1000 * stretch
  return {
    createdAt: now,
    expiresAt: now + windowMs,
    validatedAt,
    runMs,
    finalizingAt,
    completedAt: finalizingAt + finalizing,
    stallShare: faults.stallShare ?? 1,
    failure: null,
    cancel: null,
  }
}

export function cancelLagMs(desk: Desk, batch: BatchRecord, latency: Latency = desk.latency): number {
  const lag = batch.faults.cancelLagSeconds
  if (lag !== undefined) return lag * 1000
  return (latency.cancellingSeconds * 1000 * between(chanceOf('cancel', desk.seed, batch.id), 50, 150)) / 100
}

export const missingFile = (id: string, organization: string): BatchError => ({
  code: 'invalid_request',
  message: `Cannot find file ${id}, or organization ${organization} does not have access to it.`,
  param: 'file_id',
  line: null,
})

function startScan(desk: Desk, batch: BatchRecord, scope: Scope, path: string | undefined): Promise<Scan> {
  const judge = desk.switchboard.rows()
  const account = desk.switchboard.account()
  const { failure } = batch.faults
  const scanning = desk.queue.then(async () => {
    const scan = await scanBatch({
      batchId: batch.id,
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
    })
    batch.course.failure ??= scan.errors.length > 0 ? scan.errors : plannedFailure(batch, scan, scope, desk.seed)
    batch.course.failure ??= tokenQuotaError(desk, batch, scan, scope, account)
    batch.scan = scan
    return scan
  })
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
