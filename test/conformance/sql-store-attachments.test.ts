import { describe, expect, test } from 'vitest'
import type { AttachmentRow } from '../../src/stores/contract.ts'
import { sqlStores } from './implementations.ts'
import { freshStore } from './sql-store-home.ts'

const row = (change: Partial<AttachmentRow> = {}): AttachmentRow => ({
  accountId: 'acc_a',
  sha256: 'f00d',
  key: 'k'.repeat(20),
  jobId: 'job_a',
  fileId: 'file-1',
  reference: 'https://example.com/files/"1"',
  uploadedAt: 1_764_000_000_000,
  expiresAt: null,
  ...change,
})
const { accountId, sha256 } = row()
const of = (jobId: string) => ({ accountId, sha256, jobId })

describe.each(sqlStores)('files that requests name: $name', (implementation) => {
  const here = freshStore(implementation)

  test('are remembered by content and account, whole', async () => {
    expect(await here.store.attachmentFor(of('job_a'), 0)).toBeUndefined()
    expect(await here.store.saveAttachment(row(), 0)).toEqual(row())
    await here.reopen()
    expect(await here.store.attachmentFor(of('job_b'), 0)).toEqual(row())
    expect(await here.store.attachmentFor({ ...of('job_b'), accountId: 'acc_b' }, 0)).toBeUndefined()
    expect((await here.store.usersOf(row())).sort()).toEqual(['job_a', 'job_b'])
  })

  test('count once: the one that was remembered first', async () => {
    await here.store.saveAttachment(row(), 0)
    expect(await here.store.saveAttachment(row({ fileId: 'file-2', jobId: 'job_b' }), 0)).toEqual(row())
    expect(await here.store.attachments()).toEqual([row()])
    expect((await here.store.usersOf(row())).sort()).toEqual(['job_a', 'job_b'])
  })

  test('that expire too soon count no more, and make room for another', async () => {
    await here.store.saveAttachment(row({ expiresAt: 100 }), 0)
    expect(await here.store.attachmentFor(of('job_a'), 99)).toMatchObject({ fileId: 'file-1' })
    expect(await here.store.attachmentFor(of('job_a'), 100)).toBeUndefined()
    const anew = row({ fileId: 'file-2', expiresAt: 300 })
    expect(await here.store.saveAttachment(anew, 100)).toEqual(anew)
    expect(await here.store.attachments()).toEqual([anew])
  })

  test('are released by the last job that needs them, once, and their key stays known', async () => {
    await here.store.saveAttachment(row(), 0)
    await here.store.saveAttachment(row({ sha256: 'beef', fileId: 'file-2' }), 0)
    await here.store.attachmentFor(of('job_b'), 0)
    expect(await here.store.releaseAttachments('job_a')).toEqual([row({ sha256: 'beef', fileId: 'file-2' })])
    expect(await here.store.releaseAttachments('job_a')).toEqual([])
    expect(await here.store.releaseAttachments('job_b')).toEqual([row()])
    expect((await here.store.attachments()).map(({ fileId, key }) => [fileId, key])).toEqual([
      [null, 'k'.repeat(20)],
      [null, 'k'.repeat(20)],
    ])
    expect(await here.store.attachmentFor(of('job_c'), 0)).toBeUndefined()
    expect(await here.store.saveAttachment(row({ fileId: 'file-3' }), 0)).toMatchObject({ fileId: 'file-3' })
  })

  test('that were forgotten are nobody’s, whoever needed them', async () => {
    await here.store.saveAttachment(row(), 0)
    await here.store.forgetAttachment(row())
    expect(await here.store.usersOf(row())).toEqual([])
    expect(await here.store.attachmentFor(of('job_a'), 0)).toBeUndefined()
  })
})
