import { reasons } from '../domain/outcome.ts'
import { ID_LENGTH } from './result-index.ts'
import type { LineWindow } from './windows.ts'

/** The dialect's own row for a request that has no line of the vendor. */
export type ErrorRow = (idJson: Uint8Array, code: string, message: string) => Uint8Array

/**
 * Output lines of a window: the vendor's lines with the user's ids put back, newline after each.
 * @param errorRowOf  of a group of requests
 * @param room  memory to write them into, where it is large enough
 */
export function requestLines(window: LineWindow, errorRowOf: (group: number) => ErrorRow, room?: Buffer): Buffer {
  const { bytes, carry } = window
  const estimate = bytes.length + carry.length + window.count * 2
  let out = room !== undefined && room.length >= estimate ? room : Buffer.allocUnsafeSlow(estimate)
  let used = 0
  for (let index = 0; index < window.count; index++) {
    const carryAt = window.carryAt[index] as number
    const carryEnd = carryAt + (window.carryLength[index] as number)
    const length = window.length[index] as number
    if (length > 0) {
      const at = window.at[index] as number
      const idAt = at + (window.idAt[index] as number) - 1 // its opening quote
      used += bytes.copy(out, used, at, idAt)
      used += carry.copy(out, used, carryAt, carryEnd)
      used += bytes.copy(out, used, idAt + ID_LENGTH + 2, at + length)
    } else {
      const reason = reasons[window.reason[index] as number]?.name ?? 'missing'
      const errorRow = errorRowOf(window.group[index] as number)
      const row = Buffer.from(errorRow(carry.subarray(carryAt, carryEnd), codeOf(reason), messageOf(reason)))
      // Error rows are not in the estimate: room for this one is made beside what the others still need.
      if (row.length > carryEnd - carryAt) out = Buffer.concat([out, Buffer.allocUnsafe(row.length)])
      used += row.copy(out, used)
    }
    out[used++] = 10
  }
  return out.subarray(0, used)
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
