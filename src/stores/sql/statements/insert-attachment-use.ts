import type { AttachmentUse } from '../../contract.ts'
import type { Database } from '../schema.ts'

/** Locks: nothing that is there already. */
export const insertAttachmentUse = (db: Database, { jobId, accountId, sha256 }: AttachmentUse) =>
  db
    .insertInto('attachmentUse')
    .values({ jobId, accountId, sha256 })
    .onConflict((conflict) => conflict.doNothing())
    .compile()
