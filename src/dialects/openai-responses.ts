import { type AnswerText, type Dialect, noAnswer } from './contract.ts'
import { openaiAnswerRow, openaiErrorRow } from './openai-rows.ts'

/** `/v1/responses`. The text is all `output_text` parts of all messages, joined as the SDK's `output_text` joins them. */
export const openaiResponses = {
  name: 'openai-responses',
  answerText(body) {
    const { output, incomplete_details: incomplete } = (body ?? {}) as ResponsesBody
    if (!Array.isArray(output)) return noAnswer
    const parts = (output as OutputItem[]).flatMap((item) => (item?.type === 'message' ? (item.content ?? []) : []))
    const texts = parts.filter((part) => part?.type === 'output_text').map((part) => part?.text ?? '')
    const refusals = parts.filter((part) => part?.type === 'refusal').map((part) => part?.refusal ?? '')
    const filtered = incomplete?.reason === 'content_filter' ? 'content_filter' : null
    return {
      text: texts.length > 0 ? texts.join('') : null,
      refusal: refusals.join('\n') || filtered,
      truncated: incomplete?.reason === 'max_output_tokens',
    } satisfies AnswerText
  },
  errorRow: openaiErrorRow,
  answerRow: openaiAnswerRow,
} satisfies Dialect

/** What is read of the body; nothing of it is sure. */
interface ResponsesBody {
  readonly output?: unknown
  readonly incomplete_details?: { readonly reason?: string } | null
}
type OutputItem = { readonly type?: string; readonly content?: readonly OutputPart[] } | null
type OutputPart = { readonly type?: string; readonly text?: string; readonly refusal?: string } | null
