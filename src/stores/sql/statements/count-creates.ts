import { DAY } from '../../../kit/clock.ts'
import type { Database } from '../schema.ts'

/**
 * Locks: nothing. `sentAt` is vendor time and says only whether it was sent; when is told by our clock, at the answer
 * or, where none is known, at the creation of the row. A day is longer than any upload: it lets the index be used.
 */
export const countCreates = (db: Database, accountId: string, since: number) =>
  db
    .selectFrom('submission')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('accountId', '=', accountId)
    .where('createdAt', '>=', since - DAY)
    .where('sentAt', 'is not', null)
    .where((eb) => eb(eb.fn.coalesce('openedAt', 'createdAt'), '>=', since))
    .compile()
