import type { AttachmentRow } from '../../contract.ts'
import type { Database } from '../schema.ts'

/** Locks: the attachment. That its key was ours is remembered. */
export const markAttachmentGone = (db: Database, { accountId, sha256 }: Pick<AttachmentRow, 'accountId' | 'sha256'>) =>
  db
    .updateTable('attachment')
    .set({ fileId: null })
    .where('accountId', '=', accountId)
    .where('sha256', '=', sha256)
    .compile()
