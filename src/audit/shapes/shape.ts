import type { LoggedCall, PassedOver } from '../call.ts'
import type { Row } from '../fields.ts'

/** A kind of log that is understood. */
export interface Shape {
  readonly name: string
  /** For people. */
  readonly label: string
  /** The columns it has to have. */
  readonly wants: readonly string[]
  knows(row: Row): boolean
  /** @throws BadField where a column holds what it cannot */
  read(row: Row): LoggedCall | PassedOver
}

export const has = (row: Row, ...names: readonly string[]): boolean => names.every((name) => name in row)
