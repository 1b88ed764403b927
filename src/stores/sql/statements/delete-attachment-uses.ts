import type { Database } from '../schema.ts'

/** Locks: what it deletes. */
export const deleteAttachmentUses = (db: Database, jobId: string) =>
  db.deleteFrom('attachmentUse').where('jobId', '=', jobId).compile()
