import { embeddingFromOpenai, embeddingsFromGemini, embeddingsToGemini, embeddingToOpenai } from './embeddings.ts'
import { isChat } from './endpoint-for.ts'
import type { StatusBody } from './errors.ts'
import { parseExact } from './exact-json.ts'
import { type ResponseOptions, translateRequest, translateResponse } from './translate.ts'
import { type DialectName, isRecord, type Json, type RequestOptions } from './translation.ts'
import { Untranslatable } from './untranslatable.ts'
import type { Warning } from './warnings.ts'

/**
 * One request of a batch, conversation or embedding, in another dialect. Its tier is left out: that is the lane's to
 * say.
 * @throws Untranslatable with the JSON path of what the other dialect cannot be told
 */
export function translateBody(
  from: DialectName,
  to: DialectName,
  text: string,
  options: RequestOptions & { readonly model: string },
): { readonly body: Json; readonly warnings: readonly Warning[] } {
  const input = withoutTier(text)
  if (isChat(from) && isChat(to)) return translateRequest(from, to, input, options)
  if (from === 'gemini-embeddings') return embeddingToOpenai(input, options.model)
  const { bodies, encoding, warnings } = embeddingsToGemini(input)
  if (bodies.length > 1) throw new Untranslatable('input[1]', to, 'a row embeds one input there; send a line for each')
  if (encoding !== 'float') throw new Untranslatable('encoding_format', to, 'vectors come as numbers from there')
  return { body: bodies[0] as Json, warnings }
}

/** The answer to such a request, in the dialect of the request. Never throws: it was paid for. */
export function translateAnswer(
  from: DialectName,
  to: DialectName,
  answer: Json,
  options: ResponseOptions,
): StatusBody {
  if (isChat(from) && isChat(to)) return translateResponse(from, to, answer, options)
  if (from === 'gemini-embeddings') return embeddingsFromGemini([answer], { model: options.model, encoding: 'float' })
  return { status: 200, body: embeddingFromOpenai(answer) }
}

function withoutTier(text: string): string | Json {
  if (!/"service_?[tT]ier"/.test(text)) return text
  const { value, wide } = parseExact(text)
  if (wide || !isRecord(value)) return text
  const { service_tier: _snake, serviceTier: _camel, ...rest } = value
  return rest
}
