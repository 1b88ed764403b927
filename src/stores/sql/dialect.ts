import type { Database } from './schema.ts'

/** What one database does in its own way; all else is shared. */
export interface SqlDialect {
  /** Where the home lies, for messages. */
  readonly home: string
  /**
   * `transaction()` takes the right to write at its beginning, not at its first write: two that read first and write
   * then would otherwise decide on the same picture.
   */
  readonly db: Database
  /** Changes whenever another connection wrote. */
  dataVersion(): number
  readonly witness: Witness
  /** How this database spells a primary key that only counts up, deleted rows included. */
  readonly counter: string
}

/**
 * What the store last knew, kept outside of it. A store that knows less than its witness was restored from a backup,
 * and may have forgotten purchases.
 */
export interface Witness {
  /** Undefined when there is none yet, or nothing that can be read. */
  read(): Sighting | undefined
  /** @param durable  survives a power cut when true; costs an fsync */
  write(sighting: Sighting, durable: boolean): void
  close(): void
}

export interface Sighting {
  /** The highest event number. */
  readonly events: number
  /** Real time of the last beat. */
  readonly aliveAt: number
}

/** One step from the version before; frozen once shipped. */
export interface Migration {
  readonly version: number
  statements(dialect: Pick<SqlDialect, 'counter'>): readonly string[]
  /** What SQL cannot say of the JSON in the rows, after the statements and in the same transaction. */
  rewrite?(db: Database): Promise<void>
}
