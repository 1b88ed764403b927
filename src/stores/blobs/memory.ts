import { StoreUnavailable } from '../../domain/errors.ts'
import type { BlobStore } from '../contract.ts'
import { blobName } from './blob-name.ts'

/** Blobs that live and die with the process; for tests. */
export function memoryBlobs(): BlobStore {
  const blobs = new Map<string, { readonly bytes: Uint8Array; readonly modifiedAt: number }>()

  const find = (name: string): Uint8Array => {
    blobName(name)
    const blob = blobs.get(name)
    if (blob === undefined) throw new StoreUnavailable(`The blob ${name} is gone.`, 'It was never put, or deleted.')
    return blob.bytes
  }
  return {
    async put(name) {
      blobName(name)
      const chunks: Uint8Array[] = []
      let bytes = 0
      return {
        get bytes() {
          return bytes
        },
        async write(chunk) {
          chunks.push(chunk.slice()) // the caller may use its chunk again
          bytes += chunk.length
        },
        async commit() {
          blobs.set(name, { bytes: Buffer.concat(chunks), modifiedAt: Date.now() })
        },
        async abort() {
          chunks.length = 0
        },
      }
    },
    clone: async () => false,
    async *get(name, range) {
      const bytes = find(name).slice(range?.from, range?.to)
      if (bytes.length > 0) yield bytes
    },
    async openLocal(name) {
      const bytes = find(name)
      return {
        bytes: bytes.length,
        async read(into, position) {
          const part = bytes.subarray(position, position + into.length)
          into.set(part)
          return part.length
        },
        close: async () => {},
      }
    },
    async head(name) {
      const blob = blobs.get(name)
      return blob && { bytes: blob.bytes.length }
    },
    async *list(prefix) {
      const names = [...blobs.keys()].filter((name) => name.startsWith(prefix))
      for (const name of names.sort()) {
        const blob = blobs.get(name)
        if (blob !== undefined) yield { name, bytes: blob.bytes.length, modifiedAt: blob.modifiedAt }
      }
    },
    async delete(name) {
      blobs.delete(name)
    },
  }
}
