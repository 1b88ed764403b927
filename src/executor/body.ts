import { JsonScan } from '../kit/json-scan.ts'
import type { Wording } from '../providers/contract.ts'

const BRACE = 123
const CLOSING = 125

type Member = NonNullable<Wording['members']>[number]

/** The body with the lane's members in it: over the request's own values, or first. */
export const bodyFor = (body: Uint8Array, members: readonly Member[] = []): Uint8Array =>
  members.reduce(withMember, body)

function withMember(body: Uint8Array, member: Member): Uint8Array {
  const own = spanOf(body, member.names)
  if (own !== undefined) return replaced(body, own.from, own.to, member.json)
  const inside = body.indexOf(BRACE) + 1
  let next = inside
  while (next < body.length && (body[next] as number) <= 32) next++
  const comma = body[next] === CLOSING ? '' : ','
  return replaced(body, inside, inside, `${JSON.stringify(member.names[0])}:${member.json}${comma}`)
}

const scan = new JsonScan()

/** Where the value of one of these members stands. Looked for only where the name occurs at all: hardly ever. */
function spanOf(body: Uint8Array, names: readonly string[]): { from: number; to: number } | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  if (!names.some((name) => bytes.includes(`"${name}"`))) return undefined
  scan.reset(body, 0, body.length)
  if (!scan.enterObject()) return undefined
  do {
    scan.key()
    const found = names.some((name) => scan.is(name))
    scan.peek()
    const from = scan.pos
    scan.skip()
    if (found) return { from, to: scan.pos }
  } while (scan.more())
  return undefined
}

function replaced(body: Uint8Array, from: number, to: number, text: string): Uint8Array {
  const length = Buffer.byteLength(text)
  const out = Buffer.allocUnsafe(body.length - (to - from) + length)
  out.set(body.subarray(0, from))
  out.write(text, from)
  out.set(body.subarray(to), from + length)
  return out
}
