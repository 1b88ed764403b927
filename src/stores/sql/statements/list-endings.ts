import type { ControlStore } from '../../contract.ts'
import { endingRows } from '../rows.ts'
import type { Database } from '../schema.ts'

type Filter = Parameters<ControlStore['endings']>[0]

/** Locks: nothing. Newest first, along the index by end. */
export const listEndings = (db: Database, { accountId, lane, limit }: Filter) =>
  db
    .selectFrom('submission')
    .select(endingRows.columns)
    .where('accountId', '=', accountId)
    .where('endedAt', 'is not', null)
    .where('lane', '=', lane)
    .orderBy('endedAt', 'desc')
    .limit(limit)
    .compile()
