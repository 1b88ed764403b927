import { type AttachedFile, SLOT_BYTES, slotIn, slotStart } from '../../domain/file-slot.ts'

/** By the sha256 of a file: how requests name it at the vendor. */
export type References = ReadonlyMap<string, string>

/** The same bytes with the references written over their slots. */
export const filledSlots = (
  blocks: AsyncIterable<Uint8Array>,
  token: string,
  references: References,
): AsyncGenerator<Uint8Array> => withSlots(blocks, token, (slot) => fill(slot, references))

/** Writes the references over the slots of a whole body. One that is not known stays as it is. */
export function fillSlots(body: Uint8Array, token: string, references: References): void {
  visit(bufferOf(body), needleOf(token), (slot) => fill(slot, references))
}

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

/** The files that the rows name, each once. */
export async function slotsIn(blocks: AsyncIterable<Uint8Array>, token: string): Promise<AttachedFile[]> {
  const files = new Map<string, AttachedFile>()
  const note = (slot: Buffer): void => {
    const file = fileOf(slot)
    if (file !== undefined) files.set(file.sha256, file)
  }
  for await (const _ of withSlots(blocks, token, note));
  return [...files.values()]
}

/** What of a slot the reference leaves is spaces behind its string: they mean nothing in JSON. */
function fill(slot: Buffer, references: References): void {
  const text = references.get(fileOf(slot)?.sha256 ?? '')
  if (text === undefined) return
  const reference = JSON.stringify(text)
  if (Buffer.byteLength(reference) > SLOT_BYTES)
    throw new Error(`A reference of ${Buffer.byteLength(reference)} bytes is too long: ${text}`)
  slot.fill(SPACE)
  slot.write(reference)
}

const fileOf = (slot: Buffer): AttachedFile | undefined => slotIn(slot.toString('latin1', 1, slot.length - 1))

const needleOf = (token: string): Buffer => Buffer.from(`"${slotStart(token)}`)

/** Shows every slot, whichever blocks it lies in, before its bytes are handed on. */
async function* withSlots(
  blocks: AsyncIterable<Uint8Array>,
  token: string,
  see: (slot: Buffer) => void,
): AsyncGenerator<Uint8Array> {
  const needle = needleOf(token)
  let held = Buffer.alloc(0)
  for await (const block of blocks) {
    const bytes = held.length === 0 ? bufferOf(block) : Buffer.concat([held, block])
    const whole = visit(bytes, needle, see)
    held = Buffer.from(bytes.subarray(whole)) // a copy: the block is overwritten by a later one
    if (whole > 0) yield bytes.subarray(0, whole)
  }
  if (held.length > 0) yield held
}

/** Returns where a slot may begin that goes on behind these bytes. */
function visit(bytes: Buffer, needle: Buffer, see: (slot: Buffer) => void): number {
  let from = 0
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, from)) {
    from = at + SLOT_BYTES
    if (from > bytes.length) return at
    see(bytes.subarray(at, from))
  }
  for (let at = Math.max(from, bytes.length - needle.length + 1); at < bytes.length; at++) {
    if (bytes[at] === QUOTE && needle.subarray(0, bytes.length - at).equals(bytes.subarray(at))) return at
  }
  return bytes.length
}

const QUOTE = 34
const SPACE = 32
