import type { AnswerText, Dialect } from './contract.ts'
import { noAnswer } from './contract.ts'
import { writeError } from './errors.ts'
import { idText } from './openai-rows.ts'
import { isRecord, wordOf } from './translation.ts'

/** `/v1/messages`. The text is all text blocks, without anything between them. */
export const anthropic = {
  name: 'anthropic',
  answerText(body) {
    if (!isRecord(body) || !Array.isArray(body['content'])) return noAnswer
    const texts = body['content'].filter((block) => isRecord(block) && block['type'] === 'text')
    const details = isRecord(body['stop_details']) ? body['stop_details'] : {}
    const refused = body['stop_reason'] === 'refusal'
    const why =
      typeof details['explanation'] === 'string' && details['explanation'] !== '' ? details['explanation'] : 'refusal'
    return {
      text: texts.length > 0 ? texts.map((block) => wordOf(block.text)).join('') : null,
      refusal: refused ? why : null,
      truncated: body['stop_reason'] === 'max_tokens' || body['stop_reason'] === 'model_context_window_exceeded',
    } satisfies AnswerText
  },
  errorRow(customIdJson, code, message) {
    if (Object.hasOwn(results, code)) return row(customIdJson, results[code])
    return answerRow(customIdJson, 500, writeError('anthropic', 'internal', message, code).body)
  },
  answerRow,
  answerFrame: ['{"custom_id":', ',"result":{"type":"succeeded","message":', '}}'],
} satisfies Dialect

/** The error is doubly nested, as in the vendor's own rows. */
function answerRow(customIdJson: string | Uint8Array, status: number, body: object): Uint8Array {
  return row(customIdJson, status === 200 ? { type: 'succeeded', message: body } : { type: 'errored', error: body })
}

/** What Anthropic has own words for. */
const results: Readonly<Record<string, object>> = {
  batch_expired: { type: 'expired' },
  batch_cancelled: { type: 'canceled' },
}

const row = (customIdJson: string | Uint8Array, result: unknown): Uint8Array =>
  Buffer.from(`{"custom_id":${idText(customIdJson)},"result":${JSON.stringify(result)}}`)
