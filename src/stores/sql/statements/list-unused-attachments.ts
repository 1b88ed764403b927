import { attachmentRows } from '../rows.ts'
import type { Database } from '../schema.ts'

/** Locks: nothing. Those that are there and that no job needs. */
export const listUnusedAttachments = (db: Database) =>
  db
    .selectFrom('attachment')
    .select(attachmentRows.columns)
    .where('fileId', 'is not', null)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('attachmentUse')
            .select('jobId')
            .whereRef('attachmentUse.accountId', '=', 'attachment.accountId')
            .whereRef('attachmentUse.sha256', '=', 'attachment.sha256'),
        ),
      ),
    )
    .compile()
