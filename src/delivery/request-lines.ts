import { reasons } from '../domain/outcome.ts'
import { type Line, type LineWindow, linesOf } from './line-window.ts'
import { ID_LENGTH } from './result-index.ts'
import { type LineTranslation, translateLine } from './translate-line.ts'

/** How the rows of one group of requests are written. */
export interface GroupLines {
  /** The dialect's own row for a request that has no line of the vendor. */
  readonly errorRow: (idJson: Uint8Array, code: string, message: string) => Uint8Array
  /** null: the vendor's lines are in the dialect of the requests. */
  readonly translation: LineTranslation | null
}

const CLOSE = 125 // }

/** JSON that is put into a request's line as `redeye`; undefined: the request has no line of the vendor. */
export type RequestCost = (window: LineWindow, index: number) => string | undefined

/**
 * Output lines of a window: the vendor's lines with the user's ids put back, newline after each.
 * @param linesFor  how the rows of a group are written that this submission has answered
 * @param more.room  memory to write them into, where it is large enough
 * @param more.cost  for --with-cost
 */
export function requestLines(
  window: LineWindow,
  linesFor: (group: number, winner: number) => GroupLines,
  { room, cost }: { readonly room?: Buffer | undefined; readonly cost?: RequestCost | undefined } = {},
): Buffer {
  const { bytes, carry } = window
  /** What the vendor's lines that are still to come need at most. */
  let left = bytes.length + carry.length + window.count * 2
  let out = room !== undefined && room.length >= left ? room : Buffer.allocUnsafeSlow(left)
  let used = 0
  for (let index = 0; index < window.count; index++) {
    const carryAt = window.carryAt[index] as number
    const carryEnd = carryAt + (window.carryLength[index] as number)
    const length = window.length[index] as number
    left -= length + carryEnd - carryAt + 2
    const { errorRow, translation } = linesFor(window.group[index] as number, window.winner[index] as number)
    if (length > 0 && translation === null) {
      const at = window.at[index] as number
      const idAt = at + (window.idAt[index] as number) - 1 // its opening quote
      used += bytes.copy(out, used, at, idAt)
      used += carry.copy(out, used, carryAt, carryEnd)
      used += bytes.copy(out, used, idAt + ID_LENGTH + 2, at + length)
    } else {
      const id = carry.subarray(carryAt, carryEnd)
      let row: Uint8Array
      if (length > 0 && translation !== null) row = translated(translation, window, index, id)
      else {
        const reason = reasons[window.reason[index] as number]?.name ?? 'missing'
        row = errorRow(id, codeOf(reason), messageOf(reason))
      }
      out = withRoom(out, used, row.length + 1 + left)
      out.set(row, used)
      used += row.length
    }
    const told = length > 0 ? cost?.(window, index) : undefined
    if (told !== undefined) {
      const member = Buffer.from(`,"redeye":${told}}`)
      used = out.lastIndexOf(CLOSE, used - 1) // of an object, which no vendor's line leaves empty
      out = withRoom(out, used, member.length + 1 + left)
      used += member.copy(out, used)
    }
    out[used++] = 10
  }
  return out.subarray(0, used)
}

function translated(how: LineTranslation, window: LineWindow, index: number, id: Uint8Array): Uint8Array {
  const { bytes, at, idAt, base64 } = window
  const idStart = (at[index] as number) + (idAt[index] as number)
  const upstreamId = bytes.toString('latin1', idStart, idStart + ID_LENGTH)
  const lines = linesOf(window, index) as readonly [Line, ...Line[]]
  return translateLine(how, lines, id, { upstreamId, base64: base64[index] === 1 })
}

/** How long rows of our own are is not known before: where one does not fit beside what may still come, there is more room. */
function withRoom(out: Buffer, used: number, wanted: number): Buffer {
  if (out.length - used >= wanted) return out
  const larger = Buffer.allocUnsafeSlow(used + wanted + (out.length >> 1))
  out.copy(larger, 0, 0, used)
  return larger
}

/** Codes as the vendors name them; `missing` where the vendor never mentioned the request. */
export const codeOf = (reason: string): string =>
  isWithdrawn(reason)
    ? 'batch_cancelled'
    : reason === 'batch_expired' || reason === 'batch_cancelled' || reason === 'request_timeout'
      ? reason
      : 'missing'

export const messageOf = (reason: string): string =>
  reason === 'batch_expired'
    ? 'This request could not be executed before the completion window expired.'
    : isWithdrawn(reason)
      ? `This request was withdrawn${reason === 'discarded' ? '; its answer came all the same, and was billed' : ''}.`
      : reason === 'batch_cancelled'
        ? 'This request was not executed because the batch was cancelled.'
        : reason === 'lost'
          ? 'The submission that held this request vanished at the vendor.'
          : 'The result files of the vendor hold no row for this request.'

const isWithdrawn = (reason: string): boolean => reason === 'withdrawn' || reason === 'discarded'
