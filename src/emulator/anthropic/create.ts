import { join } from 'node:path'
import { bodyChunks } from '../body.ts'
import type { Json } from '../json.ts'
import type { Exchange } from '../server.ts'
import type { Caller } from './caller.ts'
import { momentOf } from './course.ts'
import { type BatchRecord, type Desk, layCourse } from './desk.ts'
import { Refusal } from './errors.ts'
import { scanBatch } from './execute.ts'
import { type Intake, limits, takeIn } from './intake.ts'
import { checkQueue } from './limiter.ts'
import { batchView } from './view.ts'

/** Reads the requests of a create to disk. @param cutAt  bytes after which the connection drops */
export function receive(desk: Desk, exchange: Exchange, cutAt: number | undefined): Promise<Intake> {
  const { request, idleBodyTimeoutMs } = exchange
  const path = join(desk.dir, desk.nextId('intake'))
  const bytesMax = desk.switchboard.account().batchBytesMax ?? limits.bytesMax
  return takeIn(bodyChunks(request, idleBodyTimeoutMs), path, bytesMax, (bytes) => {
    if (cutAt !== undefined && bytes > cutAt) request.socket.destroy()
  })
}

/** POST /v1/messages/batches, its body read. @returns the batch at its first moment: everything in processing */
export async function createBatch(desk: Desk, caller: Caller, intake: Intake): Promise<Json> {
  const { workspace, version, betas } = caller
  const asked = { workspace, version, betas, requests: intake.requests, bytes: intake.bytes }
  try {
    if (intake.problem) throw new Refusal(intake.problem)
    checkQueue(desk, intake.requests)
  } catch (error) {
    await intake.discard()
    if (error instanceof Refusal) {
      desk.log.record('anthropic', 'create-refused', { ...asked, status: error.wire.status, error: error.message })
    }
    throw error
  }
  const now = desk.clock.now()
  const faults = desk.switchboard.batch()
  const id = desk.nextId('msgbatch')
  const course = layCourse(desk, id, now, intake.requests, faults)
  const batch: BatchRecord = {
    id,
    workspace,
    version,
    betas,
    rows: intake.requests,
    idsDigest: intake.idsDigest,
    course,
    faults,
    scanning: desk.queue.then(() => scan(desk, batch, intake)),
    scan: null,
    settling: null,
    deleted: false,
  }
  // A failed scan is told to whoever waits for it; it must not stop the queue, nor end the process.
  desk.queue = batch.scanning.catch(() => undefined)
  desk.batches.set(id, batch)
  desk.log.record('anthropic', 'create', { batch: id, ...asked })
  return batchView(batch, momentOf(course, batch.rows, Number.NEGATIVE_INFINITY), null, now, caller.origin)
}

async function scan(desk: Desk, batch: BatchRecord, intake: Intake): Promise<NonNullable<BatchRecord['scan']>> {
  batch.scan = await scanBatch(desk, batch, intake.path)
  await intake.discard()
  return batch.scan
}
