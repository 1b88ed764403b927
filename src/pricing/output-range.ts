import { makesNumbers } from '../domain/endpoints.ts'

/** Tokens of one answer, before anybody has seen one, and the sentence that says where the figures come from. */
export interface OutputRange {
  readonly low: number
  readonly high: number
  readonly basis: string
}

/** Without anything to go by: a short sentence, and about a page. */
const unguided = { low: 16, high: 1024 }
/** What a model that thinks may add when nothing bounds it. Its thoughts are billed as output. */
const thoughtMax = 2048
const thinks = /^(?:o\d|gpt-[56](?!.*chat)|gemini-(?:2\.5|[3-9])(?!.*lite))/

/**
 * How many tokens an answer may have: `max_tokens` bounds it where given; a schema says how much it must and mostly
 * will hold; else a stated default.
 * @param request.maxTokens  of the request, thoughts included (max_tokens, max_completion_tokens, max_output_tokens)
 * @param request.schema     the JSON schema of the answer
 */
export function outputRange(request: {
  readonly endpoint: string
  readonly model?: string
  readonly maxTokens?: number
  readonly schema?: unknown
}): OutputRange {
  const { endpoint, maxTokens, schema } = request
  if (makesNumbers(endpoint)) return { low: 0, high: 0, basis: 'Embeddings have no output tokens.' }
  const shape = schema === undefined ? undefined : sizeOf(schema, 0)
  const most = maxTokens ?? Number.POSITIVE_INFINITY
  const low = Math.min(most, shape?.low ?? unguided.low)

  const model = request.model?.slice(request.model.lastIndexOf('/') + 1) ?? ''
  const thought = thinks.test(model) ? thoughtMax : 0
  const guess = (shape ? shape.high : unguided.high) + thought
  // max_tokens is the honest bound, unless the schema leaves no room for more than it says.
  const high = maxTokens === undefined ? guess : shape?.bounded ? Math.min(most, guess) : most

  const range = `${low} to ${high} output tokens a request are assumed`
  const why = shape
    ? 'from the schema'
    : maxTokens === undefined
      ? 'since no max_tokens is set'
      : 'up to its max_tokens'
  const thinking = thought > 0 && maxTokens === undefined ? `, ${thought} of them for thinking` : ''
  return { low, high, basis: `${range} ${why}${thinking}.` }
}

interface Size {
  readonly low: number
  readonly high: number
  /** Nothing in the schema can be of any length. */
  readonly bounded: boolean
}

const free: Size = { low: 1, high: 200, bounded: false }
const depthMax = 12

/** Tokens of the JSON text that a schema describes: at least four letters a token at the low end, two at the high. */
function sizeOf(schema: unknown, depth: number): Size {
  if (typeof schema !== 'object' || schema === null || depth > depthMax) return free
  const node = schema as Readonly<Record<string, unknown>>
  if ('const' in node) return sizeOfText([node.const])
  if (Array.isArray(node.enum) && node.enum.length > 0) return sizeOfText(node.enum)
  const choices = node.anyOf ?? node.oneOf
  if (Array.isArray(choices) && choices.length > 0)
    return choices.map((choice) => sizeOf(choice, depth + 1)).reduce(either)
  switch (Array.isArray(node.type) ? node.type[0] : node.type) {
    case 'boolean':
    case 'null':
      return { low: 1, high: 2, bounded: true }
    case 'integer':
    case 'number':
      return { low: 1, high: 12, bounded: true }
    case 'string':
      return typeof node.maxLength === 'number' ? { low: 1, high: 3 + node.maxLength, bounded: true } : free
    case 'array':
      return sizeOfArray(node, depth)
    case 'object':
      return sizeOfObject(node, depth)
    default:
      return free
  }
}

function sizeOfText(values: readonly unknown[]): Size {
  const lengths = values.map((value) => (JSON.stringify(value) ?? '').length)
  return { low: Math.ceil(Math.min(...lengths) / 6), high: Math.ceil(Math.max(...lengths) / 2) + 1, bounded: true }
}

const either = (a: Size, b: Size): Size => ({
  low: Math.min(a.low, b.low),
  high: Math.max(a.high, b.high),
  bounded: a.bounded && b.bounded,
})

function sizeOfArray(node: Readonly<Record<string, unknown>>, depth: number): Size {
  const item = sizeOf(node.items, depth + 1)
  const least = typeof node.minItems === 'number' ? node.minItems : 0
  const most = typeof node.maxItems === 'number' ? node.maxItems : undefined
  return {
    low: 1 + least * item.low,
    high: 2 + (most ?? Math.max(10, least)) * (item.high + 2),
    bounded: most !== undefined && item.bounded,
  }
}

function sizeOfObject(node: Readonly<Record<string, unknown>>, depth: number): Size {
  const properties = Object.entries((node.properties ?? {}) as Readonly<Record<string, unknown>>)
  const required = Array.isArray(node.required) ? new Set<unknown>(node.required) : new Set<unknown>()
  let [low, high, bounded] = [2, 4, node.additionalProperties === false]
  for (const [name, property] of properties) {
    const size = sizeOf(property, depth + 1)
    if (required.has(name)) low += Math.ceil(name.length / 6) + 1 + size.low
    high += Math.ceil(name.length / 2) + 5 + size.high
    bounded &&= size.bounded
  }
  return { low, high, bounded }
}
