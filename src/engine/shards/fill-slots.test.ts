import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AttachedFile, SLOT_BYTES, slotIn, slotOf } from '../../domain/file-slot.ts'
import { filledSlots, fillSlots, slotsIn } from './fill-slots.ts'

const token = 'abcdefghij2345672345'
const fileOf = (number: number): AttachedFile => ({
  sha256: String(number).padStart(64, '0'),
  type: number % 2 === 0 ? 'image/png' : 'application/pdf',
  bytes: 40_000_000 + number,
  offset: number * 1_000_000_000,
  ...(number % 2 === 0 ? { size: { width: 300, height: number } } : { pages: number }),
})
const slot = (number: number): string => JSON.stringify(slotOf(token, fileOf(number)))

/** The text in blocks of these lengths, in one buffer that is used again for each: as the upload has them. */
async function* inBlocks(text: string, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  const block = Buffer.alloc(Math.max(...lengths))
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = bytes.copy(block, 0, at, at + (lengths[turn % lengths.length] as number))
    yield block.subarray(0, length)
    at += length
  }
}

async function textOf(blocks: AsyncIterable<Uint8Array>): Promise<string> {
  let text = ''
  for await (const block of blocks) text += Buffer.from(block).toString('latin1')
  return text
}

describe('a slot', () => {
  test('is as long whatever it stands for, and tells of its file', () => {
    for (const number of [0, 1, 2, 77]) {
      expect(slot(number)).toHaveLength(SLOT_BYTES)
      expect(slotIn(JSON.parse(slot(number)))).toEqual({ token, ...fileOf(number) })
    }
    expect(slotIn('https://example.com/a.png')).toBeUndefined()
    expect(slotIn(undefined)).toBeUndefined()
  })

  test('becomes the reference, and spaces that mean nothing, wherever blocks are cut', async () => {
    const part = fc.oneof(
      fc.constantFrom(1, 2, 3).map(slot),
      fc.constantFrom('"', '"redeye', '"redeye-file:', 'x', '{"a":1}'),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 1200 }), { minLength: 1, maxLength: 4 }),
        async (parts, lengths) => {
          const text = parts.join('')
          const references = new Map([1, 2, 3].map((number) => [fileOf(number).sha256, `file-${number}`]))
          const expected = parts
            .map((one) => {
              const file = one.length === SLOT_BYTES ? slotIn(JSON.parse(one)) : undefined
              return file === undefined ? one : `"${references.get(file.sha256)}"`.padEnd(SLOT_BYTES)
            })
            .join('')
          expect(await textOf(filledSlots(inBlocks(text, lengths), token, references))).toBe(expected)
          const whole = Buffer.from(text)
          fillSlots(whole, token, references)
          expect(whole.toString()).toBe(expected)
          const found = (await slotsIn(inBlocks(text, lengths), token)).map(({ sha256 }) => sha256)
          const named = parts.filter((one) => one.length === SLOT_BYTES).map((one) => slotIn(JSON.parse(one))?.sha256)
          expect(found).toEqual([...new Set(named)])
        },
      ),
    )
  })

  test('of another token, or of a file nobody knows, stays as it is', async () => {
    const other = JSON.stringify(slotOf('z'.repeat(20), fileOf(1)))
    const text = `[${other},${slot(2)}]`
    const references = new Map([[fileOf(1).sha256, 'file-1']])
    expect(await textOf(filledSlots(inBlocks(text, [100]), token, references))).toBe(text)
  })

  test('takes no reference that is longer than it is', async () => {
    const references = new Map([[fileOf(1).sha256, `gs://${'b'.repeat(SLOT_BYTES)}`]])
    await expect(textOf(filledSlots(inBlocks(slot(1), [600]), token, references))).rejects.toThrow('too long')
  })
})
