import type { Insertion } from '../../dialects/prompt-blocks.ts'
import type { ChatDialect } from '../../dialects/translation.ts'
import type { TaskReply } from '../../kit/byte-pool.ts'
import { type Level, markableLevels } from './prefix-levels.ts'

/** Marks where shared beginnings end, in bodies that lie one behind the other; runs in a worker thread. */
export interface MarkIn {
  readonly buffer: ArrayBuffer
  /** Bytes of each body, and where the value of its `model` lies in it. */
  readonly lengths: Uint32Array
  readonly modelOffsets: Uint32Array
  readonly dialect: ChatDialect
  readonly least: number
  /** JSON text of the member that marks an end. */
  readonly member: string
  /** Beginnings that are to be kept, and how many requests share each. */
  readonly keys: Float64Array
  readonly shared: Uint32Array
  /** Bodies that would become longer than this stay as they are. */
  readonly bodyBytesMax: number
}

export interface MarkOut {
  /** Marked bodies, one behind the other. */
  readonly buffer: ArrayBuffer
  /** Bytes of each; 0: it stays as it is. */
  readonly lengths: Uint32Array
  readonly modelOffsets: Uint32Array
}

export function run(input: MarkIn): TaskReply<MarkOut> {
  const { lengths, dialect, least, member, keys, shared, bodyBytesMax } = input
  const all = Buffer.from(input.buffer)
  const sharedBy = new Map(Array.from(keys, (key, index) => [key, shared[index] as number]))
  const marked: Buffer[] = []
  const marks = new Uint32Array(lengths.length)
  const modelOffsets = input.modelOffsets.slice()
  let at = 0
  for (const [index, length] of lengths.entries()) {
    const body = all.subarray(at, at + length)
    at += length
    const insertions = ends(markableLevels(dialect, body, least, member), sharedBy).flatMap(
      ({ block }) => block.mark(member) ?? [],
    )
    const added = insertions.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
    if (insertions.length === 0 || length + added > bodyBytesMax) continue
    marked.push(inserted(body, insertions))
    marks[index] = length + added
    const modelAt = modelOffsets[index] as number
    for (const { at: place, text } of insertions)
      if (place <= modelAt) modelOffsets[index] = (modelOffsets[index] as number) + Buffer.byteLength(text)
  }
  const bytes = Buffer.concat(marked)
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
  return { value: { buffer, lengths: marks, modelOffsets }, transfer: [buffer] }
}

/** The longest beginning that is kept, and the shortest where more requests share that. */
function ends(levels: readonly Level[], sharedBy: ReadonlyMap<number, number>): Level[] {
  const kept = levels.filter(({ key }) => sharedBy.has(key))
  const [first, last] = [kept[0], kept.at(-1)]
  if (first === undefined || last === undefined) return []
  return (sharedBy.get(first.key) ?? 0) > (sharedBy.get(last.key) ?? 0) ? [first, last] : [last]
}

function inserted(body: Buffer, insertions: readonly Insertion[]): Buffer {
  const pieces: Buffer[] = []
  let from = 0
  for (const { at, text } of insertions.toSorted((a, b) => a.at - b.at)) {
    pieces.push(body.subarray(from, at), Buffer.from(text))
    from = at
  }
  return Buffer.concat([...pieces, body.subarray(from)])
}
