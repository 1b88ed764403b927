import { type StatusBody, writeError } from './errors.ts'
import { parseExact } from './exact-json.ts'
import { fieldsOf, numberOf } from './gemini/fields.ts'
import { factsOf } from './models.ts'
import { count } from './reply.ts'
import { isNothing, isRecord, type Json, Translation } from './translation.ts'
import { Untranslatable } from './untranslatable.ts'
import type { Warning } from './warnings.ts'

/** How OpenAI shall tell a vector: as numbers, or as the base64 of little-endian floats. */
export type EncodingFormat = 'float' | 'base64'

export interface TranslatedEmbeddings {
  /** One body for each vector: Gemini embeds one content a row, OpenAI a list. */
  readonly bodies: readonly Json[]
  readonly warnings: readonly Warning[]
}

/**
 * An OpenAI embeddings request as rows of `embedContent`.
 * @throws Untranslatable with the JSON path of what Gemini cannot be told
 */
export function embeddingsToGemini(input: string | Json): TranslatedEmbeddings {
  const body = record(input, 'gemini-embeddings')
  const t = new Translation('openai-embeddings', 'gemini-embeddings', factsOf('gemini', undefined))
  let dimensions: unknown
  for (const key in body) {
    const value = body[key]
    if (value === null || value === undefined || key === 'model' || key === 'input') continue
    if (key === 'dimensions') dimensions = value
    else if (key === 'encoding_format') checkEncoding(t, value)
    else if (key === 'user') t.refuse(key, 'there is no such setting')
    else t.unknown('', key)
  }
  if (dimensions !== undefined) t.warn('length_not_promised', 'dimensions', dimensions)
  const bodies = inputsOf(t, body['input']).map((text): Json => {
    const content = { parts: [{ text }] }
    return dimensions === undefined ? { content } : { content, outputDimensionality: dimensions }
  })
  return { bodies, warnings: t.warnings }
}

/** How vectors are told is a matter of the answer alone. */
function checkEncoding(t: Translation, value: unknown): void {
  if (value !== 'float' && value !== 'base64') t.refuse('encoding_format', 'it is float or base64')
}

function inputsOf(t: Translation, input: unknown): readonly string[] {
  const list = typeof input === 'string' ? [input] : t.list(input, 'input')
  if (list.length === 0) t.refuse('input', 'there is nothing to embed')
  return list.map((item, index) => {
    if (typeof item === 'string') return item
    const tokens = 'tokens are known to their own vendor only; send the text'
    if (typeof item === 'number') return t.refuse('input', tokens)
    return t.refuse(`input[${index}]`, Array.isArray(item) ? tokens : 'it is no text')
  })
}

/** A row of `embedContent` as an OpenAI embeddings request. */
export function embeddingToOpenai(
  input: string | Json,
  model: string,
): { readonly body: Json; readonly warnings: readonly Warning[] } {
  const body = fieldsOf(record(input, 'openai-embeddings'))
  const t = new Translation('gemini-embeddings', 'openai-embeddings', factsOf('openai', undefined))
  let dimensions: number | undefined
  for (const key in body) {
    const value = body[key]
    if (isNothing(value) || key === 'model' || key === 'content') continue
    if (key === 'outputDimensionality') dimensions = numberOf(value)
    else if (key === 'taskType' && value === 'TASK_TYPE_UNSPECIFIED') continue
    else if (key === 'taskType' || key === 'title') t.refuse(key, 'what a vector is for cannot be told there')
    else t.unknown('', key)
  }
  const text = textOfContent(t, body['content'])
  const out: Json = { model, input: text, encoding_format: 'float' }
  if (dimensions !== undefined) out['dimensions'] = dimensions
  return { body: out, warnings: t.warnings }
}

function textOfContent(t: Translation, content: unknown): string {
  const { parts } = t.record(content, 'content')
  const [only, ...more] = t.list(isRecord(parts) ? [parts] : parts, 'content.parts')
  if (more.length > 0) t.refuse('content.parts[1]', 'a vector of several parts has no counterpart')
  const part = fieldsOf(t.record(only, 'content.parts[0]'))
  for (const key in part) if (key !== 'text') t.refuse(`content.parts[0].${key}`, 'only text is embedded there')
  return t.text(part['text'], 'content.parts[0].text')
}

export interface EmbeddingsAnswer {
  readonly model: string
  readonly encoding: EncodingFormat
}

/**
 * The answers `{embedding: {values}, usageMetadata | tokenCount}` of all rows of one request as OpenAI's answer.
 * @param rows  in the order of the inputs
 */
export function embeddingsFromGemini(rows: readonly Json[], { model, encoding }: EmbeddingsAnswer): StatusBody {
  let tokens: number | undefined = 0
  let empty = false
  const data = rows.map((row, index): Json => {
    const answer = fieldsOf(row)
    const { values } = (answer['embedding'] ?? {}) as { values?: readonly number[] }
    if (!Array.isArray(values) || values.length === 0) empty = true
    const usage = isRecord(answer['usageMetadata']) ? fieldsOf(answer['usageMetadata']) : {}
    const more = count(usage['promptTokenCount'] ?? answer['tokenCount'])
    tokens = tokens === undefined || more === undefined ? undefined : tokens + more
    return { object: 'embedding', index, embedding: encodeVector(values ?? [], encoding) }
  })
  const usage = tokens === undefined ? {} : { usage: { prompt_tokens: tokens, total_tokens: tokens } } // unknown is not 0
  if (empty) return writeError('openai-embeddings', 'internal', 'The vendor answered without a vector.', 'empty_answer')
  return { status: 200, body: { object: 'list', data, model, ...usage } }
}

/** OpenAI's answer to a request of one input as Gemini's. */
export function embeddingFromOpenai(answer: Json): Json {
  const [first] = Array.isArray(answer['data']) ? answer['data'] : []
  const values = isRecord(first) ? decodeVector(first['embedding']) : []
  const usage = isRecord(answer['usage']) ? answer['usage']['prompt_tokens'] : undefined
  return { embedding: { values }, ...(usage !== undefined && { usageMetadata: { promptTokenCount: usage } }) }
}

export function encodeVector(values: readonly number[], encoding: EncodingFormat): readonly number[] | string {
  if (encoding === 'float') return values
  const bytes = Buffer.alloc(values.length * 4)
  for (let index = 0; index < values.length; index++) bytes.writeFloatLE(values[index] as number, index * 4)
  return bytes.toString('base64')
}

function decodeVector(value: unknown): readonly number[] {
  if (typeof value !== 'string') return Array.isArray(value) ? (value as number[]) : []
  const bytes = Buffer.from(value, 'base64')
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readFloatLE(index * 4))
}

function record(input: string | Json, to: string): Json {
  const value = typeof input === 'string' ? parseExact(input).value : input
  return isRecord(value) ? value : refuseBody(to)
}

const refuseBody = (to: string): never => {
  throw new Untranslatable('', to, 'it is no JSON object')
}
