import type { IndexRecord, Manifest } from '../../intake/manifest.ts'
import type { BlobStore } from '../../stores/contract.ts'
import { blankMember } from './members.ts'
import { Segments } from './rows.ts'

export interface Wanted {
  /** JSON text that replaces the value of `model`. */
  readonly model?: Uint8Array | undefined
  /** The vendor takes no `model` in the body. */
  readonly blanksModel: boolean
  /** JSON text of a member that each body begins with. */
  readonly member?: string | undefined
}

export interface RowBody {
  readonly row: number
  /** Its own bytes. */
  readonly body: Uint8Array
  /** As the index has them: the estimate of its input, and the output it allows (0: it does not say). */
  readonly tokens: number
  readonly outputMax: number
}

/** The rows one by one, as a call has them: the bodies of an upload without what is around them there. */
export async function* rowBodies(
  blobs: BlobStore,
  manifest: Manifest,
  rows: AsyncIterable<readonly IndexRecord[]>,
  { model, blanksModel, member }: Wanted,
): AsyncGenerator<RowBody> {
  const segments = new Segments(blobs, manifest)
  const opening = Buffer.from(member === undefined ? '' : `{${member},`)
  const from = opening.length === 0 ? 0 : 1
  let row = 0
  try {
    for await (const records of rows) {
      for (const [index, record] of records.entries()) {
        const { bodyLength, modelOffset, modelLength, tokens, outputMax } = record
        if (!segments.holds(record)) await segments.load(records, index)
        const spliced = model !== undefined && modelLength > 0 && !blanksModel
        const more = spliced ? model.length - modelLength : 0
        const body = Buffer.allocUnsafe(opening.length - from + bodyLength + more)
        opening.copy(body)
        if (spliced) {
          const at = segments.copy(record, from, modelOffset, body, opening.length)
          body.set(model, at)
          segments.copy(record, modelOffset + modelLength, bodyLength, body, at + model.length)
        } else {
          segments.copy(record, from, bodyLength, body, opening.length)
          if (blanksModel && modelLength > 0) blankMember(body, opening.length - from + modelOffset, modelLength)
        }
        yield { row: row++, body, tokens, outputMax }
      }
    }
  } finally {
    await segments.close()
  }
}
