import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createDurableFile } from './durable-file.ts'

// On Linux /dev/shm is a tmpfs, which takes no direct writes: there the same bytes must arrive the other way.
const folders = [tmpdir(), ...(process.platform === 'linux' ? ['/dev/shm'] : [])].map((base) =>
  mkdtempSync(join(base, 'redeye-file-')),
)
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })))

test.for(folders)('holds exactly what was written, whatever the sizes, in %s', async (folder) => {
  for (const sizes of [
    [],
    [0],
    [1],
    [4096],
    [4095, 1],
    [1 << 20],
    [(1 << 20) + 1],
    [3 << 20, 5, 4096, 700_001],
    Array.from({ length: 300 }, (_, at) => at * 37),
  ]) {
    const chunks = sizes.map((size) => randomBytes(size))
    const path = join(folder, `file-${Math.random()}`)
    const file = await createDurableFile(path)
    const one = Buffer.allocUnsafe(4 << 20) // a caller may use its chunk again at once
    for (const chunk of chunks) {
      chunk.copy(one)
      await file.write(one.subarray(0, chunk.length))
      one.fill(0)
    }
    expect(file.bytes).toBe(chunks.reduce((sum, { length }) => sum + length, 0))
    await file.finish()
    await file.abandon()
    expect(readFileSync(path).equals(Buffer.concat(chunks))).toBe(true)
  }
})

test('does not write over a file that is there', async () => {
  const path = join(folders[0] as string, 'taken')
  await (await createDurableFile(path)).finish()
  await expect(createDurableFile(path)).rejects.toThrow('EEXIST')
})
