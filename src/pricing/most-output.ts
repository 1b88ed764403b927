/** Tokens that one answer has at most, as far as anybody can say before, and why. */
export interface MostOutput {
  readonly tokens: number
  readonly why: string
}

/** Without anything to go by: about a page. */
const unguided = 1024
/** What a model that thinks may add when nothing bounds it. Its thoughts are billed as output. */
const thoughtMax = 2048
const thinks = /^(?:o\d|gpt-[56](?!.*chat)|gemini-(?:2\.5|[3-9])(?!.*lite))/

/**
 * How many tokens an answer may have: `max_tokens` bounds it where given; a schema says how much it mostly will hold;
 * else a stated default.
 * @param request.maxTokens  of the request, thoughts included (max_tokens, max_completion_tokens, max_output_tokens)
 * @param request.schema     the JSON schema of the answer
 */
export function mostOutput(request: {
  readonly model: string
  readonly maxTokens?: number | undefined
  readonly schema?: unknown
}): MostOutput {
  const { maxTokens, schema } = request
  const shape = schema === undefined ? undefined : sizeOf(schema, 0)
  const thought = thinks.test(request.model.slice(request.model.lastIndexOf('/') + 1)) ? thoughtMax : 0
  const guess = (shape?.tokens ?? unguided) + thought
  const limit = maxTokens ?? Number.POSITIVE_INFINITY
  // max_tokens is the honest bound, unless the schema leaves no room for more than it says.
  const tokens = maxTokens === undefined || shape?.bounded ? Math.min(limit, guess) : limit
  const why = shape ? 'by the schema' : maxTokens === undefined ? 'since no max_tokens is set' : 'by its max_tokens'
  return { tokens, why }
}

interface Size {
  readonly tokens: number
  /** Nothing in the schema can be of any length. */
  readonly bounded: boolean
}

const free: Size = { tokens: 200, bounded: false }
const depthMax = 12

/** Tokens of the JSON text that a schema describes, two letters each. */
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
      return { tokens: 2, bounded: true }
    case 'integer':
    case 'number':
      return { tokens: 12, bounded: true }
    case 'string':
      return typeof node.maxLength === 'number' ? { tokens: 3 + node.maxLength, bounded: true } : free
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
  return { tokens: Math.ceil(Math.max(...lengths) / 2) + 1, bounded: true }
}

const either = (a: Size, b: Size): Size => ({
  tokens: Math.max(a.tokens, b.tokens),
  bounded: a.bounded && b.bounded,
})

function sizeOfArray(node: Readonly<Record<string, unknown>>, depth: number): Size {
  const item = sizeOf(node.items, depth + 1)
  const least = typeof node.minItems === 'number' ? node.minItems : 0
  const most = typeof node.maxItems === 'number' ? node.maxItems : undefined
  return {
    tokens: 2 + (most ?? Math.max(10, least)) * (item.tokens + 2),
    bounded: most !== undefined && item.bounded,
  }
}

function sizeOfObject(node: Readonly<Record<string, unknown>>, depth: number): Size {
  const properties = Object.entries((node.properties ?? {}) as Readonly<Record<string, unknown>>)
  let [tokens, bounded] = [4, node.additionalProperties === false]
  for (const [name, property] of properties) {
    const size = sizeOf(property, depth + 1)
    tokens += Math.ceil(name.length / 2) + 5 + size.tokens
    bounded &&= size.bounded
  }
  return { tokens, bounded }
}
