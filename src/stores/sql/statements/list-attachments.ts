import { attachmentRows } from '../rows.ts'
import type { Database } from '../schema.ts'

/** Locks: nothing. */
export const listAttachments = (db: Database) => db.selectFrom('attachment').select(attachmentRows.columns).compile()
