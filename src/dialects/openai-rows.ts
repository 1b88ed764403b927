import type { ErrorCode } from './contract.ts'

/**
 * An OpenAI batch error row for what did not happen over HTTP: `response` is null and the cause is in `error`. OpenAI
 * itself repeats `id` over rows, so nothing can be keyed on it; this one says who made the row.
 */
export function openaiErrorRow(customIdJson: string | Uint8Array, code: ErrorCode, message: string): Uint8Array {
  const error = JSON.stringify({ code, message })
  return Buffer.from(`${head(customIdJson)},"response":null,"error":${error}}`)
}

/** An OpenAI batch row for an answer, or for an error that came over HTTP: both are in `response`. */
export function openaiAnswerRow(customIdJson: string | Uint8Array, status: number, body: object): Uint8Array {
  const response = `{"status_code":${status},"request_id":"","body":${JSON.stringify(body)}}`
  return Buffer.from(`${head(customIdJson)},"response":${response},"error":null}`)
}

const head = (customIdJson: string | Uint8Array): string =>
  `{"id":"batch_req_redeye","custom_id":${idText(customIdJson)}`

/** The id as the JSON text it came as. */
export const idText = (idJson: string | Uint8Array): string =>
  typeof idJson === 'string' ? idJson : Buffer.from(idJson).toString()
