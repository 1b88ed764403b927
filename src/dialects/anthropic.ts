import type { AnswerText, Dialect, ErrorCode } from './contract.ts'
import { noAnswer } from './contract.ts'
import { idText } from './openai-rows.ts'
import { isRecord } from './translation.ts'

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
      text: texts.length > 0 ? texts.map((block) => String(block.text)).join('') : null,
      refusal: refused ? why : null,
      truncated: body['stop_reason'] === 'max_tokens' || body['stop_reason'] === 'model_context_window_exceeded',
    } satisfies AnswerText
  },
  errorRow(customIdJson, code, message) {
    const result = Object.hasOwn(results, code) ? results[code] : errored(code, message)
    return row(customIdJson, result)
  },
  answerRow(customIdJson, status, body) {
    return row(customIdJson, status === 200 ? { type: 'succeeded', message: body } : { type: 'errored', error: body })
  },
} satisfies Dialect

/** What Anthropic has own words for. */
const results: Readonly<Record<string, object>> = {
  batch_expired: { type: 'expired' },
  batch_cancelled: { type: 'canceled' },
}

/** The error is doubly nested, as Anthropic's own rows have it. */
const errored = (code: ErrorCode, message: string): object => ({
  type: 'errored',
  error: { type: 'error', error: { type: 'api_error', message, details: { error_code: code } }, request_id: null },
})

const row = (customIdJson: string | Uint8Array, result: unknown): Uint8Array =>
  Buffer.from(`{"custom_id":${idText(customIdJson)},"result":${JSON.stringify(result)}}`)
