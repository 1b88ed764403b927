import { type Manifest, RECORD_BYTES, rowsIn, writeRecord } from '../../intake/manifest.ts'
import type { Ports } from '../ports.ts'
import { everyRequest, recordsOf } from './rows.ts'

/**
 * Writes the index of all rows: the record of each request as many times as it is rows. Everything behind it counts in
 * rows; delivery alone puts requests together again.
 * @param name  of the blob
 */
export async function spreadRows(
  { blobs }: Pick<Ports, 'blobs'>,
  manifest: Manifest,
  name: string,
): Promise<NonNullable<Manifest['rows']>> {
  const writer = await blobs.put(name)
  try {
    for await (const records of recordsOf(blobs, manifest, everyRequest(manifest))) {
      for (const record of records) {
        const bytes = new Uint8Array(RECORD_BYTES * rowsIn(manifest, record))
        const view = new DataView(bytes.buffer)
        for (let at = 0; at < bytes.length; at += RECORD_BYTES) writeRecord(view, at, record)
        await writer.write(bytes)
      }
    }
    await writer.commit()
  } finally {
    await writer.abort()
  }
  return { count: writer.bytes / RECORD_BYTES, index: name }
}

/** The first row of each of these requests, which come in rising order. */
export async function firstRows(
  { blobs }: Pick<Ports, 'blobs'>,
  manifest: Manifest,
  requests: readonly number[],
): Promise<readonly number[]> {
  if (manifest.rows === undefined) return requests
  const rows: number[] = []
  let [request, row] = [0, 0]
  for await (const records of recordsOf(blobs, manifest, everyRequest(manifest))) {
    for (const record of records) {
      if (request++ === requests[rows.length]) rows.push(row)
      row += rowsIn(manifest, record)
    }
    if (rows.length === requests.length) break
  }
  return rows
}
