import { JsonScan } from '../../kit/json-scan.ts'

/** Edits of the members of a body in its bytes, which change no length: what is not needed becomes spaces. */

/** Overwrites a member of an object with spaces, from its key to its value, and the comma that parts it from the next. */
export function blankMember(bytes: Uint8Array, valueAt: number, valueLength: number): void {
  let from = valueAt
  while (bytes[--from] !== QUOTE); // the end of its key
  while (bytes[--from] !== QUOTE); // and the start: a key with a quote in it is not this one
  let to = skipSpace(bytes, valueAt + valueLength, 1)
  if (bytes[to] === COMMA) to++
  else {
    const before = skipSpace(bytes, from - 1, -1)
    if (bytes[before] === COMMA) from = before
  }
  bytes.fill(SPACE, from, to)
}

function skipSpace(bytes: Uint8Array, at: number, step: 1 | -1): number {
  while (bytes[at] === SPACE || bytes[at] === 9 || bytes[at] === 10 || bytes[at] === 13) at += step
  return at
}

/**
 * Gives members the names in `renames`, each no longer than the one before. Of a body that has a member by both names,
 * the one that is renamed stands, unless it is null.
 * @param start  behind the brace that opens the body, which is well-formed
 */
export function renameMembers(
  bytes: Uint8Array,
  start: number,
  end: number,
  renames: Readonly<Record<string, string>>,
): void {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
  for (const [name, known] of Object.entries(renames)) {
    if (!body.includes(name)) continue // most bodies need no more than this look
    const found = membersIn(bytes, start, end, [name, known])
    const member = found.get(name)
    if (member === undefined) continue
    const other = found.get(known)
    const fallen = other !== undefined && bytes[member.valueAt] === N ? member : other
    if (fallen !== undefined) blankMember(bytes, fallen.valueAt, fallen.valueEnd - fallen.valueAt)
    if (fallen === member) continue
    bytes.fill(SPACE, member.keyAt, member.keyEnd)
    bytes.set(Buffer.from(JSON.stringify(known)), member.keyAt)
  }
}

interface Member {
  readonly keyAt: number
  readonly keyEnd: number
  readonly valueAt: number
  readonly valueEnd: number
}

const scan = new JsonScan()

function membersIn(bytes: Uint8Array, start: number, end: number, names: readonly string[]): Map<string, Member> {
  const found = new Map<string, Member>()
  scan.reset(bytes, start, end)
  if (scan.peek() !== QUOTE) return found // it is empty
  do {
    scan.key()
    const [keyAt, keyEnd] = [scan.from - 1, scan.to + 1]
    const name = names.find((one) => scan.is(one))
    scan.peek()
    const valueAt = scan.pos
    scan.skip()
    if (name !== undefined) found.set(name, { keyAt, keyEnd, valueAt, valueEnd: scan.pos })
  } while (scan.more())
  return found
}

const QUOTE = 34
const COMMA = 44
const SPACE = 32
/** Of `null`. */
const N = 110
