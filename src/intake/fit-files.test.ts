import { describe, expect, test } from 'vitest'
import type { FileLimits } from '../domain/limits.ts'
import { BadRow } from './bad-row.ts'
import { type Fitting, fitFiles } from './fit-files.ts'

const file = (from: string, bytes: number, more: Partial<Fitting> = {}): Fitting => ({
  from,
  type: 'application/pdf',
  bytes,
  partBytes: Math.ceil(bytes / 3) * 4 + 100,
  ...more,
})
const image = (from: string, bytes: number, more: Partial<Fitting> = {}) =>
  file(from, bytes, { type: 'image/png', ...more })

const limits: FileLimits = {
  imagesMax: 3,
  imageEdgeMax: (images) => (images > 1 ? 1000 : 2000),
  pdfsBytesMax: 100_000,
  totalBytesMax: 150_000,
  inline: { imageBytesMax: 5_000, pdfBytesMax: null },
  inlineBytesMax: 20_000,
  referred: { imageBytesMax: 9_000, pdfBytesMax: 60_000, types: ['application/pdf', 'image/png'] },
}
const { referred: _, ...inlineOnly } = limits

const referred = (files: readonly Fitting[], by: FileLimits | null = limits, bodyMax = 50_000): string[] =>
  [...fitFiles(files, 1_000, bodyMax, by ?? undefined)].map(({ from }) => from)
const refusal = (files: readonly Fitting[], by: FileLimits | null = limits, bodyMax = 50_000): string => {
  try {
    fitFiles(files, 1_000, bodyMax, by ?? undefined)
  } catch (error) {
    expect(error).toBeInstanceOf(BadRow)
    return (error as BadRow).message
  }
  return 'fits'
}

describe('the files of a row', () => {
  test('go inline as long as they fit', () => {
    expect(referred([file('a', 5_000), image('b', 4_000)])).toEqual([])
    expect(referred([file('a', 5_000)], null)).toEqual([])
  })

  test('go by reference, the largest first, until the rest is small enough', () => {
    expect(referred([file('a', 6_000), file('b', 9_000), file('c', 3_000)])).toEqual(['b'])
    expect(referred([file('a', 50_000), file('b', 13_000)])).toEqual(['a'])
    expect(referred([file('a', 50_000), file('b', 15_000)])).toEqual(['a', 'b'])
  })

  test('never go by reference where that would be longer', () => {
    expect(referred([image('a', 4_000, { type: 'image/gif', partBytes: 30_000 }), file('b', 300)])).toEqual([])
  })

  test('go by reference where one of them is too large by itself', () => {
    expect(referred([image('a', 5_001), image('b', 5_000)])).toEqual(['a'])
  })

  test('go inline, however long the request is, where no reference is known for their kind', () => {
    expect(
      referred([image('a', 20_000)], { ...inlineOnly, inline: { imageBytesMax: null, pdfBytesMax: null } }),
    ).toEqual([])
    expect(referred([image('a', 4_000, { type: 'image/gif' }), file('b', 20_000)])).toEqual(['b'])
  })

  test.each([
    [
      'body',
      [file('a', 50_000)],
      inlineOnly,
      'a: too large, the request would be 67768 bytes; its vendor takes at most 50000',
    ],
    [
      'body, without rules',
      [file('a', 50_000)],
      null,
      'a: too large, the request would be 67768 bytes; its vendor takes at most 50000',
    ],
    ['one image', [image('a', 5_001)], inlineOnly, 'a: is 5001 bytes; its vendor takes images of at most 5000'],
    [
      'one image by reference',
      [image('a', 9_001)],
      limits,
      'a: is 9001 bytes; its vendor takes images of at most 9000',
    ],
    [
      'its PDFs together',
      [file('a', 60_000), file('b', 60_000)],
      limits,
      'a, b: too large, 120000 bytes; its vendor takes at most 100000 bytes of PDFs in a request',
    ],
    [
      'all its files together',
      [file('a', 99_000), file('b', 60_000, { type: 'text/plain' })],
      limits,
      'a, b: too large, 159000 bytes; its vendor takes at most 150000 bytes of files in a request',
    ],
    [
      'the number of images',
      ['a', 'b', 'c', 'd'].map((from) => image(from, 1)),
      limits,
      'has 4 images; its vendor takes at most 3 in a request',
    ],
    [
      'its pixels',
      [image('a', 1, { size: { width: 2001, height: 3 } })],
      limits,
      'a: is 2001 by 3 pixels; its vendor takes images of at most 2000 by 2000',
    ],
    [
      'its pixels beside others',
      [image('a', 1, { size: { width: 3, height: 1001 } }), image('b', 1, { type: null })],
      limits,
      'a: is 3 by 1001 pixels; its vendor takes images of at most 1000 by 1000, in a request with 2 of them',
    ],
  ] as const)('are refused with the numbers where the limit is: %s', (_what, files, by, message) => {
    expect(refusal(files as readonly Fitting[], by)).toBe(message)
  })
})
