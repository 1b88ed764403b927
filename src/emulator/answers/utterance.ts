import type { Chance } from '../chance.ts'
import type { Json } from '../json.ts'
import { manner } from '../manner.ts'
import { tokensIn } from '../usage.ts'
import { valueOf } from './schema.ts'
import { answerText, plainText } from './text.ts'

/** Something wrong with an answer that is a 200 all the same. */
export type Twist =
  | 'length'
  | 'content-filter'
  | 'refusal'
  | 'broken-json'
  | 'off-schema'
  | 'empty'
  | { readonly padBytes: number }

/** What the model says, and how many tokens it thought before. */
export interface Utterance {
  readonly text: string
  readonly reasoningTokens: number
  readonly contentTokens: number
  readonly finish: 'stop' | 'length' | 'content_filter'
  readonly refusal: string | null
}

/**
 * @param format       `{type: 'json_schema', schema}` (already unwrapped), `{type: 'json_object'}` or text
 * @param thoughtsMax  most thoughts, of 64 tokens each; 0 for a model that does not think
 * @param tokensMax   limit on reasoning and content together, as the vendor counts it
 */
export function utter(
  chance: Chance,
  format: Json | undefined,
  thoughtsMax: number,
  tokensMax: number,
  twist: Twist | undefined,
): Utterance {
  let text = contentFor(chance, format, twist)
  const wanted = thoughtsMax > 0 ? manner().thoughtTokens(chance, thoughtsMax) : 0
  const reasoningTokens = Math.min(wanted, tokensMax)
  if (twist === 'refusal') {
    const refusal = "I'm sorry, I can't help with that request."
    return { text: '', reasoningTokens, contentTokens: tokensIn(refusal), finish: 'stop', refusal }
  }
  const room = tokensMax - reasoningTokens
  const contentTokens = tokensIn(text)
  if (twist === 'content-filter') {
    return { text: '', reasoningTokens, contentTokens: 0, finish: 'content_filter', refusal: null }
  }
  if (twist === 'length' || contentTokens > room) {
    const kept = twist === 'length' ? Math.min(room, Math.floor(contentTokens / 2)) : room
    text = firstTokens(text, kept)
    return { text, reasoningTokens, contentTokens: Math.min(kept, tokensIn(text)), finish: 'length', refusal: null }
  }
  return { text, reasoningTokens, contentTokens, finish: 'stop', refusal: null }
}

function contentFor(chance: Chance, format: Json | undefined, twist: Twist | undefined): string {
  if (twist === 'empty') return ''
  const structured = format?.['type'] === 'json_schema' || format?.['type'] === 'json_object'
  let text: string
  if (format?.['type'] === 'json_schema') text = JSON.stringify(valueOf(format['schema'], chance))
  else if (structured) text = JSON.stringify({ answer: plainText(chance, 4, 12) })
  else text = answerText(chance)
  if (twist === 'broken-json') return structured ? text.slice(0, Math.max(1, Math.floor(text.length * 0.6))) : text
  if (twist === 'off-schema') return JSON.stringify({ unexpected: plainText(chance, 3, 6) })
  if (isPad(twist)) {
    const more = ` ${plainText(chance, 40, 60)}`
    return (text + more.repeat(Math.ceil(twist.padBytes / more.length))).slice(0, twist.padBytes)
  }
  return text
}

function isPad(twist: Twist | undefined): twist is { padBytes: number } {
  return typeof twist === 'object'
}

/** The first so many tokens of a text, never half a character. */
export function firstTokens(text: string, tokens: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= tokens * 4) return text
  let end = tokens * 4
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
