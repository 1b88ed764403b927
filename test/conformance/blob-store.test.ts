import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { BlobStore } from '../../src/stores/contract.ts'
import { beside } from './child-process.ts'
import { blobStores, type Home } from './implementations.ts'

const text = (content: string) => new TextEncoder().encode(content)

/** Bytes that tell where they were. */
const numbered = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) & 0xff)

describe.each(blobStores)('blob store: $name', (implementation) => {
  let home: Home
  let blobs: BlobStore
  beforeEach(async () => {
    home = await implementation.newHome()
    blobs = implementation.open(home.at)
  })
  afterEach(() => home.remove())

  const put = async (name: string, ...chunks: Uint8Array[]) => {
    const writer = await blobs.put(name)
    for (const chunk of chunks) await writer.write(chunk)
    await writer.commit()
  }
  const read = async (name: string, range?: { from: number; to: number }) =>
    Buffer.concat(await Array.fromAsync(blobs.get(name, range)))
  const names = async (prefix = '') => (await Array.fromAsync(blobs.list(prefix))).map(({ name }) => name)

  test.each([0, 1, 65_535, 65_536, 262_144, 3_000_000])('gives back %i bytes as they were put', async (length) => {
    const bytes = numbered(length)
    await put('a', bytes)
    expect(Buffer.compare(await read('a'), bytes)).toBe(0)
    expect(await blobs.head('a')).toEqual({ bytes: length })
  })

  test('chunks of any size are joined, and a chunk may be used again once it is written', async () => {
    const sizes = [10, 70_000, 1, 60_000, 60_000, 60_000, 60_000, 60_000, 300_000, 0, 5]
    const buffer = new Uint8Array(300_000)
    const writer = await blobs.put('a')
    const expected: Uint8Array[] = []
    for (const [at, size] of sizes.entries()) {
      const chunk = buffer.subarray(0, size).fill(at + 1)
      expected.push(chunk.slice())
      await writer.write(chunk)
    }
    expect(writer.bytes).toBe(sizes.reduce((sum, size) => sum + size))
    await writer.commit()
    expect(Buffer.compare(await read('a'), Buffer.concat(expected))).toBe(0)
  })

  test('a range is from its first byte up to, without, its last', async () => {
    await put('a', text('0123456789'))
    expect((await read('a', { from: 2, to: 5 })).toString()).toBe('234')
    expect((await read('a', { from: 8, to: 100 })).toString()).toBe('89')
    expect((await read('a', { from: 4, to: 4 })).toString()).toBe('')
  })

  test('a local file reads anywhere, and short only at the end', async () => {
    await put('a', text('0123456789'))
    const local = await blobs.openLocal('a')
    const into = new Uint8Array(4)
    expect(local.bytes).toBe(10)
    expect([await local.read(into, 3), Buffer.from(into).toString()]).toEqual([4, '3456'])
    expect([await local.read(into, 8), Buffer.from(into.subarray(0, 2)).toString()]).toEqual([2, '89'])
    expect(await local.read(into, 10)).toBe(0)
    await local.close()
  })

  test('nothing is visible before the commit, nor after an abort', async () => {
    const writer = await blobs.put('jobs/job_a/segment-0')
    await writer.write(new Uint8Array(1_000_000))
    expect(await blobs.head('jobs/job_a/segment-0')).toBeUndefined()
    expect(await names()).toEqual([])
    await expect(read('jobs/job_a/segment-0')).rejects.toThrow('is gone')
    await writer.abort()
    expect(await names()).toEqual([])
  })

  test('an abort after the commit takes nothing back', async () => {
    const writer = await blobs.put('a')
    await writer.write(text('kept'))
    await writer.commit()
    await writer.abort()
    expect((await read('a')).toString()).toBe('kept')
  })

  test('of two writers of one name the last to commit stands, whole', async () => {
    const [first, second] = [await blobs.put('a'), await blobs.put('a')]
    await first.write(new Uint8Array(100_000).fill(1))
    await second.write(new Uint8Array(50_000).fill(2))
    await second.commit()
    await first.commit()
    expect(Buffer.compare(await read('a'), new Uint8Array(100_000).fill(1))).toBe(0)
  })

  test('are listed by the beginning of their names, in order', async () => {
    for (const name of ['jobs/job_b/x', 'jobs/job_a/segment-1', 'jobs/job_a/segment-0', 'top'])
      await put(name, text(name))
    expect(await names()).toEqual(['jobs/job_a/segment-0', 'jobs/job_a/segment-1', 'jobs/job_b/x', 'top'])
    expect(await names('jobs/job_a/')).toEqual(['jobs/job_a/segment-0', 'jobs/job_a/segment-1'])
    expect(await names('jobs/job_a/segment-1')).toEqual(['jobs/job_a/segment-1'])
    expect(await names('jobs/no/')).toEqual([])
    const [top] = await Array.fromAsync(blobs.list('top'))
    expect(top).toEqual({ name: 'top', bytes: 3, modifiedAt: expect.any(Number) })
  })

  test('are gone once deleted; deleting what is not there is no error', async () => {
    await put('jobs/a', text('x'))
    await blobs.delete('jobs/a')
    await blobs.delete('jobs/a')
    await blobs.delete('never/was')
    expect(await blobs.head('jobs/a')).toBeUndefined()
    await expect(blobs.openLocal('jobs/a')).rejects.toMatchObject({ code: 'store_unavailable', exitCode: 4 })
  })

  test.each(['', '/etc/passwd', '../up', 'a/../../up', 'a//b', 'a/', './a', 'a\\b', 'a\0b', '.tmp/x'])(
    'the name %j is refused',
    async (name) => {
      await expect(blobs.put(name)).rejects.toThrow(RangeError)
      await expect(read(name)).rejects.toThrow(RangeError)
    },
  )

  test('a clone has the bytes of the file, or there is none and the answer says so', async () => {
    const source = join(home.at, 'source')
    await writeFile(source, 'the input')
    const cloned = await blobs.clone(source, 'jobs/clone')
    await writeFile(source, 'edited afterwards')
    expect(await names('jobs/')).toEqual(cloned ? ['jobs/clone'] : [])
    if (cloned) expect((await read('jobs/clone')).toString()).toBe('the input')
  })

  const alone = implementation.ownProcessOnly === undefined ? '' : ` (skipped: ${implementation.ownProcessOnly})`

  test.skipIf(alone !== '')(`a writer killed half way leaves no blob${alone}`, async () => {
    const child = spawn(process.execPath, [beside('blob-store-child.ts'), implementation.name, home.at, 'writeForEver'])
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await names()).toEqual([])
    await put('jobs/job_a/segment-0', text('second try'))
    expect((await read('jobs/job_a/segment-0')).toString()).toBe('second try')
  })

  test.skipIf(alone !== '')(`what one process committed another reads${alone}`, async () => {
    await put('jobs/a', text('x'))
    expect(await implementation.open(home.at).head('jobs/a')).toEqual({ bytes: 1 })
  })
})
