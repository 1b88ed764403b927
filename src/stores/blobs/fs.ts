import { randomUUID } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { copyFile, type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { StoreUnavailable } from '../../domain/errors.ts'
import { DAY } from '../../kit/clock.ts'
import { createDurableFile, type DurableFile } from '../../kit/durable-file.ts'
import type { BlobStore, BlobWriter, LocalBlob } from '../contract.ts'
import { makeFolder, syncFolder } from '../durable-folder.ts'
import { fileTrouble } from '../file-trouble.ts'
import { blobName } from './blob-name.ts'

/** One read of a blob; large enough that the system calls do not show. */
const READ_BYTES = 1 << 20

/**
 * Blobs as files of a folder; slashes in names are folders. A blob is written under `.tmp`, fsync'd, renamed to its name,
 * and its folder fsync'd: after a crash it is there whole or not at all.
 * All methods throw StoreUnavailable (`store_unavailable`) when the disk is full, read-only or out of reach.
 */
export function openFolderBlobs(folder: string): BlobStore {
  const root = resolve(folder)
  const scratch = join(root, '.tmp')
  const pathOf = (name: string) => join(root, ...blobName(name))
  const named = new Set<string>()
  let ready: Promise<void> | undefined

  /** Makes the scratch folder once, and clears what crashed writers left in it. */
  const scratchPath = async (): Promise<string> => {
    ready ??= makeFolder(scratch).then(() => dropLeftovers(scratch))
    try {
      await ready
    } catch (error) {
      ready = undefined // the disk may have room the next time
      throw fileTrouble(error, scratch)
    }
    return join(scratch, randomUUID())
  }

  /**
   * Makes the written file the blob: from here on it is visible, and stays so. The folders' own names are fsync'd once
   * by every process, for whoever made them may not have come to it.
   */
  const publish = async (written: string, path: string): Promise<void> => {
    const folder = dirname(path)
    if (!named.has(folder)) {
      await mkdir(folder, { recursive: true })
      for (let at = folder; at !== root; at = dirname(at)) await syncFolder(dirname(at))
      named.add(folder)
    }
    await rename(written, path)
    await syncFolder(folder)
  }

  return {
    async put(name) {
      const path = pathOf(name)
      const written = await scratchPath()
      try {
        return blobWriter(await createDurableFile(written), written, () => publish(written, path), path)
      } catch (error) {
        throw fileTrouble(error, written)
      }
    },
    async clone(source, name) {
      const path = pathOf(name)
      const written = await scratchPath()
      try {
        if (!(await reflink(source, written))) return false
        const handle = await open(written, 'r+')
        await handle.sync().finally(() => handle.close())
        await publish(written, path)
        return true
      } catch (error) {
        throw fileTrouble(error, path)
      } finally {
        await rm(written, { force: true })
      }
    },
    async *get(name, range) {
      const path = pathOf(name)
      if (range !== undefined && range.to <= range.from) return
      const span = range && { start: range.from, end: range.to - 1 } // its end is the last byte, ours the one after
      const stream = createReadStream(path, { highWaterMark: READ_BYTES, ...span })
      try {
        yield* stream as AsyncIterable<Uint8Array>
      } catch (error) {
        throw readTrouble(error, name, path)
      }
    },
    async openLocal(name) {
      const path = pathOf(name)
      try {
        const handle = await open(path, 'r')
        return localBlob(handle, (await handle.stat()).size, path)
      } catch (error) {
        throw readTrouble(error, name, path)
      }
    },
    async head(name) {
      const path = pathOf(name)
      try {
        const stats = await stat(path)
        return stats.isFile() ? { bytes: stats.size } : undefined
      } catch (error) {
        if (isMissing(error)) return undefined
        throw fileTrouble(error, path)
      }
    },
    async *list(prefix) {
      const cut = prefix.lastIndexOf('/')
      const above = cut < 0 ? [] : blobName(prefix.slice(0, cut))
      for await (const name of walk(root, above)) {
        if (!name.startsWith(prefix)) continue
        const stats = await stat(pathOf(name)).catch(ifMissing(undefined))
        if (stats !== undefined) yield { name, bytes: stats.size, modifiedAt: Math.round(stats.mtimeMs) }
      }
    },
    async delete(name) {
      const path = pathOf(name)
      try {
        await rm(path, { force: true })
      } catch (error) {
        throw fileTrouble(error, path)
      }
    },
  }
}

function blobWriter(file: DurableFile, written: string, publish: () => Promise<void>, path: string): BlobWriter {
  const named = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw fileTrouble(error, path)
    })
  return {
    get bytes() {
      return file.bytes
    },
    write: (chunk) => named(file.write(chunk)),
    commit: () => named(file.finish().then(publish)),
    /** After a commit it finds nothing to remove, so `finally` may call it always. */
    async abort() {
      await file.abandon()
      await rm(written, { force: true })
    },
  }
}

/** A copy that shares its blocks with the source; false where the file system has no such thing. */
async function reflink(source: string, target: string): Promise<boolean> {
  try {
    await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE)
    return true
  } catch (error) {
    const unsupported = ['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENOTTY', 'EXDEV', 'EINVAL']
    if (unsupported.includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

function localBlob(handle: FileHandle, bytes: number, path: string): LocalBlob {
  return {
    bytes,
    async read(into, position) {
      let filled = 0
      try {
        while (filled < into.length) {
          const { bytesRead } = await handle.read(into, filled, into.length - filled, position + filled)
          if (bytesRead === 0) break
          filled += bytesRead
        }
      } catch (error) {
        throw fileTrouble(error, path)
      }
      return filled
    },
    close: () => handle.close(),
  }
}

/** Names of all blobs under a folder, in order. What vanishes meanwhile is passed over. */
async function* walk(root: string, parts: readonly string[]): AsyncGenerator<string> {
  const folder = join(root, ...parts)
  const entries = await readdir(folder, { withFileTypes: true }).catch(ifMissing([]))
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue
    if (entry.isDirectory()) yield* walk(root, [...parts, entry.name])
    else if (entry.isFile()) yield [...parts, entry.name].join('/')
  }
}

/** No blob takes a day to write, so what is older was left by a process that is gone. */
async function dropLeftovers(scratch: string): Promise<void> {
  for (const name of await readdir(scratch)) {
    const path = join(scratch, name)
    const stats = await stat(path).catch(ifMissing(undefined))
    if (stats !== undefined && Date.now() - stats.mtimeMs > DAY) await rm(path, { force: true })
  }
}

const isMissing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')

const ifMissing =
  <T>(instead: T) =>
  (error: unknown): T => {
    if (isMissing(error)) return instead
    throw error
  }

function readTrouble(error: unknown, name: string, path: string): unknown {
  if (!isMissing(error)) return fileTrouble(error, path)
  return new StoreUnavailable(
    `The blob ${name} is gone: there is no file ${path}.`,
    'The home is not complete. Bring the file back from where the home was copied or cleaned.',
    { cause: error },
  )
}
