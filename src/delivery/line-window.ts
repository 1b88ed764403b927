import type { OutcomeWindow } from './outcome-window.ts'

/** Lines of consecutive requests, read and laid side by side. Valid until the next window is asked for. */
export interface LineWindow {
  readonly first: number
  readonly count: number
  readonly bytes: Buffer
  /** Per request: where its line lies in `bytes` (length 0: no line), and its id's content in the line. */
  readonly at: Uint32Array
  readonly length: Uint32Array
  readonly idAt: Uint32Array
  readonly outcome: Uint8Array
  readonly reason: Uint8Array
  readonly winner: Int32Array
  /** 1: the line is that of another request, which asks the same and was bought for both. */
  readonly copied: Uint8Array
  /** Where requests are several rows: the first row of each, and at last their number; and the lengths of their lines. */
  readonly parts: { readonly starts: Uint32Array; readonly length: Uint32Array } | null
  /** Index into the manifest's groups: what endpoint it was for. */
  readonly group: Uint16Array
  /** 1: vectors are wanted as base64. */
  readonly base64: Uint8Array
  /** What each request carried through: its id as JSON, or its row. */
  readonly carry: Buffer
  readonly carryAt: Uint32Array
  readonly carryLength: Uint32Array
}

/** A vendor's line in the bytes of a window. */
export interface Line {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  /** Which of several inputs of its request it answers. */
  readonly input?: number
}

/** The lines of a request: the one that decides how it ended, or those of all its rows where all have an answer. */
export function linesOf({ bytes, at, length, parts }: LineWindow, index: number): readonly Line[] {
  let start = at[index] as number
  if (parts === null) return [{ bytes, start, end: start + (length[index] as number) }]
  const lines: Line[] = []
  const [from, to] = [parts.starts[index] as number, parts.starts[index + 1] as number]
  // Side by side in the order of the rows; of those that do not count there is nothing.
  for (let row = from; row < to; row++) {
    const end = start + (parts.length[row] as number)
    if (end > start) lines.push({ bytes, start, end, ...(to - from > 1 && { input: row - from }) })
    start = end
  }
  return lines
}

/**
 * Where the lines of requests begin whose rows' lines lie side by side.
 * @param starts  of these requests alone, counted from the first row of `rows`
 * @param at      of their rows
 */
export function inParts(starts: Uint32Array, rows: OutcomeWindow, at: Uint32Array): Pick<LineWindow, 'at' | 'parts'> {
  const [from, to] = [starts[0] as number, starts.at(-1) as number]
  const own = starts.map((row) => row - from)
  return {
    at: Uint32Array.from(own.subarray(0, -1), (row) => at[row] as number),
    parts: { starts: own, length: rows.length.subarray(from, to) },
  }
}
