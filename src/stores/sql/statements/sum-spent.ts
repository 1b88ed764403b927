import { sql } from 'kysely'
import type { Database } from '../schema.ts'

/** Locks: nothing. Of the jobs with a tag, in one month or ever. */
export const sumSpent = (db: Database, tag: string, value: string, month: string | undefined) =>
  db
    .selectFrom('spent')
    .select((eb) => sql<string | null>`cast(sum(${eb.ref('nanoUsd')}) as text)`.as('nanoUsd'))
    .where('tag', '=', tag)
    .where('value', '=', value)
    .$if(month !== undefined, (spent) => spent.where('month', '=', month ?? ''))
    .compile()
