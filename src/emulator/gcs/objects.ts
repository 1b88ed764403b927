import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { digest } from '../chance.ts'
import type { Clock } from '../clock.ts'
import type { Json } from '../json.ts'
import { crc32c, crc32cText } from './crc32c.ts'

export interface StoredObject {
  readonly bucket: string
  readonly name: string
  readonly generation: string
  readonly contentType: string
  readonly size: number
  readonly md5Hash: string
  readonly crc32c: string
  readonly metadata: Json | undefined
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly path: string
  /** Whoever may still read it; the bytes are removed only after them. */
  readonly readers: Promise<unknown>[]
}

export interface Checksums {
  readonly size: number
  readonly md5Hash: string
  readonly crc32c: string
}

/** Buckets full of objects. A bucket exists as soon as it is named; the bytes are files, here are only their names. */
export interface ObjectStore {
  get(bucket: string, name: string): StoredObject | undefined
  /** Replaces what had the name before. */
  put(
    object: Pick<StoredObject, 'bucket' | 'name' | 'contentType' | 'metadata' | 'path'>,
    checksums: Checksums,
  ): StoredObject
  delete(object: StoredObject): void
  /** By name, in order. */
  list(bucket: string): readonly StoredObject[]
  /** Has everything written that should be there by now; asked before every call from outside. */
  settle(): Promise<void>
  /** Someone else writes objects here, in time, and wants to know what is deleted. */
  serve(writer: { settle(): Promise<void>; gone(object: StoredObject): void }): void
}

export function createObjectStore(clock: Clock): ObjectStore {
  const buckets = new Map<string, Map<string, StoredObject>>()
  const writers: Parameters<ObjectStore['serve']>[0][] = []
  let lastGeneration = 0
  const forget = (object: StoredObject) => {
    void Promise.allSettled(object.readers).then(() => unlink(object.path).catch(() => undefined))
  }
  return {
    get: (bucket, name) => buckets.get(bucket)?.get(name),
    put(object, checksums) {
      const objects = buckets.get(object.bucket) ?? new Map<string, StoredObject>()
      buckets.set(object.bucket, objects)
      // Microseconds, and never the same twice.
      lastGeneration = Math.max(lastGeneration + 1, Math.floor(clock.now() * 1000))
      const stored = {
        ...object,
        ...checksums,
        generation: String(lastGeneration),
        createdAt: clock.now(),
        readers: [],
      }
      const before = objects.get(object.name)
      objects.set(object.name, stored)
      if (before && before.path !== stored.path) forget(before)
      return stored
    },
    delete(object) {
      const objects = buckets.get(object.bucket)
      if (objects?.get(object.name) !== object) return
      objects.delete(object.name)
      for (const writer of writers) writer.gone(object)
      forget(object)
    },
    async settle() {
      for (const writer of writers) await writer.settle()
    },
    serve: (writer) => void writers.push(writer),
    list: (bucket) =>
      [...(buckets.get(bucket)?.values() ?? [])].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
  }
}

/** Counts and sums bytes as they come. */
export interface Summing {
  add(bytes: Buffer): void
  readonly size: number
  done(): Checksums
}

export function createSumming(): Summing {
  const md5: Hash = createHash('md5')
  let crc = 0
  let size = 0
  return {
    add(bytes) {
      md5.update(bytes)
      crc = crc32c(bytes, crc)
      size += bytes.length
    },
    get size() {
      return size
    },
    done: () => ({ size, md5Hash: md5.digest('base64'), crc32c: crc32cText(crc) }),
  }
}

export async function checksumsOf(path: string, bytes: number): Promise<Checksums> {
  const summing = createSumming()
  if (bytes > 0) {
    const stream = createReadStream(path, { end: bytes - 1, highWaterMark: 1 << 20 })
    for await (const chunk of stream as AsyncIterable<Buffer>) summing.add(chunk)
  }
  return summing.done()
}

export function objectView(object: StoredObject): Json {
  const at = new Date(object.createdAt).toISOString()
  return {
    kind: 'storage#object',
    id: `${object.bucket}/${object.name}/${object.generation}`,
    name: object.name,
    bucket: object.bucket,
    generation: object.generation,
    metageneration: '1',
    contentType: object.contentType,
    storageClass: 'STANDARD',
    size: String(object.size),
    md5Hash: object.md5Hash,
    crc32c: object.crc32c,
    etag: etagOf(object),
    timeCreated: at,
    updated: at,
    ...(object.metadata ? { metadata: object.metadata } : {}),
  }
}

export function etagOf(object: StoredObject): string {
  return Buffer.from(digest(object.bucket, object.name, object.generation).slice(0, 12)).toString('base64')
}
