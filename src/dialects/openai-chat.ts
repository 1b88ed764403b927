import { type AnswerText, type Dialect, noAnswer } from './contract.ts'
import { openaiAnswerRow, openaiErrorRow } from './openai-rows.ts'

/** `/v1/chat/completions`. Of several choices the first is the answer. */
export const openaiChat = {
  name: 'openai-chat',
  answerText(body) {
    const choice = (body as ChatBody)?.choices?.[0]
    if (choice === undefined || choice === null) return noAnswer
    const { content, refusal } = choice.message ?? {}
    return {
      text: typeof content === 'string' ? content : null,
      refusal:
        (typeof refusal === 'string' && refusal) ||
        (choice.finish_reason === 'content_filter' ? 'content_filter' : null),
      truncated: choice.finish_reason === 'length',
    } satisfies AnswerText
  },
  errorRow: openaiErrorRow,
  answerRow: openaiAnswerRow,
} satisfies Dialect

/** What is read of the body; nothing of it is sure. */
type ChatBody = {
  readonly choices?: readonly ({
    readonly message?: { readonly content?: unknown; readonly refusal?: unknown }
    readonly finish_reason?: string | null
  } | null)[]
} | null
