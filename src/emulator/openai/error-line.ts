import type { Desk } from './desk.ts'
import type { ErrorRow } from './likeness.ts'

/** One line of an error file; empty where the vendor leaves the row out. */
export function errorLine({ likeness: { dress } }: Pick<Desk, 'likeness'>, row: ErrorRow): string {
  const shown = dress === undefined ? row : dress.errorRow(row)
  return shown === undefined ? '' : `${JSON.stringify(shown)}\n`
}
