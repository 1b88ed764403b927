import type { Database } from '../schema.ts'

/** Locks: nothing; inside a writing transaction nobody can claim in between. */
export const countDoubtful = (db: Database, accountId: string, since: number) =>
  db
    .selectFrom('submission')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('accountId', '=', accountId)
    .where('state', 'in', ['buying', 'unsure'])
    .where('sendBy', '>=', since)
    .compile()
