import type { ChatDialect } from '../../dialects/translation.ts'
import type { TaskReply } from '../../kit/byte-pool.ts'
import { levelsOf, markableLevels } from './prefix-levels.ts'

/** Finds the beginnings of prompts whose bodies lie one behind the other; runs in a worker thread. */
export interface ScanIn {
  readonly buffer: ArrayBuffer
  /** Bytes of each body. */
  readonly lengths: Uint32Array
  readonly dialect: ChatDialect
  /** Bytes of a beginning that is worth a look. */
  readonly least: number
  /** What would mark its end: a beginning that can have no mark is none. Null: it needs none. */
  readonly member: string | null
}

export interface ScanOut {
  /** How many beginnings each body has, and of each, one after the other: its name and its bytes. */
  readonly counts: Uint8Array
  readonly keys: Float64Array<ArrayBuffer>
  readonly bytes: Float64Array<ArrayBuffer>
}

export function run({ buffer, lengths, dialect, least, member }: ScanIn): TaskReply<ScanOut> {
  const all = Buffer.from(buffer)
  const counts = new Uint8Array(lengths.length)
  const keys: number[] = []
  const bytes: number[] = []
  let at = 0
  for (const [index, length] of lengths.entries()) {
    const body = all.subarray(at, at + length)
    for (const level of member === null
      ? levelsOf(dialect, body, least)
      : markableLevels(dialect, body, least, member)) {
      counts[index] = (counts[index] as number) + 1
      keys.push(level.key)
      bytes.push(level.bytes)
    }
    at += length
  }
  const value = { counts, keys: Float64Array.from(keys), bytes: Float64Array.from(bytes) }
  return { value, transfer: [value.keys.buffer, value.bytes.buffer] }
}
