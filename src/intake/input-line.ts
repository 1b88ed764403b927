import type { BlobStore, LocalBlob } from '../stores/contract.ts'
import {
  emptyRecord,
  type FileSpan,
  fileSpan,
  type IndexRecord,
  type Manifest,
  RECORD_BYTES,
  readRecord,
} from './manifest.ts'

/** What a request was in the input: its line, or of a table its row as it is carried through. */
export async function inputLine(blobs: BlobStore, manifest: Manifest, ordinal: number): Promise<Uint8Array> {
  const { kind, index, carry, segments, starts } = manifest
  const bytes = await bytesOf(blobs, index, ordinal * RECORD_BYTES, RECORD_BYTES)
  const record = readRecord(new DataView(bytes.buffer), 0, emptyRecord())
  if (kind === 'table') return bytesOf(blobs, carry, record.carryOffset, record.carryLength)
  const segment = await blobs.openLocal(segments[record.segment] as string)
  try {
    return await lineAround(segment, record, fileSpan(starts, ordinal))
  } finally {
    await segment.close()
  }
}

async function bytesOf(
  blobs: BlobStore,
  name: string,
  position: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const blob = await blobs.openLocal(name)
  try {
    const bytes = new Uint8Array(length)
    await blob.read(bytes, position)
    return bytes
  } finally {
    await blob.close()
  }
}

/** The line that holds a body, without its end; it does not reach beyond its file. */
export async function lineAround(
  segment: LocalBlob,
  { bodyOffset, bodyLength }: Pick<IndexRecord, 'bodyOffset' | 'bodyLength'>,
  file: FileSpan,
): Promise<Uint8Array> {
  const bodyEnd = bodyOffset + bodyLength
  for (let margin = 1024; ; margin *= 8) {
    const from = Math.max(file.from, bodyOffset - margin)
    const to = Math.min(file.to ?? Number.POSITIVE_INFINITY, bodyEnd + margin)
    const bytes = new Uint8Array(to - from)
    const read = bytes.subarray(0, await segment.read(bytes, from))
    const before = read.subarray(0, bodyOffset - from).lastIndexOf(10)
    const after = read.indexOf(10, bodyEnd - from)
    const goesOn = read.length === bytes.length && to !== file.to
    if ((before < 0 && from > file.from) || (after < 0 && goesOn)) continue
    const line = read.subarray(before + 1, after < 0 ? read.length : after)
    return line.at(-1) === 13 ? line.subarray(0, -1) : line
  }
}
