import { spawnSync } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { StoreUnavailable } from '../../domain/errors.ts'
import type { AccountRow } from '../contract.ts'
import { openSqliteStore } from './sqlite.ts'

let home: string
const file = () => join(home, 'redeye.sqlite')
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'redeye-sqlite-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const refusal = async (opening: Promise<unknown>): Promise<StoreUnavailable> => {
  const error = await opening.then(
    () => new Error('it opened'),
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(StoreUnavailable)
  const refused = error as StoreUnavailable
  expect(refused.exitCode).toBe(4)
  expect(refused.hint).not.toBe('')
  return refused
}

describe('a home that cannot be used says why and what to do', () => {
  test.each([
    ['NFS', 0x6969],
    ['SMB', 0x517b],
    ['FUSE', 0x65735546],
    ['9p', 0x01021997],
  ])('on a network file system: %s', async (name, type) => {
    const error = await refusal(openSqliteStore(home, { fileSystemType: async () => type }))
    expect(error.message).toContain(`network file system (${name})`)
    await expect(readFile(file())).rejects.toThrow('ENOENT')
  })

  test('whose store is no SQLite file', async () => {
    await writeFile(file(), 'not a database, but a letter to a friend. '.repeat(200))
    expect((await refusal(openSqliteStore(home))).message).toContain(`${file()} is no store of redeye`)
  })

  test('whose store was overwritten in the middle', async () => {
    const store = await openSqliteStore(home)
    await store.close()
    const bytes = await readFile(file())
    await writeFile(file(), bytes.fill(0xff, 200, bytes.length - 100))
    expect((await refusal(openSqliteStore(home))).message).toContain('is damaged')
  })

  test('that is a file, or lies under one', async () => {
    await writeFile(join(home, 'file'), '')
    for (const path of ['file', 'file/home']) {
      expect((await refusal(openSqliteStore(join(home, path)))).hint).toContain('REDEYE_HOME')
    }
  })

  test('that a newer redeye wrote, naming both versions', async () => {
    await (await openSqliteStore(home)).close()
    const database = new DatabaseSync(file())
    database.exec("update meta set value = '99' where key = 'version'")
    database.close()
    expect((await refusal(openSqliteStore(home))).message).toMatch(/version 99.*versions up to \d+/)
  })

  test('that another process holds for too long', async () => {
    const store = await openSqliteStore(home, { busyMs: 30 })
    const holder = new DatabaseSync(file())
    holder.exec('begin immediate')
    expect((await refusal(store.beat(1))).message).toContain('held by another process')
    expect(await store.jobs()).toEqual([]) // reading goes on
    holder.exec('rollback')
    holder.close()
    await store.beat(1)
    await store.close()
  })

  test('that is read-only', async () => {
    await (await openSqliteStore(home)).close()
    await chmod(file(), 0o444)
    await chmod(home, 0o555)
    const said = asOther(`
      const { openSqliteStore } = await import(${JSON.stringify(new URL('sqlite.ts', import.meta.url).href)})
      try { await openSqliteStore(${JSON.stringify(home)}) } catch (error) { console.log(error.code, error.hint) }
    `)
    await chmod(home, 0o755)
    expect(said).toMatch(/^store_unavailable .*REDEYE_HOME/)
  })
})

/** Mounts a disk of 400 KB; false where this user may not. */
const smallDisk = (at: string): boolean =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', at]).status === 0

describe('a full disk', () => {
  test('fails the commit whole, and the store works again when there is room', async ({ skip }) => {
    const disk = join(home, 'disk')
    await mkdir(disk)
    if (!smallDisk(disk)) skip('mounting a small disk needs root')
    try {
      const store = await openSqliteStore(disk)
      const big = { id: 'acc_a', vendor: 'x'.repeat(1_000_000), baseUrl: '', scope: '', createdAt: 1 }
      expect((await refusal(store.commit({ accounts: [big] }))).message).toMatch(/disk is full|could not be/)
      expect(await store.accounts()).toEqual([])
      const small = { ...big, vendor: 'v' }
      expect(await store.commit({ accounts: [small] })).toBe(true)
      expect(await store.accounts()).toEqual([small])
      await store.close()
    } finally {
      spawnSync('umount', [disk])
    }
  })
})

const account = (id: string): AccountRow => ({ id, vendor: 'v', baseUrl: '', scope: '', createdAt: 1 })

describe('a restored backup', () => {
  const event = { jobId: 'job_a', at: 1, type: 'bought' }
  const HOUR = 3_600_000

  test('makes every account cold when its witness knows more events', async () => {
    const store = await openSqliteStore(home)
    await store.commit({ accounts: [account('acc_a')], events: [event] })
    await store.beat(500 * HOUR)
    await store.close()
    await copyFile(file(), join(home, 'backup'))

    const later = await openSqliteStore(home)
    await later.commit({ events: [event] })
    await later.close()
    await copyFile(join(home, 'backup'), file())

    const restored = await openSqliteStore(home)
    expect(await restored.coldSince('acc_a')).toBe(499 * HOUR)
    await restored.warmed('acc_a')
    await restored.commit({ accounts: [account('acc_new')] })
    expect(await restored.coldSince('acc_new')).toBe(499 * HOUR) // it may have bought in the time forgotten
    await restored.close()

    const again = await openSqliteStore(home)
    expect(await again.coldSince('acc_a')).toBeNull() // the witness was told
    await again.close()
  })

  test('makes no account cold when the store was only closed and opened', async () => {
    const store = await openSqliteStore(home)
    await store.commit({ accounts: [account('acc_a')], events: [event, event] })
    await store.beat(500 * HOUR)
    await store.close()
    const again = await openSqliteStore(home)
    expect(await again.coldSince('acc_a')).toBeNull()
    await again.close()
  })

  test('and a witness that cannot be read is made anew', async () => {
    await (await openSqliteStore(home)).close()
    await writeFile(join(home, 'witness.json'), '{"events":')
    await (await openSqliteStore(home)).close()
    expect(JSON.parse(await readFile(join(home, 'witness.json'), 'utf8'))).toMatchObject({ events: 0 })
  })
})

/** Runs the code as a user without rights of its own; as root everything can be written. */
function asOther(code: string): string {
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const args = ['--input-type=module-typescript', '-e', code]
  const { stdout, stderr } = spawnSync(process.execPath, args, { ...nobody, encoding: 'utf8' })
  return stdout + stderr
}
