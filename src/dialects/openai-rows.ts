import type { ErrorCode } from './contract.ts'

/**
 * An OpenAI batch error row for what did not happen over HTTP: `response` is null and the cause is in `error`. OpenAI
 * itself repeats `id` over rows, so nothing can be keyed on it; this one says who made the row.
 */
export function openaiErrorRow(customIdJson: string | Uint8Array, code: ErrorCode, message: string): Uint8Array {
  const id = typeof customIdJson === 'string' ? customIdJson : Buffer.from(customIdJson).toString()
  const error = JSON.stringify({ code, message })
  return Buffer.from(`{"id":"batch_req_redeye","custom_id":${id},"response":null,"error":${error}}`)
}
