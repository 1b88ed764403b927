import { anthropic } from './anthropic.ts'
import { type Dialect, noAnswer } from './contract.ts'
import { gemini } from './gemini.ts'
import { geminiEmbeddings } from './gemini-embeddings.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiEmbeddings } from './openai-embeddings.ts'
import { openaiResponses } from './openai-responses.ts'
import { openaiAnswerRow, openaiErrorRow } from './openai-rows.ts'

/** By the `url` of a batch line, and for Gemini, whose lines have none, by the method behind the model's name. */
const byUrl: Readonly<Record<string, Dialect>> = {
  '/v1/chat/completions': openaiChat,
  '/v1/responses': openaiResponses,
  '/v1/embeddings': openaiEmbeddings,
  '/v1/messages': anthropic,
  ':generateContent': gemini,
  ':embedContent': geminiEmbeddings,
}

/** An OpenAI endpoint that is passed through without being understood. */
const openaiOther = {
  name: 'openai',
  answerText: () => noAnswer,
  errorRow: openaiErrorRow,
  answerRow: openaiAnswerRow,
} satisfies Dialect

export function dialectOf(url: string): Dialect {
  const key = url.slice(Math.max(0, url.lastIndexOf(':')))
  const known = Object.hasOwn(byUrl, url) ? url : key
  return Object.hasOwn(byUrl, known) ? (byUrl[known] as Dialect) : openaiOther
}
