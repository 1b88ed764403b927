import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { HEAD_BYTES, Journal } from './journal.ts'
import { answersIn, recover } from './read-journal.ts'

const folders: string[] = []
afterEach(() => {
  for (const dir of folders.splice(0)) rmSync(dir, { recursive: true })
})
function path(): string {
  const dir = mkdtempSync(join(tmpdir(), 'redeye-journal-'))
  folders.push(dir)
  return join(dir, 'journal')
}
const nothing = () => {}
const line = (row: number): Buffer => Buffer.from(`{"row":${row}}\n`)
const text = async (...paths: string[]): Promise<string> =>
  Buffer.concat(await Array.fromAsync(answersIn(paths))).toString()

/** Row 0 answered, 1 refused, 2 in doubt, 3 in flight, 4 answered with a failure. */
async function written(): Promise<string> {
  const file = path()
  const journal = await Journal.create(file)
  for (let row = 0; row < 5; row++) journal.started(row, 10 + row, 100, nothing)
  journal.answered(0, 0, line(0), nothing)
  journal.freed(1, nothing)
  journal.doubted(2, nothing)
  journal.answered(4, 1, line(4), nothing)
  await journal.close()
  return file
}

describe('A journal', () => {
  test('tells what is answered, and what may be paid for', async () => {
    const file = await written()
    expect(await recover([file])).toEqual({
      answered: new Set([0, 4]),
      succeeded: 1,
      unproven: { attempts: 2, inputTokens: 25, outputMax: 200 },
      promised: new Map(),
    })
    expect(await text(file)).toBe('{"row":0}\n{"row":4}\n')
  })

  test('counts what earlier runs left in doubt although a later one has answered it', async () => {
    const later = path()
    const journal = await Journal.create(later)
    journal.started(3, 13, 100, nothing)
    journal.answered(3, 0, line(3), nothing)
    await journal.close()
    expect(await recover([await written(), later])).toMatchObject({
      answered: new Set([0, 4, 3]),
      succeeded: 2,
      unproven: { attempts: 2 },
    })
  })

  test('keeps what was promised until it is answered, in whichever run that is', async () => {
    const file = path()
    const journal = await Journal.create(file)
    for (let row = 0; row < 2; row++) {
      journal.started(row, 10 + row, 100, nothing)
      journal.promised(row, `resp_${row}`, nothing)
    }
    await journal.close()
    const later = path()
    const next = await Journal.create(later)
    next.answered(1, 0, line(1), nothing)
    await next.close()
    const first = { promise: 'resp_0', inputTokens: 10, outputMax: 100 }
    const second = { promise: 'resp_1', inputTokens: 11, outputMax: 100 }
    const unproven = { attempts: 0, inputTokens: 0, outputMax: 0 }
    expect(await recover([file])).toMatchObject({
      unproven,
      promised: new Map([
        [0, first],
        [1, second],
      ]),
    })
    expect(await recover([file, later])).toMatchObject({
      unproven,
      answered: new Set([1]),
      promised: new Map([[0, first]]),
    })
  })

  test('is good up to where it was torn, wherever that is', async () => {
    const file = await written()
    const whole = readFileSync(file)
    const seen: string[] = []
    for (let length = whole.length; length >= 0; length--) {
      truncateSync(file, length)
      const read = await text(file)
      if (seen.at(-1) !== read) seen.push(read)
    }
    expect(seen).toEqual(['{"row":0}\n{"row":4}\n', '{"row":0}\n', ''])
  })

  test.each([
    ['zeros', Buffer.alloc(5000)],
    ['what else was on the disk', Buffer.from('x'.repeat(5000))],
    ['a length beyond the file', Buffer.from([255, 255, 255, 127, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0])],
  ])('ends where %s begin', async (_, tail) => {
    const file = await written()
    appendFileSync(file, tail)
    expect(await text(file)).toBe('{"row":0}\n{"row":4}\n')
  })

  test('does not believe a record of which a bit has changed', async () => {
    const file = await written()
    const bytes = readFileSync(file)
    bytes[bytes.length - 3] = (bytes[bytes.length - 3] as number) ^ 1
    writeFileSync(file, bytes)
    expect(await text(file)).toBe('{"row":0}\n')
  })

  test('calls back once for each record, when it is on the disk', async () => {
    const file = path()
    const journal = await Journal.create(file)
    const lengths: number[] = []
    for (let row = 0; row < 100; row++) journal.freed(row, () => lengths.push(readFileSync(file).length))
    await journal.settled()
    expect(lengths).toHaveLength(100)
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(100 * HEAD_BYTES)
    await journal.close()
  })

  test('holds answers of any size', async () => {
    const file = path()
    const journal = await Journal.create(file)
    const large = Buffer.from(`{"x":"${'y'.repeat(3_000_000)}"}\n`)
    journal.answered(0, 0, large, nothing)
    journal.answered(1, 0, line(1), nothing)
    await journal.settled()
    journal.answered(2, 0, large, nothing)
    await journal.close()
    expect(await text(file)).toBe(`${large}${line(1)}${large}`)
  })

  test('of a newer version is refused, and another file is none', async () => {
    const file = await written()
    const bytes = readFileSync(file)
    writeFileSync(file, Buffer.concat([Buffer.from('redeye sync 002\n'), bytes.subarray(16)]))
    await expect(recover([file])).rejects.toMatchObject({ code: 'store_unavailable' })
  })

  test('is never another run’s', async () => {
    await expect(Journal.create(await written())).rejects.toMatchObject({ code: 'EEXIST' })
  })
})
