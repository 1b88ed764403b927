import type { AttachmentRow } from '../../contract.ts'
import type { Database } from '../schema.ts'

/** Locks: what it deletes. */
export const deleteAttachmentUsers = (
  db: Database,
  { accountId, sha256 }: Pick<AttachmentRow, 'accountId' | 'sha256'>,
) => db.deleteFrom('attachmentUse').where('accountId', '=', accountId).where('sha256', '=', sha256).compile()
