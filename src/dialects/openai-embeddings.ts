import { type Dialect, noAnswer } from './contract.ts'
import { openaiAnswerRow, openaiErrorRow } from './openai-rows.ts'

/** `/v1/embeddings`: the answer is numbers, not words. */
export const openaiEmbeddings = {
  name: 'openai-embeddings',
  answerText: () => noAnswer,
  errorRow: openaiErrorRow,
  answerRow: openaiAnswerRow,
} satisfies Dialect
