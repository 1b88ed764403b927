import { KEY_LENGTH } from '../delivery/result-index.ts'
import type { AttachedFile } from '../domain/file-slot.ts'
import type { AttachedBlob } from '../intake/manifest.ts'
import { HOUR } from '../kit/clock.ts'
import { base32, digestOf } from '../kit/ids.ts'
import type { BatchLane, Call } from '../providers/contract.ts'
import type { ControlStore } from '../stores/contract.ts'
import type { References } from './fill-slots.ts'
import type { Ports } from './ports.ts'

/** For whom, and with what, files are uploaded: a job, on an account of a vendor. */
export interface Attaching {
  readonly ports: Ports
  readonly jobId: string
  readonly accountId: string
  /** The batch lane of the vendor, which knows its files, whichever of its lanes the requests take. */
  readonly lane: Pick<BatchLane, 'attach' | 'remove'>
  readonly call: Call
  readonly attached: AttachedBlob
}

/** How much longer a file has to be there when requests are sent that name it: until they have run, as vendors aim at. */
const NEEDED_MS = 24 * HOUR
const AT_ONCE = 4

/**
 * What requests name the files by, on this account. Each content is uploaded once, unless the vendor will soon forget it,
 * and is remembered before anything names it; a crash between the two leaves a file that bears our key.
 */
export async function attach(how: Attaching, files: readonly AttachedFile[]): Promise<References> {
  const references = new Map<string, string>()
  const waiting = [...files]
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift())
      references.set(file.sha256, await referenceTo(how, file))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return references
}

/** All that files of an account were ever called: what has come back may name one that is gone. */
export async function knownReferences({ store }: Pick<Ports, 'store'>, accountId: string): Promise<References> {
  const own = (await store.attachments()).filter((row) => row.accountId === accountId)
  return new Map(own.map(({ sha256, reference }) => [sha256, reference]))
}

/** Two shards of this process that want one file wait for one upload. */
const uploads = new WeakMap<ControlStore, Map<string, Promise<string>>>()

async function referenceTo(how: Attaching, file: AttachedFile): Promise<string> {
  const { ports, accountId, jobId } = how
  const underWay = uploads.get(ports.store) ?? new Map<string, Promise<string>>()
  uploads.set(ports.store, underWay)
  const name = `${accountId} ${file.sha256}`
  for (;;) {
    const until = ports.vendors.now(accountId) + NEEDED_MS
    const known = await ports.store.attachmentFor({ accountId, sha256: file.sha256, jobId }, until)
    if (known !== undefined) return known.reference
    const other = underWay.get(name)
    if (other === undefined) break
    await other.catch(() => {}) // its own shard says so
  }
  const upload = uploaded(how, file).finally(() => underWay.delete(name))
  underWay.set(name, upload)
  return upload
}

async function uploaded(how: Attaching, file: AttachedFile): Promise<string> {
  const { ports, accountId, jobId, lane, call, attached } = how
  const { sha256, type, bytes, offset } = file
  if (lane.attach === undefined) throw new Error(`The lane takes no files, and a request names one of ${bytes} bytes.`)
  const key = base32(digestOf(ports.store.homeId, 'attachment', accountId, sha256), KEY_LENGTH)
  const body = () => ports.blobs.get(attached.blob, { from: offset, to: offset + bytes })
  const { fileId, text: reference, expiresAt } = await lane.attach(call, { key, type, bytes, body })
  ports.step('attached')
  const uploadedAt = ports.vendors.now(accountId)
  const row = { accountId, sha256, key, jobId, fileId, reference, uploadedAt, expiresAt }
  const counts = await ports.store.saveAttachment(row, uploadedAt + NEEDED_MS)
  ports.log.info({ job: jobId, file: fileId, bytes }, 'uploaded a file that requests name')
  if (counts.fileId !== fileId) await lane.remove?.(call, fileId) // another process was faster
  return counts.reference
}
