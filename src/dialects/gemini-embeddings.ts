import { type Dialect, noAnswer } from './contract.ts'
import { gemini } from './gemini.ts'

/** `embedContent`: the answer is numbers, not words. */
export const geminiEmbeddings = {
  name: 'gemini-embeddings',
  answerText: () => noAnswer,
  errorRow: gemini.errorRow,
  answerRow: gemini.answerRow,
} satisfies Dialect
