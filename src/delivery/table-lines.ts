import type { AnswerText } from '../dialects/contract.ts'
import { faultOf, isInvalid, isTruncated, outcomes, reasons } from '../domain/outcome.ts'
import type { AnswerReader } from '../tables/answer.ts'
import { type Cell, type Cells, decodeRow } from '../tables/row.ts'
import type { LineWindow } from './line-window.ts'
import { codeOf } from './request-lines.ts'
import { errorOf, responseBody } from './vendor-line.ts'

/** What a row cost and where it ran, for --with-cost. */
export interface RowCost {
  readonly model: string
  readonly lane: string
  /** Decimal USD; empty where no price is known. */
  readonly usd: string
}

export interface TableShape {
  /** How many columns the input has; a shorter row is filled up. */
  readonly inputColumns: number
  /** How many columns the answer makes. */
  readonly answerColumns: number
  readonly read: AnswerReader
  /** How the answers are read that a submission has brought for a group. */
  readonly answerText: (group: number, winner: number) => (body: unknown) => AnswerText
  readonly cost?: (bytes: Uint8Array, start: number, end: number, winner: number) => RowCost
}

/** The rows of a window as the cells of the output's columns: the input's, the answer's, `_outcome`, `_error`, cost. */
export function tableRows(window: LineWindow, shape: TableShape): Cells[] {
  const rows: Cells[] = []
  for (let index = 0; index < window.count; index++) {
    const cells = carried(window, index, shape.inputColumns)
    const at = window.at[index] as number
    const end = at + (window.length[index] as number)
    const outcome = outcomes[window.outcome[index] as number] ?? 'missing'
    const answer = answerCells(window, index, outcome, shape)
    cells.push(...answer.cells, JSON.stringify(outcome), answer.error === '' ? 'null' : JSON.stringify(answer.error))
    if (shape.cost !== undefined) {
      const cost = end > at ? shape.cost(window.bytes, at, end, window.winner[index] as number) : undefined
      const usd = window.copied[index] === 1 ? '0' : cost?.usd // paid for once
      cells.push(textCell(cost?.model), textCell(cost?.lane), cost === undefined || !usd ? 'null' : usd)
    }
    rows.push(cells)
  }
  return rows
}

const textCell = (text: string | undefined): Cell => (text === undefined || text === '' ? 'null' : JSON.stringify(text))

function carried(window: LineWindow, index: number, columns: number): Cell[] {
  const from = window.carryAt[index] as number
  const cells = [...decodeRow(window.carry.subarray(from, from + (window.carryLength[index] as number)))]
  while (cells.length < columns) cells.push('')
  return cells
}

function answerCells(
  window: LineWindow,
  index: number,
  outcome: string,
  { answerColumns, answerText: answerTextOf, read }: TableShape,
): { cells: readonly Cell[]; error: string } {
  const at = window.at[index] as number
  const end = at + (window.length[index] as number)
  const reason = window.reason[index] as number
  const invalid = isInvalid(reason)
  if (end > at && (outcome === 'succeeded' || invalid)) {
    const answerText = answerTextOf(window.group[index] as number, window.winner[index] as number)
    const { text, refusal } = answerText(responseBody(window.bytes, at, end))
    const answer = text === null ? { cells: blank(answerColumns), error: '' } : read(text)
    // Whether it is valid was decided when it was collected.
    const error = invalid
      ? faultOf(reason)
      : text === null
        ? (refusal ?? 'no answer')
        : isTruncated(reason)
          ? faultOf(reason)
          : ''
    return { cells: answer.cells, error }
  }
  return {
    cells: blank(answerColumns),
    error: end > at ? errorOf(window.bytes, at, end) : codeOf(reasons[reason]?.name ?? 'none'),
  }
}

const blank = (count: number): Cell[] => Array.from({ length: count }, () => 'null')
