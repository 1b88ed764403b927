import { KEY_LENGTH } from '../../delivery/result-index.ts'
import type { AttachedFile } from '../../domain/file-slot.ts'
import { HOUR } from '../../kit/clock.ts'
import { base32, digestOf } from '../../kit/ids.ts'
import type { ControlStore } from '../../stores/contract.ts'
import { framedRows } from '../rows/rows.ts'
import { type References, slotsIn } from './fill-slots.ts'
import { commit, eventOf, type ShardFlight } from './flight.ts'
import { recordsFor } from './growth.ts'

/** How much longer a file has to be there when requests are sent that name it: until they have run, as vendors aim at. */
const NEEDED_MS = 24 * HOUR
const AT_ONCE = 4

/**
 * What the shard's requests name their files by. Each content is uploaded once to an account, unless the vendor will soon
 * forget it, and is remembered before anything names it; a crash between the two leaves a file that bears our key.
 * Undefined: they name none.
 */
export async function attachFiles(flight: ShardFlight): Promise<References | undefined> {
  const { ports, shard, input, manifest } = flight
  if (manifest.attached === undefined) return undefined
  const bodies = framedRows(ports.blobs, manifest, recordsFor(ports, input, shard), {
    frame: bare,
    key: '-'.repeat(KEY_LENGTH),
  })
  const waiting = await slotsIn(bodies, manifest.attached.token)
  const references = new Map<string, string>()
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift())
      references.set(file.sha256, await referenceTo(flight, file))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return references
}

/** Rows are looked through, and go nowhere. */
const bare = { beforeId: Buffer.alloc(0), afterId: Buffer.alloc(0), afterBody: Buffer.alloc(0) }

/**
 * What files of the account are called, or were last called: those of a shard that was prepared are among them, and what
 * has come back may name one that is gone. Undefined: requests of this job name none.
 */
export async function knownReferences({ ports, shard, manifest }: ShardFlight): Promise<References | undefined> {
  if (manifest.attached === undefined) return undefined
  const own = (await ports.store.attachments()).filter(({ accountId }) => accountId === shard.accountId)
  return new Map(own.map(({ sha256, reference }) => [sha256, reference]))
}

/** Two shards of this process that want one file wait for one upload. */
const uploads = new WeakMap<ControlStore, Map<string, Promise<string>>>()

async function referenceTo(flight: ShardFlight, file: AttachedFile): Promise<string> {
  const { ports, job, shard } = flight
  const { accountId } = shard
  const underWay = uploads.get(ports.store) ?? new Map<string, Promise<string>>()
  uploads.set(ports.store, underWay)
  const name = `${accountId} ${file.sha256}`
  for (;;) {
    const until = ports.vendors.now(accountId) + NEEDED_MS
    const known = await ports.store.attachmentFor({ accountId, sha256: file.sha256, jobId: job.id }, until)
    if (known !== undefined) return known.reference
    const other = underWay.get(name)
    if (other === undefined) break
    await other.catch(() => {}) // its own shard says so
  }
  const upload = uploaded(flight, file).finally(() => underWay.delete(name))
  underWay.set(name, upload)
  return upload
}

async function uploaded(flight: ShardFlight, file: AttachedFile): Promise<string> {
  const { ports, job, shard, call, manifest } = flight
  const { accountId } = shard
  const { sha256, type, bytes, offset } = file
  // Files are the account's, whichever of the vendor's lanes the requests take.
  const { attach, remove } = ports.vendors.batch(shard.lane)
  if (attach === undefined) throw new Error(`${shard.lane} takes no files, and a request names one of ${bytes} bytes.`)
  const key = base32(digestOf(ports.store.homeId, 'attachment', accountId, sha256), KEY_LENGTH)
  const body = () => ports.blobs.get(manifest.attached?.blob ?? '', { from: offset, to: offset + bytes })
  const { fileId, text: reference, expiresAt } = await attach(call, { key, type, bytes, body })
  ports.step('attached')
  const uploadedAt = ports.vendors.now(accountId)
  const row = { accountId, sha256, key, jobId: job.id, fileId, reference, uploadedAt, expiresAt }
  const counts = await ports.store.saveAttachment(row, uploadedAt + NEEDED_MS)
  await commit(flight, { events: [eventOf(flight, 'attached', { file: fileId, bytes })] })
  if (counts.fileId !== fileId) await remove?.(call, fileId) // another process was faster
  return counts.reference
}
