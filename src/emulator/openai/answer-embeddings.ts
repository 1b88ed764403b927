import { chanceFromHex, chanceOf, digest, normal } from '../chance.ts'
import { invalid, missingParameter } from './errors.ts'
import type { Model } from './models.ts'
import { type Json, tokensIn } from './tokens.ts'
import { type Answer, type Circumstances, refused } from './utterance.ts'

const inputsMax = 2048
const inputTokensMax = 8192
const requestTokensMax = 300_000

export function answerEmbeddings(body: Json, model: Model, circumstances: Circumstances): Answer {
  if (!model.embeds) return refused(invalid(`You are not allowed to generate embeddings from this model`, 'model'))
  const inputs = embeddingInputs(body['input'])
  if (inputs === undefined) return refused(missingParameter('input'))
  if (inputs.length === 0 || inputs.some((input) => input.length === 0)) {
    return refused(invalid("Invalid 'input': input cannot be an empty string.", 'input'))
  }
  if (inputs.length > inputsMax) {
    return refused(
      invalid(
        `Invalid 'input': array too long. Expected an array with maximum length ${inputsMax}, but got an array with length ${inputs.length} instead.`,
        'input',
        'array_above_max_length',
      ),
    )
  }
  const tokens = inputs.map((input) => (typeof input === 'string' ? tokensIn(input) : input.length))
  const longest = Math.max(...tokens)
  if (longest > inputTokensMax) {
    return refused(
      invalid(
        `This model's maximum context length is ${inputTokensMax} tokens, however you requested ${longest} tokens (${longest} in your prompt; 0 for the completion). Please reduce your prompt; or completion length.`,
      ),
    )
  }
  const promptTokens = tokens.reduce((sum, each) => sum + each, 0)
  if (promptTokens > requestTokensMax) {
    return refused(
      invalid(
        `Invalid 'input': maximum request size is ${requestTokensMax} tokens per request.`,
        'input',
        'max_tokens_per_request',
      ),
    )
  }
  const full = fullDimensions(model)
  const asked = body['dimensions']
  if (asked !== undefined && model.entry.id === 'text-embedding-ada-002') {
    return refused(invalid('This model does not support specifying dimensions.', 'dimensions'))
  }
  if (asked !== undefined && (typeof asked !== 'number' || !Number.isInteger(asked) || asked < 1 || asked > full)) {
    return refused(
      invalid(
        `Invalid value for 'dimensions' = ${JSON.stringify(asked)}. Must be less than or equal to ${full}.`,
        'dimensions',
      ),
    )
  }
  const dimensions = typeof asked === 'number' ? asked : full
  const base64 = body['encoding_format'] === 'base64'
  const data = inputs.map((input, index) => {
    const signs = signsOf(typeof input === 'string' ? input : input.join(' '), model, dimensions, circumstances.seed)
    const embedding = base64 ? base64Text(signs, dimensions) : numbersText(signs, dimensions)
    return `{"object":"embedding","index":${index},"embedding":${embedding}}`
  })
  const usage = JSON.stringify({ prompt_tokens: promptTokens, total_tokens: promptTokens })
  return {
    status: 200,
    model,
    usage: { promptTokens, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 },
    text: `{"object":"list","data":[${data.join(',')}],"model":${JSON.stringify(model.snapshot)},"usage":${usage}}`,
  }
}

/** One input is a text or a list of token numbers; a request holds one or several. */
export function embeddingInputs(input: unknown): (string | number[])[] | undefined {
  if (typeof input === 'string') return [input]
  if (!Array.isArray(input)) return undefined
  if (input.length > 0 && input.every((part) => typeof part === 'number')) return [input as number[]]
  return input as (string | number[])[]
}

function fullDimensions(model: Model): number {
  return model.entry.id === 'text-embedding-3-large' ? 3072 : 1536
}

interface Magnitudes {
  readonly numbers: readonly number[]
  /** The same as text, each with either sign: `[plus, minus]`. */
  readonly plus: readonly string[]
  readonly minus: readonly string[]
}

const magnitudes = new Map<number, Magnitudes>()

/** Sizes of the components of every vector of so many dimensions; their squares sum to 1. */
function magnitudesOf(dimensions: number): Magnitudes {
  const known = magnitudes.get(dimensions)
  if (known) return known
  const chance = chanceOf('embedding magnitudes', dimensions)
  const raw = Array.from({ length: dimensions }, () => Math.abs(normal(chance)) + 0.01)
  const norm = Math.sqrt(raw.reduce((sum, each) => sum + each * each, 0))
  const numbers = raw.map((each) => Number((each / norm).toFixed(9)))
  const made = { numbers, plus: numbers.map(String), minus: numbers.map((each) => `-${each}`) }
  magnitudes.set(dimensions, made)
  return made
}

/**
 * A unit vector belongs to a text: fixed magnitudes per dimension, signs by the text. So unlike texts are nearly at
 * right angles, equal ones are equal, and fifty thousand vectors cost no trigonometry.
 */
function signsOf(text: string, model: Model, dimensions: number, seed: number): Uint8Array {
  const chance = chanceFromHex(digest(model.entry.id, seed, text))
  const signs = new Uint8Array(dimensions)
  let bits = 0
  for (let index = 0; index < dimensions; index++) {
    if (index % 32 === 0) bits = Math.floor(chance() * 4_294_967_296)
    signs[index] = (bits >>> (index % 32)) & 1
  }
  return signs
}

function numbersText(signs: Uint8Array, dimensions: number): string {
  const { plus, minus } = magnitudesOf(dimensions)
  // Joined at once: thousands of small concatenations would cost more in garbage than the rest of the batch.
  const parts: string[] = []
  for (let index = 0; index < dimensions; index++) parts.push((signs[index] === 1 ? plus : minus)[index] ?? '')
  return `[${parts.join(',')}]`
}

function base64Text(signs: Uint8Array, dimensions: number): string {
  const { numbers } = magnitudesOf(dimensions)
  const floats = Float32Array.from(numbers, (size, index) => (signs[index] === 1 ? size : -size))
  return `"${Buffer.from(floats.buffer).toString('base64')}"`
}
