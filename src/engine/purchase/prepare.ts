import type { Upload } from '../../providers/contract.ts'
import { frameOf, modelSplice, type Route } from '../rows/routing.ts'
import { framedRows } from '../rows/rows.ts'
import { attachFiles } from '../shards/attach.ts'
import { filledSlots, type References } from '../shards/fill-slots.ts'
import { commit, eventOf, type Flight, type Then } from '../shards/flight.ts'
import { recordsFor } from '../shards/growth.ts'
import { keepShard, moveShard } from '../shards/move.ts'
import { hasRoom } from './quota.ts'
import { keyOf, submissionRow } from './submission-row.ts'

/** The shard's rows as the vendor gets them. */
export function uploadOf(
  { ports, shard, manifest, input, lane }: Flight,
  key: string,
  references: References | undefined,
): Upload {
  const endpoint = manifest.groups[shard.group]?.endpoint ?? ''
  const { attached } = manifest
  const rows = () =>
    framedRows(ports.blobs, manifest, recordsFor(ports, input, shard), {
      frame: frameOf(lane, input.routes[shard.group] as Route),
      key,
      model: modelSplice(input, shard.group),
    })
  return {
    key,
    endpoint,
    model: shard.model,
    rows: shard.count,
    bytes: shard.bytes,
    body: () =>
      attached === undefined || references === undefined ? rows() : filledSlots(rows(), attached.token, references),
  }
}

/**
 * Uploads the shard's rows to a fresh input file, where the vendor takes one. Free, and repeatable until it is bought.
 */
export async function prepare(flight: Flight): Promise<Then> {
  const { ports, shard, job, call, lane } = flight
  const room = await hasRoom(flight)
  if (room !== 'room') return waitForRoom(flight)
  const key = keyOf(ports.store.homeId, shard.id, shard.purchase)
  const upload = uploadOf(flight, key, await attachFiles(flight))
  const { endpoint, model, rows } = upload
  const prepared = (await lane.prepare?.(call, upload)) ?? { fileId: null, key, endpoint, model, rows }
  ports.step('uploaded')
  const submission = submissionRow(flight, { state: 'prepared', fileId: prepared.fileId })
  await commit(flight, {
    insertSubmissions: [submission],
    shards: [shard.state === 'flying' ? keepShard(shard, { held: null }) : moveShard(shard, 'fly', { held: null })],
    events:
      prepared.fileId === null
        ? []
        : [eventOf(flight, 'uploaded', { file: prepared.fileId, rows: shard.count, bytes: shard.bytes }, submission)],
  })
  ports.step('prepared')
  ports.log.info({ job: job.id, shard: shard.id, file: prepared.fileId }, 'prepared')
  return 'again'
}

export async function waitForRoom(flight: Flight): Promise<Then> {
  const { ports, shard } = flight
  const wakeAt = ports.clock.now() + ROOM_CHECK_MS
  if (shard.held === 'quota') return wakeAt
  await commit(flight, {
    shards: [
      shard.state === 'held' ? keepShard(shard, { held: 'quota' }) : moveShard(shard, 'hold', { held: 'quota' }),
    ],
    events: [eventOf(flight, 'held', { reason: 'quota', tokens: shard.tokens })],
  })
  return wakeAt
}

const ROOM_CHECK_MS = 15_000
