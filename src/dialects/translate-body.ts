import {
  type EncodingFormat,
  embeddingFromOpenai,
  embeddingsFromGemini,
  embeddingsToGemini,
  embeddingToOpenai,
} from './embeddings.ts'
import { isChat } from './endpoint-for.ts'
import type { StatusBody } from './errors.ts'
import { parseExact } from './exact-json.ts'
import { type ResponseOptions, translateRequest, translateResponse } from './translate.ts'
import { type DialectName, isRecord, type Json, type RequestOptions } from './translation.ts'
import type { Warning } from './warnings.ts'

/** Whether a request of one dialect becomes as many of the other as it has inputs. */
export const isSplit = (from: DialectName, to: DialectName): boolean =>
  from === 'openai-embeddings' && to === 'gemini-embeddings'

/**
 * One request of a batch, conversation or embedding, in another dialect: one body, or one for each of its inputs where
 * it is split. Its tier is left out: that is the lane's to say.
 * @throws Untranslatable with the JSON path of what the other dialect cannot be told
 */
export function translateBody(
  from: DialectName,
  to: DialectName,
  text: string,
  options: RequestOptions & { readonly model: string },
): { readonly bodies: readonly Json[]; readonly warnings: readonly Warning[] } {
  const input = withoutTier(text)
  if (isSplit(from, to)) return embeddingsToGemini(input)
  const { body, warnings } =
    isChat(from) && isChat(to) ? translateRequest(from, to, input, options) : embeddingToOpenai(input, options.model)
  return { bodies: [body], warnings }
}

/**
 * The answer to such a request, in the dialect of the request. Never throws: it was paid for.
 * @param answers  one, or those to all inputs in their order where the request was split
 */
export function translateAnswer(
  from: DialectName,
  to: DialectName,
  answers: readonly [Json, ...Json[]],
  options: ResponseOptions & { readonly encoding: EncodingFormat },
): StatusBody {
  if (isSplit(to, from)) return embeddingsFromGemini(answers, options)
  const [answer] = answers
  if (isChat(from) && isChat(to)) return translateResponse(from, to, answer, options)
  return { status: 200, body: embeddingFromOpenai(answer) }
}

function withoutTier(text: string): string | Json {
  if (!/"service_?[tT]ier"/.test(text)) return text
  const { value, wide } = parseExact(text)
  if (wide || !isRecord(value)) return text
  const { service_tier: _snake, serviceTier: _camel, ...rest } = value
  return rest
}
