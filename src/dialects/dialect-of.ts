import { type Dialect, noAnswer } from './contract.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiEmbeddings } from './openai-embeddings.ts'
import { openaiResponses } from './openai-responses.ts'
import { openaiErrorRow } from './openai-rows.ts'

/** By the `url` of a batch line. */
const byUrl: Readonly<Record<string, Dialect>> = {
  '/v1/chat/completions': openaiChat,
  '/v1/responses': openaiResponses,
  '/v1/embeddings': openaiEmbeddings,
}

/** An OpenAI endpoint that is passed through without being understood. */
const openaiOther = { name: 'openai', answerText: () => noAnswer, errorRow: openaiErrorRow } satisfies Dialect

export const dialectOf = (url: string): Dialect => (Object.hasOwn(byUrl, url) ? (byUrl[url] as Dialect) : openaiOther)
