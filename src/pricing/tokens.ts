import { mediaIn } from './inline-media.ts'
import type { Media } from './media-tokens.ts'
import { type Range, student95 } from './range.ts'

/** Counts tokens as a model's vendor would, as nearly as can be told from outside. */
export interface TokenCounter {
  readonly encoding: 'o200k_base' | 'cl100k_base'
  /**
   * What the vendor bills for each token that is counted, until its bills have told: what it adds around messages and
   * tools is not published, and models of other vendors are counted with a stand-in encoding.
   */
  readonly billed: Range
  /** Its vendor is known to count the answer schema as input. */
  readonly countsSchema: boolean
  count(text: string): number
}

/** GPT-4, GPT-3.5 and the embedding models; everything later has o200k. */
const cl100k = /^(?:gpt-4(?:-|$)|gpt-3\.5|text-embedding-)/
/** Models whose encoding is published; the rest is counted with the newest one as a stand-in. */
const known = /^(?:gpt-[345]|chatgpt-|o[134](?:-|$)|text-embedding-)/

/**
 * The counter of a model. Loads the one encoding it needs when first asked (some 150 ms), never before.
 * Special tokens in a text (`<|endoftext|>`) count as the plain text they are to the vendor.
 */
export async function tokenCounter(model: string): Promise<TokenCounter> {
  const name = model.slice(model.lastIndexOf('/') + 1)
  const encoding = cl100k.test(name) ? 'cl100k_base' : 'o200k_base'
  const { countTokens } = await (encoding === 'cl100k_base'
    ? import('gpt-tokenizer/encoding/cl100k_base')
    : import('gpt-tokenizer/encoding/o200k_base'))
  const asText = { disallowedSpecial: new Set<string>() }
  return {
    encoding,
    billed: billedFor(name),
    countsSchema: known.test(name),
    count: (text) => {
      let tokens = 0
      for (const piece of pieces(text)) tokens += countTokens(piece, asText)
      return tokens
    },
  }
}

/**
 * Claude's own tokenizer makes more of a text than OpenAI's: 15 to 30 % by measurements that people have published, and
 * that of Opus 4.7 and later up to 1.35 times as many again, by Anthropic's notes on moving to it.
 */
function billedFor(name: string): Range {
  // Long texts are counted in pieces, which is right to the thousandth.
  if (name.startsWith('text-embedding-')) return { low: 0.995, high: 1.005 }
  if (known.test(name)) return { low: 0.97, high: 1.03 }
  return name.startsWith('claude-') ? { low: 1, high: 1.55 } : { low: 0.75, high: 1.25 }
}

/** Merging is quadratic in the length of a word, so that 100 kB without a space take seconds; in pieces they do not. */
const pieceLengthMax = 4096

function* pieces(text: string): Generator<string> {
  let start = 0
  while (text.length - start > pieceLengthMax) {
    const space = text.lastIndexOf(' ', start + pieceLengthMax) // a word carries the space before it
    const end = space > start ? space : start + pieceLengthMax
    yield text.slice(start, end)
    start = end
  }
  yield text.slice(start)
}

/** The fields of a request body, in any dialect, that the model reads. */
const promptFields = ['messages', 'input', 'instructions', 'prompt', 'system']
const geminiFields = ['contents', 'content', 'systemInstruction', 'system_instruction']
const toolFields = ['tools', 'functions']
const answerFields = [
  'response_format',
  'text',
  'output_config',
  'output_format',
  'generationConfig',
  'generation_config',
]
const mediaFields = new Set('image_url input_audio file file_data fileData inline_data inlineData source'.split(' '))
const silentFields = new Set(['role', 'type', 'id', 'cache_control', 'detail'])
/** Around each message, and around the whole: what OpenAI's cookbook counts. */
const messageTokens = 4
const replyTokens = 3

interface Tally {
  tokens: number
  /** Of the schema that the answer is held to, which not every vendor is known to count. */
  answerSchema: number
  readonly media: Media[]
}

/**
 * Input tokens of one request body: its prompt texts, tool definitions, and the usual few tokens around messages; those
 * of its answer schema stand apart. `media` are the parts that are no text, which count besides; see `mediaTokens`.
 */
export function requestTokens(body: object, count: (text: string) => number): Readonly<Tally> {
  const fields = body as Readonly<Record<string, unknown>>
  const tally: Tally = { tokens: 0, answerSchema: 0, media: [] }
  for (const field of [...promptFields, ...geminiFields]) walk(fields[field], count, tally)
  for (const field of toolFields) if (fields[field] !== undefined) tally.tokens += count(JSON.stringify(fields[field]))
  for (const field of answerFields) tally.answerSchema += schemaTokens(fields[field], count)
  const turns = [fields.messages, fields.contents, fields.input].flat().filter((turn) => turn?.constructor === Object)
  if (turns.length > 0) tally.tokens += turns.length * messageTokens + replyTokens
  return tally
}

/** Settings without a schema in them are a few tokens at most, and read by nobody. */
function schemaTokens(settings: unknown, count: (text: string) => number): number {
  const text = settings === undefined ? '' : JSON.stringify(settings)
  return /schema/i.test(text) ? count(text) : 0
}

function walk(value: unknown, count: (text: string) => number, tally: Tally): void {
  if (typeof value === 'string') tally.tokens += count(value)
  else if (typeof value === 'number')
    tally.tokens += 1 // embeddings accept ready-made token ids
  else if (Array.isArray(value)) for (const item of value) walk(item, count, tally)
  else if (typeof value === 'object' && value !== null) {
    for (const [field, inner] of Object.entries(value)) {
      if (mediaFields.has(field) && !isTextSource(inner))
        tally.media.push(mediaIn(inner, value as Readonly<Record<string, unknown>>))
      else if (!silentFields.has(field)) walk(inner, count, tally)
    }
  }
}

/** A document whose text stands in the request. */
const isTextSource = (source: unknown): boolean =>
  typeof source === 'object' && source !== null && 'type' in source && source.type === 'text'

export interface Ratio {
  /** Tokens per unit of size. */
  readonly mean: number
  /** The 95 % interval of the sampling alone. */
  readonly low: number
  readonly high: number
  readonly samples: number
}

/**
 * Tokens by size (bytes, or a first estimate) from a random sample of requests: the ratio of sums, with the normal-theory interval of a ratio
 * estimator (Student's t for few samples, finite population correction).
 * @param options.population  requests the sample was drawn from; all of them sampled means no sampling error
 */
export function sampleRatio(
  samples: readonly { readonly size: number; readonly tokens: number }[],
  options: { readonly population?: number } = {},
): Ratio {
  const n = samples.length
  const { population = Number.POSITIVE_INFINITY } = options
  let [size, tokens] = [0, 0]
  for (const sample of samples) {
    size += sample.size
    tokens += sample.tokens
  }
  if (size <= 0) throw new RangeError('nothing was sampled')
  const mean = tokens / size
  const error = errorOf(samples, mean, size / n) * Math.sqrt(Math.max(0, 1 - n / population))
  return {
    mean,
    low: Math.max(0, mean - error),
    high: mean + error,
    samples: n,
  }
}

/** Half the width of the 95 % interval, for an endless population. */
function errorOf(samples: readonly { size: number; tokens: number }[], mean: number, sizeMean: number): number {
  const n = samples.length
  if (n < 2) return mean / 2 // one request says little about the others: half as much, half as much again
  let squares = 0
  for (const { size, tokens } of samples) squares += (tokens - mean * size) ** 2
  return (student95(n - 1) * Math.sqrt(squares / (n - 1))) / (sizeMean * Math.sqrt(n))
}
