import { mkdir, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Makes a name inside the folder survive a power cut: without it the file's bytes are safe but its name is not. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return // has no such call; NTFS journals names itself
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes the folder and those above it, durably. */
export async function makeFolder(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true })
  if (made === undefined) return
  const top = dirname(resolve(made))
  for (let at = dirname(resolve(path)); ; at = dirname(at)) {
    await syncFolder(at)
    if (at === top || at === dirname(at)) return
  }
}
