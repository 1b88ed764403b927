import { hash } from 'node:crypto'
import { vendorOf } from '../../domain/usage.ts'
import { digestOf } from '../../kit/ids.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { type Route, type RoutedManifest, sentManifest } from '../rows/routing.ts'
import { everyRow, Segments } from '../rows/rows.ts'
import { sentRecords } from '../shards/plan.ts'

/** Long enough that equal hashes are of equal requests. */
export const HASH_BYTES = 16

/**
 * Writes a hash of what each row asks: vendor, endpoint and model, where it is to be answered, and the body but for its
 * name of the model. Our ids and what we add for the sake of a cache are not in it, for they change no answer.
 * @param name  of the blob; what is there already is taken as it is
 */
export async function contentHashes(
  ports: Ports,
  manifest: RoutedManifest,
  { region }: JobOptions,
  name: string,
): Promise<void> {
  if ((await ports.blobs.head(name)) !== undefined) return
  const plain = { ...manifest, routes: manifest.routes.map((route) => ({ ...route, marked: undefined })) }
  const groups = plain.routes.map((route, group) => ({
    head: digestOf(identityOf(route), region ?? ''),
    segments: new Segments(ports.blobs, sentManifest(plain, group)),
  }))
  const writer = await ports.blobs.put(name)
  let body = Buffer.alloc(1 << 16)
  try {
    for await (const records of sentRecords(ports, plain, everyRow(plain))) {
      const hashes = Buffer.alloc(records.length * HASH_BYTES)
      for (const [group, { head, segments }] of groups.entries()) {
        const own = records.flatMap((record, at) => (record.group === group ? [{ record, at }] : []))
        const neighbours = own.map(({ record }) => record)
        for (const [index, { record, at }] of own.entries()) {
          if (!segments.holds(record)) await segments.load(neighbours, index)
          const { bodyLength, modelOffset, modelLength } = record
          if (body.length < head.length + bodyLength) body = Buffer.alloc((head.length + bodyLength) * 2)
          head.copy(body)
          let end = segments.copy(record, 0, modelOffset, body, head.length)
          end = segments.copy(record, modelOffset + modelLength, bodyLength, body, end)
          hash('sha256', body.subarray(0, end), 'buffer').copy(hashes, at * HASH_BYTES, 0, HASH_BYTES)
        }
      }
      await writer.write(hashes)
    }
    await writer.commit()
  } finally {
    await writer.abort()
    for (const { segments } of groups) await segments.close()
  }
}

/** Of whom is asked, and what is said to all alike. */
export const identityOf = ({ lane, endpoint, model, member = '' }: Route): string =>
  JSON.stringify([vendorOf(lane), endpoint, model, member])
