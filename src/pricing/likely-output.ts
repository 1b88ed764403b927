import { makesNumbers } from '../domain/endpoints.ts'
import { productOf, type Range, shortest, sumOf, within } from './range.ts'

/** What of a request tells how long its answer will be. */
export interface AnswerTerms {
  readonly endpoint: string
  readonly model: string
  /** Its limit, thoughts included (max_tokens, max_completion_tokens, max_output_tokens). */
  readonly maxTokens?: number | undefined
  /** The JSON schema of the answer. */
  readonly schema?: unknown
  readonly effort?: Effort | undefined
  /** How long answers are by what is asked; see `askedLength`. */
  readonly asked?: Range | undefined
  /** What the vendor makes of each token that is meant here, which are those of OpenAI. */
  readonly billed?: Range | undefined
}

/** How hard the model is told to think: a word of its vendor, or tokens at most. */
export type Effort = string | number

/** A text without anything to go by. Jobs ask for a word or for pages; these are the averages of nineteen in twenty. */
const text: Range = { low: 5, high: 900 }
/** A string in a schema: a name, a phrase, a sentence. */
const string: Range = { low: 1.5, high: 30 }
const number: Range = { low: 1, high: 6 }
/** Of a list without bounds. */
const items: Range = { low: 0.5, high: 5 }
/** Of a limit, what answers have on average at most: few are cut off. */
const LIMIT_SHARE = 0.85

const efforts: Readonly<Record<string, Range>> = {
  none: { low: 0, high: 0 },
  minimal: { low: 0, high: 120 },
  low: { low: 30, high: 600 },
  medium: { low: 90, high: 1500 },
  high: { low: 250, high: 4000 },
  xhigh: { low: 500, high: 8000 },
  max: { low: 500, high: 12_000 },
}
/** Think unless told not to. */
const thinks = /^(?:o\d|gpt-(?:5(?!\.)|[6-9])(?!.*chat)|gemini-(?:2\.5|[3-9])(?!.*lite))/
/** May or may not: the default effort of GPT-5.1 and its sisters, and what adaptive Claude models make of easy prompts. */
const mayThink = /^(?:gpt-5\.|claude-[a-z]+-(?:[5-9]|\d\d))/

/**
 * Tokens that answers have on average, before anybody has seen one, thoughts included: from what requests say of them.
 * Nineteen jobs in twenty are within, as far as anybody can tell; see `mostOutput` for what a single answer cannot pass.
 */
export function likelyOutput(terms: AnswerTerms): Range {
  const { endpoint, model, maxTokens, schema, effort, asked, billed } = terms
  if (makesNumbers(endpoint)) return { low: 0, high: 0 }
  const thoughts = thoughtsOf(model, effort)
  const said = schema === undefined ? (asked ?? text) : sizeOf(schema, 0)
  const meant = billed === undefined ? said : productOf([said, billed])
  const answer = schema === undefined ? likelyText(meant, maxTokens) : meant
  const both = shortest(thoughts.high > 0 ? sumOf([answer, thoughts]) : answer)
  return maxTokens === undefined ? both : within(both, { low: 1, high: maxTokens })
}

/** A limit is set with room above the answers; how much, nobody knows. */
function likelyText(asked: Range, maxTokens: number | undefined): Range {
  if (maxTokens === undefined) return asked
  const high = Math.min(LIMIT_SHARE * maxTokens, asked.high)
  return { low: Math.min(asked.low, high / 4), high }
}

function thoughtsOf(model: string, effort: Effort | undefined): Range {
  if (typeof effort === 'number') return { low: effort / 40, high: effort }
  const name = model.slice(model.lastIndexOf('/') + 1)
  const medium = efforts['medium'] as Range
  if (effort !== undefined) return efforts[effort.toLowerCase()] ?? medium
  if (thinks.test(name)) return medium
  return mayThink.test(name) ? { low: 1, high: medium.high } : { low: 0, high: 0 }
}

const depthMax = 12

/** Tokens of the JSON text that a schema describes, on average; with what quotes, commas and names come to by o200k. */
function sizeOf(schema: unknown, depth: number): Range {
  if (typeof schema !== 'object' || schema === null || depth > depthMax) return string
  const node = schema as Readonly<Record<string, unknown>>
  if ('const' in node) return sizeOfText([node['const']])
  if (Array.isArray(node['enum']) && node['enum'].length > 0) return sizeOfText(node['enum'])
  const choices = node['anyOf'] ?? node['oneOf']
  if (Array.isArray(choices) && choices.length > 0) {
    const sizes = choices.map((choice) => sizeOf(choice, depth + 1))
    return { low: Math.min(...sizes.map(({ low }) => low)), high: Math.max(...sizes.map(({ high }) => high)) }
  }
  const type = Array.isArray(node['type']) ? node['type'][0] : node['type']
  switch (String(type).toLowerCase()) {
    case 'boolean':
    case 'null':
      return { low: 1, high: 1 }
    case 'integer':
    case 'number':
      return number
    case 'array':
      return sizeOfArray(node, depth)
    case 'object':
      return sizeOfObject(node, depth)
    default:
      return within(string, { low: 1, high: Number(node['maxLength'] ?? Number.POSITIVE_INFINITY) / 2 })
  }
}

function sizeOfText(values: readonly unknown[]): Range {
  const lengths = values.map((value) => (JSON.stringify(value) ?? '').length)
  return { low: Math.max(1, (Math.min(...lengths) - 2) / 8), high: Math.max(...lengths) / 3 + 1 }
}

function sizeOfArray(node: Readonly<Record<string, unknown>>, depth: number): Range {
  const item = sizeOf(node['items'], depth + 1)
  const [least, most] = [numberIn(node['minItems']), numberIn(node['maxItems'])]
  const count = within(items, { low: least ?? 0, high: most ?? Number.POSITIVE_INFINITY })
  return { low: 2 + count.low * (item.low + 1), high: 2 + count.high * (item.high + 2) }
}

const numberIn = (value: unknown): number | undefined =>
  value === undefined || Number.isNaN(Number(value)) ? undefined : Number(value)

function sizeOfObject(node: Readonly<Record<string, unknown>>, depth: number): Range {
  const properties = Object.entries((node['properties'] ?? {}) as Readonly<Record<string, unknown>>)
  const required = Array.isArray(node['required']) ? new Set<unknown>(node['required']) : new Set<unknown>()
  const parts = properties.map(([name, property]) => {
    const size = sizeOf(property, depth + 1)
    const named = { low: size.low + name.length / 12 + 2.5, high: size.high + name.length / 4 + 4 }
    return required.has(name) ? named : { low: named.low / 2, high: named.high }
  })
  // Who puts much into one field does so in others.
  const { low, high } = sumOf(parts, 0.5)
  return { low: 0.5 + low, high: 3 + high }
}
