import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { randomId } from './ids.ts'
import { writeBack } from './write-back.ts'

/** Writes a file so that under its name there is the whole of it or what was there before: tmp, fsync, rename, fsync dir. */
export async function writeFileWhole(
  path: string,
  fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const tmp = join(dirname(path), `.${randomId('redeye')}.tmp`)
  const file = await open(tmp, 'wx')
  const disk = writeBack(file)
  try {
    await fill(async (bytes) => {
      for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten
      disk.wrote(bytes.length)
    })
    await disk.settle()
    await file.sync()
    await file.close()
    await rename(tmp, path)
  } catch (error) {
    await disk.settle().catch(() => {}) // thrown away
    await file.close().catch(() => {}) // closed already when the rename failed
    await rm(tmp, { force: true })
    throw error
  }
  const folder = await open(dirname(path), 'r')
  await folder.sync().finally(() => folder.close())
}
