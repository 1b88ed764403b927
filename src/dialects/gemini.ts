import type { AnswerText, Dialect } from './contract.ts'
import { noAnswer } from './contract.ts'
import { rpcCodes } from './errors.ts'
import { idText } from './openai-rows.ts'
import { isRecord, type Json } from './translation.ts'

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
    const reason = String(candidate['finishReason'])
    return {
      text: texts.length > 0 ? texts.map((part) => part['text']).join('') : null,
      refusal: filters.test(reason) ? reason : null,
      truncated: reason === 'MAX_TOKENS',
    } satisfies AnswerText
  },
  errorRow(keyJson, code, message) {
    const status = codes[code] ?? 'INTERNAL'
    return row(keyJson, 'error', {
      code: rpcCodes[status],
      message,
      details: [{ '@type': errorInfo, reason: code, domain: 'redeye' }],
    })
  },
  answerRow(keyJson, status, body) {
    if (status === 200) return row(keyJson, 'response', body)
    const error = isRecord(body) && isRecord(body['error']) ? body['error'] : {}
    const { code, status: name, ...more } = error
    return row(keyJson, 'error', { code: rpcCodes[String(name)] ?? code, ...more })
  },
} satisfies Dialect

const filters = /^(SAFETY|RECITATION|BLOCKLIST|PROHIBITED_CONTENT|SPII|IMAGE_.+)$/
const errorInfo = 'type.googleapis.com/google.rpc.ErrorInfo'

const codes: Readonly<Record<string, string>> = {
  batch_expired: 'DEADLINE_EXCEEDED',
  batch_cancelled: 'CANCELLED',
}

const row = (keyJson: string | Uint8Array, field: 'response' | 'error', value: object): Uint8Array =>
  Buffer.from(`{"key":${idText(keyJson)},"${field}":${JSON.stringify(value)}}`)
