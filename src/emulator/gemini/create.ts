import { unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { between, chanceOf } from '../chance.ts'
import { compactJson } from '../compact-json.ts'
import { isJson, type Json } from '../json.ts'
import { runMsOf } from '../latency.ts'
import { type Course, momentOf } from './course.ts'
import { type BatchRequest, checkedBatch } from './create-checks.ts'
import { type BatchRecord, type Desk, day, type Input } from './desk.ts'
import { exhausted, fileNotActive, fileOutOfReach, invalidArgument, Refusal, unknownModel } from './errors.ts'
import type { BatchFaults } from './faults.ts'
import { fileNamed, goneOrNever, idOfName } from './files.ts'
import { enqueuedTokensMax, limits } from './limits.ts'
import { type Model, modelNamed, servedBy } from './models.ts'
import { operationView } from './operations.ts'
import { startScan } from './start-scan.ts'

/** POST …:batchGenerateContent and …:asyncBatchEmbedContent. @returns the operation as it stands at its first moment */
export async function createBatch(
  desk: Desk,
  project: string,
  origin: string,
  modelName: string,
  method: 'generate' | 'embed',
  body: unknown,
): Promise<Json> {
  try {
    return await accepted(desk, project, origin, modelName, method, body)
  } catch (error) {
    if (error instanceof Refusal) {
      const batch = isJson(body) && isJson(body['batch']) ? body['batch'] : {}
      const { name, message } = error.problem
      const metadata = { displayName: batch['displayName'] ?? batch['display_name'] ?? null }
      desk.log.record('gemini', 'create-refused', { status: name, metadata, error: message })
    }
    throw error
  }
}

async function accepted(
  desk: Desk,
  project: string,
  origin: string,
  modelName: string,
  method: 'generate' | 'embed',
  body: unknown,
): Promise<Json> {
  const model = batchableModel(desk, modelName, method)
  const request = checkedBatch(body)
  refuseCrowd(desk, project)
  const id = desk.nextId('batch', 36)
  const input = await inputOf(desk, project, id, request)
  const faults = desk.switchboard.batch()
  const batch: BatchRecord = {
    id,
    project,
    origin,
    method,
    modelName,
    model,
    displayName: request.displayName,
    priority: request.priority,
    input,
    course: layCourse(desk, id, input.bytes, faults),
    faults,
    problem: null,
    scanning: Promise.resolve().then(() => startScan(desk, batch)),
    scan: null,
    deletedAt: null,
    outputFileId: null,
    sealed: false,
  }
  // One after another: two creates at once must not both be let into the last place.
  const admitted = desk.admissions.then(() => admit(desk, batch))
  desk.admissions = admitted.catch(() => undefined)
  await admitted
  desk.log.record('gemini', 'create', {
    batch: id,
    inputFileId: input.kind === 'file' ? `files/${input.fileId}` : null,
    metadata: { displayName: request.displayName ?? null },
    endpoint: method,
    inputFound: input.path !== null,
  })
  const { createdAt } = batch.course
  return operationView(batch, momentOf({ ...batch.course, failure: null }, 0, createdAt), null, createdAt, 'get')
}

function batchableModel(desk: Desk, modelName: string, method: 'generate' | 'embed'): Model {
  const wanted = method === 'embed' ? 'asyncBatchEmbedContent' : 'batchGenerateContent'
  const named = modelNamed(modelName)
  const retires = desk.switchboard.account().retiresModels ?? false
  const model = named && retires ? servedBy(named, day(desk.clock.now())) : named
  if (!model?.batchable || model.embeds !== (method === 'embed')) throw new Refusal(unknownModel(modelName, wanted))
  return model
}

async function inputOf(desk: Desk, project: string, batchId: string, request: BatchRequest): Promise<Input> {
  if (request.requests) {
    const text = request.requests.map((item) => `${compactJson(item)}\n`).join('')
    if (Buffer.byteLength(text) >= limits.inlineBytes) {
      throw new Refusal(invalidArgument(`Request payload size exceeds the limit: ${limits.inlineBytes} bytes.`))
    }
    const path = join(desk.dir, `gemini-${batchId}.input`)
    await writeFile(path, text)
    return { kind: 'inline', path, bytes: Buffer.byteLength(text) }
  }
  const id = idOfName(request.fileName ?? '')
  const file = fileNamed(desk, project, id)
  const now = desk.clock.now()
  const fresh = desk.switchboard.wire(
    'create',
    (act) => act.kind === 'fresh-file' && file !== undefined && now < file.createdAt + act.seconds * 1000,
  )
  if (fresh) throw new Refusal(fileOutOfReach(id))
  if (!file) {
    if (desk.switchboard.account().missingFileAccepted) return { kind: 'file', fileId: id, path: null, bytes: 0 }
    throw new Refusal(goneOrNever(desk, id))
  }
  if (file.fails || now < file.activeAt) throw new Refusal(fileNotActive(id))
  return { kind: 'file', fileId: id, path: file.path, bytes: file.bytes }
}

/** Draws how long each state lasts, once, from the seed and the batch's own name. */
function layCourse(desk: Desk, id: string, bytes: number, faults: BatchFaults): Course {
  const chance = chanceOf('course', desk.seed, id)
  const createdAt = desk.clock.now()
  const runMs = runMsOf(desk.latency, chance, bytes, faults.runSeconds)
  const forever = (faults.stuckSeconds ?? Number.POSITIVE_INFINITY) * 1000
  const stretch = between(chance, 80, 120) / 100
  const waits = faults.stuck === 'pending' ? forever : desk.latency.validatingSeconds * 1000 * stretch
  const startsAt = createdAt + waits
  return {
    createdAt,
    pendingAt: createdAt,
    startsAt,
    runMs,
    endsAt: startsAt + (faults.stuck === 'running' ? forever : runMs),
    expiresAt: createdAt + limits.batchLifeMs,
    cutAt: Number.POSITIVE_INFINITY,
    stallShare: faults.stuck === 'running' ? (faults.stallShare ?? 1) : 1,
    failure: null,
    cancel: null,
  }
}

async function admit(desk: Desk, batch: BatchRecord): Promise<void> {
  const { project, model } = batch
  try {
    refuseCrowd(desk, project)
    const queue = [...desk.batches.values()].filter(
      (other) =>
        other.project === project &&
        other.model.entry.id === model.entry.id &&
        (isActive(desk, other) || isHeld(desk, other)),
    )
    const limit = desk.switchboard.account().enqueuedTokensMax ?? enqueuedTokensMax(model.entry.id)
    await refuseFullQueue([...queue, batch], limit)
  } catch (error) {
    const scan = await batch.scanning
    await Promise.all([scan.outputPath, scan.idsPath].map((path) => unlink(path).catch(() => undefined)))
    throw error
  }
  if (batch.input.kind === 'file') desk.files.get(batch.input.fileId)?.readers.push(batch.scanning)
  desk.batches.set(batch.id, batch)
}

/**
 * A batch whose prompts do not fit into the queue of its model is refused at once, and never exists. Its bytes bound
 * its tokens from above, so inputs are only read here when it comes close.
 */
async function refuseFullQueue(queue: readonly BatchRecord[], limit: number): Promise<void> {
  if (queue.reduce((sum, { input }) => sum + input.bytes / 4, 0) <= limit) return
  let waiting = 0
  for (const each of queue) waiting += (await each.scanning).enqueuedTokens
  if (waiting > limit) throw new Refusal(exhausted())
}

function refuseCrowd(desk: Desk, project: string): void {
  const { concurrentMax = limits.concurrentMax } = desk.switchboard.account()
  const active = [...desk.batches.values()].filter((batch) => batch.project === project && isActive(desk, batch))
  if (active.length >= concurrentMax) throw new Refusal(exhausted())
}

function isActive(desk: Desk, batch: BatchRecord): boolean {
  if (batch.deletedAt !== null) return false
  return !momentOf(batch.course, batch.scan?.lines ?? 0, desk.clock.now()).terminal
}

/** Batches that were cancelled or deleted have gone on filling the queue for days. */
function isHeld(desk: Desk, batch: BatchRecord): boolean {
  const lag = batch.faults.quotaReleaseLagSeconds ?? 0
  const endedAt =
    batch.deletedAt ?? momentOf(batch.course, batch.scan?.lines ?? 0, desk.clock.now()).endedAt ?? Infinity
  return lag > 0 && desk.clock.now() < endedAt + lag * 1000
}
