import type { Insertable } from 'kysely'
import type { AttachmentRow } from '../../contract.ts'
import { attachmentRows } from '../rows.ts'
import type { Database, Schema } from '../schema.ts'

/** Locks: the attachment. One that is gone, or expires soon, is put in the shade. */
export const saveAttachment = (db: Database, row: AttachmentRow) =>
  db
    .insertInto('attachment')
    .values(attachmentRows.encode<Insertable<Schema['attachment']>>(row))
    .onConflict((conflict) =>
      conflict.columns(['accountId', 'sha256']).doUpdateSet((eb) => ({
        key: eb.ref('excluded.key'),
        jobId: eb.ref('excluded.jobId'),
        fileId: eb.ref('excluded.fileId'),
        reference: eb.ref('excluded.reference'),
        uploadedAt: eb.ref('excluded.uploadedAt'),
        expiresAt: eb.ref('excluded.expiresAt'),
      })),
    )
    .compile()
