import { reasons } from '../domain/outcome.ts'
import { ID_LENGTH } from './result-index.ts'
import type { LineWindow } from './windows.ts'

/** The dialect's own row for a request that has no line of the vendor. */
export type ErrorRow = (idJson: Uint8Array, code: string, message: string) => Uint8Array

/** Output lines of a window: the vendor's lines with the user's ids put back, newline after each. */
export function requestLines(window: LineWindow, errorRow: ErrorRow): Uint8Array {
  const spare = window.bytes.length + window.carry.length + window.count * 2
  let out = new Uint8Array(spare)
  let used = 0
  for (let index = 0; index < window.count; index++) {
    const carryAt = window.carryAt[index] as number
    const id = window.carry.subarray(carryAt, carryAt + (window.carryLength[index] as number))
    const length = window.length[index] as number
    if (length > 0) {
      const at = window.at[index] as number
      const idAt = at + (window.idAt[index] as number) - 1 // its opening quote
      used = put(out, used, window.bytes.subarray(at, idAt))
      used = put(out, used, id)
      used = put(out, used, window.bytes.subarray(idAt + ID_LENGTH + 2, at + length))
    } else {
      const reason = reasons[window.reason[index] as number]?.name ?? 'missing'
      const row = errorRow(id, codeOf(reason), messageOf(reason))
      if (used + row.length + 1 + spare > out.length) out = grown(out, row.length + 1 + spare)
      used = put(out, used, row)
    }
    out[used++] = 10
  }
  return out.subarray(0, used)
}

const put = (into: Uint8Array, at: number, bytes: Uint8Array): number => {
  into.set(bytes, at)
  return at + bytes.length
}

function grown(bytes: Uint8Array, more: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2 + more)
  larger.set(bytes)
  return larger
}

/** Codes as the vendors name them; `missing` where the vendor never mentioned the request. */
export const codeOf = (reason: string): string =>
  reason === 'batch_expired' || reason === 'batch_cancelled' || reason === 'request_timeout' ? reason : 'missing'

export const messageOf = (reason: string): string =>
  reason === 'batch_expired'
    ? 'This request could not be executed before the completion window expired.'
    : reason === 'batch_cancelled'
      ? 'This request was not executed because the batch was cancelled.'
      : reason === 'lost'
        ? 'The submission that held this request vanished at the vendor.'
        : 'The result files of the vendor hold no row for this request.'
