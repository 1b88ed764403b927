import type { AnswerText, Dialect } from './contract.ts'
import { noAnswer } from './contract.ts'
import { type ErrorKind, rpcCodes, writeError } from './errors.ts'
import { idText } from './openai-rows.ts'
import { isRecord, type Json, wordOf } from './translation.ts'

/** `generateContent`. Of several candidates the first is the answer, its thoughts aside. */
export const gemini = {
  name: 'gemini',
  answerText(body) {
    if (!isRecord(body)) return noAnswer
    const [candidate] = Array.isArray(body['candidates']) ? body['candidates'] : []
    if (!isRecord(candidate)) {
      const feedback = isRecord(body['promptFeedback']) ? body['promptFeedback'] : {}
      const blocked = typeof feedback['blockReason'] === 'string' ? feedback['blockReason'] : null
      return { ...noAnswer, refusal: blocked }
    }
    const content = isRecord(candidate['content']) ? candidate['content'] : {}
    const parts: Json[] = Array.isArray(content['parts']) ? content['parts'].filter(isRecord) : []
    const texts = parts.filter((part) => typeof part['text'] === 'string' && part['thought'] !== true)
    const reason = wordOf(candidate['finishReason'])
    return {
      text: texts.length > 0 ? texts.map((part) => part['text']).join('') : null,
      refusal: filters.test(reason) ? reason : null,
      truncated: reason === 'MAX_TOKENS',
    } satisfies AnswerText
  },
  errorRow(keyJson, code, message) {
    return answerRow(keyJson, 500, writeError('gemini', kinds[code] ?? 'internal', message, code).body)
  },
  answerRow,
  answerFrame: ['{"key":', ',"response":', '}'],
} satisfies Dialect

/** Rows hold the inner object of an error, with the code of the RPC instead of the HTTP status. */
function answerRow(keyJson: string | Uint8Array, status: number, body: object): Uint8Array {
  if (status === 200) return row(keyJson, 'response', body)
  const { error, redeye } = body as { error?: Json; redeye?: unknown }
  const { code, status: name, ...more } = error ?? {}
  const own = redeye === undefined ? {} : { redeye }
  return row(keyJson, 'error', { code: rpcCodes[wordOf(name)] ?? code, ...more, ...own })
}

const filters = /^(SAFETY|RECITATION|BLOCKLIST|PROHIBITED_CONTENT|SPII|IMAGE_.+)$/

const kinds: Readonly<Record<string, ErrorKind>> = { batch_expired: 'timeout', batch_cancelled: 'cancelled' }

const row = (keyJson: string | Uint8Array, field: 'response' | 'error', value: object): Uint8Array =>
  Buffer.from(`{"key":${idText(keyJson)},"${field}":${JSON.stringify(value)}}`)
