import type { Migration } from '../dialect.ts'
import { first } from './0001-first.ts'

/** Append only: a migration that has shipped never changes. */
export const migrations: readonly Migration[] = [first]
