import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createDurableFile } from './durable-file.ts'
import { randomId } from './ids.ts'

/** Writes a file so that under its name there is the whole of it or what was there before: tmp, fsync, rename, fsync dir. */
export async function writeFileWhole(
  path: string,
  fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const tmp = join(dirname(path), `.${randomId('redeye')}.tmp`)
  const file = await createDurableFile(tmp)
  try {
    await fill((bytes) => file.write(bytes))
    await file.finish()
    await rename(tmp, path)
  } catch (error) {
    await file.abandon()
    await rm(tmp, { force: true })
    throw error
  }
  const folder = await open(dirname(path), 'r')
  await folder.sync().finally(() => folder.close())
}
