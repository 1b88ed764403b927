import type { AttachmentRow } from '../../contract.ts'
import type { Database } from '../schema.ts'

/** Locks: nothing. */
export const listAttachmentUsers = (db: Database, { accountId, sha256 }: Pick<AttachmentRow, 'accountId' | 'sha256'>) =>
  db
    .selectFrom('attachmentUse')
    .select('jobId')
    .where('accountId', '=', accountId)
    .where('sha256', '=', sha256)
    .compile()
