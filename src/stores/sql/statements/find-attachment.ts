import type { AttachmentRow } from '../../contract.ts'
import { attachmentRows } from '../rows.ts'
import type { Database } from '../schema.ts'

/** Locks: nothing. Only one that is there, and is kept beyond `until`. */
export const findAttachment = (
  db: Database,
  { accountId, sha256 }: Pick<AttachmentRow, 'accountId' | 'sha256'>,
  until: number,
) =>
  db
    .selectFrom('attachment')
    .select(attachmentRows.columns)
    .where('accountId', '=', accountId)
    .where('sha256', '=', sha256)
    .where('fileId', 'is not', null)
    .where((eb) => eb.or([eb('expiresAt', 'is', null), eb('expiresAt', '>', until)]))
    .compile()
