import { openaiChat } from '../dialects/openai-chat.ts'
import { answerReader } from '../tables/answer.ts'
import { answerSchema } from '../tables/schema.ts'
import type { AnswerCheck } from './answer-check.ts'
import { responseBody } from './response-body.ts'

const made = new Map<string, Promise<AnswerCheck>>()

/** The check of one schema; runs in worker threads, where it is made once and kept. */
export function answerCheck(schema: unknown): Promise<AnswerCheck> {
  const name = JSON.stringify(schema)
  let check = made.get(name)
  if (check === undefined) {
    check = make(schema)
    made.set(name, check)
  }
  return check
}

async function make(schema: unknown): Promise<AnswerCheck> {
  const read = await answerReader(answerSchema(schema))
  return (bytes, start, end) => {
    const { text } = openaiChat.answerText(responseBody(bytes, start, end))
    const { error } = read(text ?? '')
    return error === '' ? 'none' : error
  }
}
