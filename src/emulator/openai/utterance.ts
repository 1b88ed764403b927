import { valueOf } from '../answers/schema.ts'
import { plainText } from '../answers/text.ts'
import { between, type Chance, chanceFromHex } from '../chance.ts'
import type { WireError } from './errors.ts'
import type { Model } from './models.ts'
import { schemaProblem } from './strict-schema.ts'
import { isJson, type Json, type PromptCache, tokensIn, type Usage } from './tokens.ts'

/** Something wrong with an answer that is a 200 all the same. */
export type Twist =
  | 'length'
  | 'content-filter'
  | 'refusal'
  | 'broken-json'
  | 'off-schema'
  | 'empty'
  | { readonly padBytes: number }

export interface Circumstances {
  readonly seed: number
  /** sha256 of the body: answers depend on it and the seed, and on nothing else. */
  readonly bodySha256: string
  readonly createdAt: number
  readonly cache: PromptCache | null
  /** What `service_tier` says in the answer; inside a batch always "default". */
  readonly serviceTier: string
  readonly twist?: Twist | undefined
}

export type Answer =
  /** `text` is the body as JSON: a vector of thousands of numbers is written faster by hand. */
  | { readonly status: 200; readonly text: string; readonly model: Model; readonly usage: Usage }
  | { readonly status: number; readonly error: WireError }

export function refused(error: WireError): Answer {
  return { status: error.status, error }
}

/** What the model says, and how many tokens it thought before. */
export interface Utterance {
  readonly text: string
  readonly reasoningTokens: number
  readonly contentTokens: number
  readonly finish: 'stop' | 'length' | 'content_filter'
  readonly refusal: string | null
}

const salt = { text: 1, reasoning: 2, choice: 0x9e37_79b9 }

export function chanceFor(circumstances: Circumstances, choice: number): Chance {
  return chanceFromHex(circumstances.bodySha256, (circumstances.seed * 0x85eb_ca6b + choice * salt.choice) | 0)
}

/**
 * @param format     `{type: 'json_schema', schema}` (already unwrapped), `{type: 'json_object'}` or text
 * @param tokensMax  limit on reasoning and content together, as the vendor counts it
 */
export function utter(
  chance: Chance,
  model: Model,
  format: Json | undefined,
  effort: unknown,
  tokensMax: number,
  twist: Twist | undefined,
): Utterance {
  let text = contentFor(chance, format, twist)
  const silent = effort === 'none' || effort === 'minimal'
  const wanted =
    model.reasons && !silent ? 64 * between(chance, 0, effort === 'high' || effort === 'xhigh' ? 16 : 4) : 0
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
    return { text, reasoningTokens, contentTokens: tokensIn(text), finish: 'length', refusal: null }
  }
  return { text, reasoningTokens, contentTokens, finish: 'stop', refusal: null }
}

function contentFor(chance: Chance, format: Json | undefined, twist: Twist | undefined): string {
  if (twist === 'empty') return ''
  const structured = format?.['type'] === 'json_schema' || format?.['type'] === 'json_object'
  let text: string
  if (format?.['type'] === 'json_schema') text = JSON.stringify(valueOf(format['schema'], chance))
  else if (structured) text = JSON.stringify({ answer: plainText(chance, 4, 12) })
  else text = plainText(chance)
  if (twist === 'broken-json') return structured ? text.slice(0, Math.max(1, Math.floor(text.length * 0.6))) : text
  if (twist === 'off-schema') return JSON.stringify({ unexpected: plainText(chance, 3, 6) })
  if (isPad(twist))
    return `${text} ${plainText(chance, 40, 60).repeat(Math.ceil(twist.padBytes / 300))}`.slice(0, twist.padBytes)
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

/** The wire's json_schema format, wherever its schema sits, or what is wrong with it. */
export function formatOf(format: unknown, wrapped: boolean, param: string): { format?: Json; error?: WireError } {
  if (!isJson(format)) return {}
  if (format['type'] !== 'json_schema') return { format }
  const inner = wrapped ? format['json_schema'] : format
  const problem = schemaProblem(inner, wrapped ? `${param}.json_schema` : param, param)
  if (problem) return { error: problem }
  return { format: { type: 'json_schema', schema: (inner as Json)['schema'] } }
}

export function positiveWhole(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 ? value : undefined
}
