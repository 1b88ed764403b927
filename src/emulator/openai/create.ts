import { isJson, type Json } from '../json.ts'
import { lineBlocks } from '../lines.ts'
import { momentOf } from './course.ts'
import { checkedRequest } from './create-checks.ts'
import { type BatchRecord, type Desk, fileOf } from './desk.ts'
import { fileNotReady, invalid, missingFile, Refusal, rateLimited } from './errors.ts'
import { layCourse } from './lay-course.ts'
import type { Scope } from './scope.ts'
import { startScan } from './start-scan.ts'
import { limits } from './validate.ts'
import { batchView } from './view.ts'

/**
 * POST /batches.
 * @param model  of all its lines, where the purchase names it
 * @returns the batch as it stands at its first moment: validating
 */
export async function createBatch(desk: Desk, scope: Scope, body: unknown, model: string | null = null): Promise<Json> {
  try {
    return await accepted(desk, scope, body, model)
  } catch (error) {
    if (error instanceof Refusal) {
      const { status, body: wire } = error.wire
      const inputFileId = isJson(body) ? (body['input_file_id'] ?? null) : null
      const metadata = isJson(body) ? (body['metadata'] ?? null) : null
      desk.log.record(desk.likeness.name, 'create-refused', { status, inputFileId, metadata, error: wire.error })
    }
    throw error
  }
}

async function accepted(desk: Desk, scope: Scope, body: unknown, model: string | null): Promise<Json> {
  const request = checkedRequest(body)
  const account = desk.switchboard.account()
  const now = desk.clock.now()
  const file = fileOf(desk, scope.key, request.inputFileId)
  const fresh = desk.switchboard.wire(
    'create',
    (act) => act.kind === 'fresh-file' && file !== undefined && now < file.createdAt + act.seconds * 1000,
  )
  if (fresh || (!file && account.missingFileAtCreate)) {
    throw new Refusal(fileNotReady(request.inputFileId, scope.project))
  }
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
    metadata: desk.likeness.forgetsMetadata ? null : request.metadata,
    model,
    id,
    scope: scope.key,
    course,
    faults,
    scanning: startScan(desk, scope, file?.path, () => batch),
    scan: null,
    results: null,
    settling: null,
  }
  file?.readers.push(batch.scanning)
  desk.batches.set(id, batch)
  desk.log.record(desk.likeness.name, 'create', {
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
