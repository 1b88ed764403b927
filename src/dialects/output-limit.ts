import { decodeString, JsonScan } from '../kit/json-scan.ts'
import { dialectNameOf } from './endpoint-for.ts'

/** Where a body says how long its answer may be, or could say it. */
export interface OutputLimit {
  /** Tokens; 0: it does not say. */
  readonly stated: number
  /** Another limit goes in place of [from, to), with these texts around it. */
  readonly from: number
  readonly to: number
  readonly before: string
  readonly after: string
}

/** By dialect: the object that holds it, where that is not the body itself, and its names; the first where there is none. */
const places: Readonly<Record<string, { readonly holders: readonly string[]; readonly names: readonly string[] }>> = {
  'openai-chat': { holders: [], names: ['max_completion_tokens', 'max_tokens'] },
  'openai-responses': { holders: [], names: ['max_output_tokens'] },
  anthropic: { holders: [], names: ['max_tokens'] },
  gemini: { holders: ['generationConfig', 'generation_config'], names: ['maxOutputTokens', 'max_output_tokens'] },
}
const completions: (typeof places)[string] = { holders: [], names: ['max_tokens'] }

const scan = new JsonScan()

/** @param body  one that intake has taken: an object of valid JSON */
export function outputLimitIn(body: Uint8Array, endpoint: string): OutputLimit {
  const { holders, names } = places[dialectNameOf(endpoint) ?? ''] ?? completions
  scan.reset(body, 0, body.length)
  const [holder] = holders
  if (holder === undefined) return memberOf(names)
  const held = valueOf(holders)
  if (held && scan.peek() === BRACE) return memberOf(names)
  const { from, to, before, after } = held ? valueHere() : newMember(holder)
  return { stated: 0, from, to, before: `${before}{"${names[0]}":`, after: `}${after}` }
}

/** A member of the object at the cursor. */
const memberOf = (names: readonly string[]): OutputLimit =>
  valueOf(names) ? valueHere() : newMember(names[0] as string)

/** Goes to the value of the last of the members with one of the names; where there is none, stays. */
function valueOf(names: readonly string[]): boolean {
  const start = scan.pos
  let at = -1
  if (scan.enterObject()) {
    do {
      scan.key()
      const wanted = names.some((name) => scan.is(name))
      scan.peek()
      if (wanted) at = scan.pos
      scan.skip()
    } while (scan.more())
  }
  scan.pos = at < 0 ? start : at
  return at >= 0
}

function valueHere(): OutputLimit {
  const from = scan.pos
  scan.skip()
  // An integer may be a string, in the JSON of protocol buffers.
  const said = Number(decodeString(scan.bytes, from, scan.pos).replaceAll('"', ''))
  return { stated: Number.isInteger(said) && said > 0 ? said : 0, from, to: scan.pos, before: '', after: '' }
}

/** The first of the object at the cursor. */
function newMember(name: string): OutputLimit {
  scan.peek()
  const from = scan.pos + 1
  return { stated: 0, from, to: from, before: `"${name}":`, after: scan.enterObject() ? ',' : '' }
}

const BRACE = 123
