import type { BlobStore } from '../stores/contract.ts'
import { GroupSums } from './group-sums.ts'
import { emptyRecord, type Group, type Manifest, RECORD_BYTES, readRecord, writeRecord } from './manifest.ts'

const RECORDS_READ = 16_384

/**
 * What was taken in without some of its requests. The others move together, in their order; a group of which none is
 * left is left out too, and the numbers and sums of the others are made anew.
 */
export async function dropRequests(
  blobs: BlobStore,
  manifest: Manifest,
  dropped: ReadonlySet<number>,
): Promise<Manifest> {
  const requests = manifest.requests - dropped.size
  const name = `${manifest.index}-${requests}`
  const writer = await blobs.put(name)
  const index = await blobs.openLocal(manifest.index)
  const sums = new GroupSums()
  const record = emptyRecord()
  const window = new Uint8Array(RECORD_BYTES * RECORDS_READ)
  const view = new DataView(window.buffer)
  try {
    for (let first = 0; first < manifest.requests; first += RECORDS_READ) {
      const read = (await index.read(window, first * RECORD_BYTES)) / RECORD_BYTES
      let kept = 0
      for (let at = 0; at < read; at++) {
        if (dropped.has(first + at)) continue
        readRecord(view, at * RECORD_BYTES, record)
        record.group = sums.of(manifest.groups[record.group] as Group)
        sums.add(record)
        writeRecord(view, kept++ * RECORD_BYTES, record)
      }
      await writer.write(window.slice(0, kept * RECORD_BYTES))
    }
    await writer.commit()
  } catch (error) {
    await writer.abort()
    throw error
  } finally {
    await index.close()
  }
  await blobs.delete(manifest.index)
  return {
    ...manifest,
    index: name,
    requests,
    groups: sums.groups,
    bodyBytes: sums.bodyBytes,
    ...movedMarks(manifest, dropped),
  }
}

/** What points at requests by their ordinals. A set of parameters whose first request is dropped is known no more. */
function movedMarks(
  { starts, variants }: Manifest,
  dropped: ReadonlySet<number>,
): Pick<Manifest, 'starts' | 'variants'> {
  const moved = (ordinal: number): number => ordinal - [...dropped].filter((one) => one < ordinal).length
  return {
    ...(starts === undefined ? {} : { starts: starts.map((start) => ({ ...start, ordinal: moved(start.ordinal) })) }),
    ...(variants === undefined ? {} : { variants: variants.filter((one) => !dropped.has(one)).map(moved) }),
  }
}
