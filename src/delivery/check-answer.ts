import { dialectOf } from '../dialects/dialect-of.ts'
import { answerReader } from '../tables/answer.ts'
import { answerSchema } from '../tables/schema.ts'
import type { AnswerCheck } from './answer-check.ts'
import { responseBody } from './vendor-line.ts'

const made = new Map<string, Promise<AnswerCheck>>()

/** What answers are checked against, and the endpoint they come from, which tells how they are read. */
export interface CheckOf {
  readonly schema: unknown
  readonly endpoint: string
}

/** The check of one schema; runs in worker threads, where it is made once and kept. */
export function answerCheck(of: CheckOf): Promise<AnswerCheck> {
  const name = JSON.stringify(of)
  let check = made.get(name)
  if (check === undefined) {
    check = make(of)
    made.set(name, check)
  }
  return check
}

async function make({ schema, endpoint }: CheckOf): Promise<AnswerCheck> {
  const { answerText } = dialectOf(endpoint)
  const read = await answerReader(answerSchema(schema))
  return (bytes, start, end) => {
    const { text } = answerText(responseBody(bytes, start, end))
    const { error } = read(text ?? '')
    return error === '' ? 'none' : error
  }
}
