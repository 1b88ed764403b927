import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DAY } from '../../kit/clock.ts'
import { openFolderBlobs } from './fs.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'redeye-blobs-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('what a crashed writer left is cleared after a day', async () => {
  await mkdir(join(folder, '.tmp'))
  for (const [name, age] of [
    ['old', DAY + 60_000],
    ['young', DAY - 60_000],
  ] as const) {
    const path = join(folder, '.tmp', name)
    await writeFile(path, 'half a blob')
    const written = new Date(Date.now() - age)
    await utimes(path, written, written)
  }
  const writer = await openFolderBlobs(folder).put('a')
  await writer.commit()
  expect(await readdir(join(folder, '.tmp'))).toEqual(['young'])
})

test('a full disk fails the write with what to do, and works again when there is room', async ({ skip }) => {
  const disk = join(folder, 'disk')
  await mkdir(disk)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', disk]).status !== 0) {
    skip('mounting a small disk needs root')
  }
  try {
    const blobs = openFolderBlobs(disk)
    const writer = await blobs.put('jobs/a')
    // Writing runs ahead of the disk, so the full disk may be met by a later write, or by the commit.
    await expect(writer.write(new Uint8Array(1_000_000)).then(() => writer.commit())).rejects.toMatchObject({
      code: 'store_unavailable',
      exitCode: 4,
      message: expect.stringContaining(join(disk, 'jobs/a')),
      hint: expect.stringContaining('disk is full'),
    })
    await writer.abort()
    const again = await blobs.put('jobs/a')
    await again.write(new Uint8Array(100_000))
    await again.commit()
    expect(await blobs.head('jobs/a')).toEqual({ bytes: 100_000 })
  } finally {
    spawnSync('umount', [disk])
  }
})

test('a folder that cannot be made says so, and is tried again', async () => {
  const path = join(folder, 'blobs')
  await writeFile(path, 'a file where the folder should be')
  const blobs = openFolderBlobs(path)
  await expect(blobs.put('a')).rejects.toMatchObject({ code: 'store_unavailable', hint: expect.stringMatching(/./) })
  await rm(path)
  await (await blobs.put('a')).commit()
  expect(await blobs.head('a')).toEqual({ bytes: 0 })
})
