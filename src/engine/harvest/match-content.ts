import type { ResultRow, UsageRow } from '../../delivery/result-index.ts'
import type { Content } from '../../providers/contract.ts'
import { Segments } from '../rows/rows.ts'
import { knownReferences } from '../shards/attach.ts'
import { fillSlots } from '../shards/fill-slots.ts'
import type { Flight } from '../shards/flight.ts'
import { recordsFor } from '../shards/growth.ts'

/** A row of the results without an id: what it says, but not of which request. */
export interface Nameless {
  readonly result: ResultRow
  readonly usage: UsageRow
}

export interface Matching {
  readonly nameless: ReadonlySet<Nameless>
  /** Result files as blobs, by the number that results name them with. */
  readonly files: readonly string[]
  isSeen(row: number): boolean
  give(row: number, result: Nameless): void
}

/**
 * Finds the requests of rows without an id by the content that they echo. Equal requests are dealt out in turn: which
 * of them an answer was for nobody can tell, and it does not matter.
 */
export async function matchContent(flight: Flight, { ofBody, ofRow }: Content, rows: Matching): Promise<void> {
  const { ports, manifest, input, shard } = flight
  const waiting = new Map<string, number[]>()
  const { attached } = manifest
  const references = await knownReferences(flight)
  const segments = new Segments(ports.blobs, manifest)
  try {
    let row = 0
    for await (const records of recordsFor(ports, input, shard)) {
      for (const [at, record] of records.entries()) {
        const number = row++
        if (rows.isSeen(number)) continue
        if (!segments.holds(record)) await segments.load(records, at)
        const body = Buffer.allocUnsafe(record.bodyLength)
        segments.copy(record, 0, record.bodyLength, body, 0)
        if (attached !== undefined && references !== undefined) fillSlots(body, attached.token, references)
        const content = ofBody(body)
        const alike = waiting.get(content)
        if (alike === undefined) waiting.set(content, [number])
        else alike.push(number)
      }
    }
  } finally {
    await segments.close()
  }
  const blobs = await Promise.all(rows.files.map((name) => ports.blobs.openLocal(name)))
  try {
    for (const nameless of rows.nameless) {
      const { file, offset, length } = nameless.result
      const line = Buffer.allocUnsafe(length)
      await blobs[file]?.read(line, offset)
      const number = waiting.get(ofRow(line))?.shift()
      if (number !== undefined) rows.give(number, nameless)
    }
  } finally {
    for (const blob of blobs) await blob.close()
  }
}
