import { expect, test } from 'vitest'
import { chanceOf } from './chance.ts'
import { createShuffle } from './shuffle.ts'

function through(count: number, items: number): number[] {
  const shuffle = createShuffle<number>(chanceOf('test', count), { items, size: 1e9, sizeOf: () => 1 })
  const out: number[] = []
  for (let index = 0; index < count; index++) out.push(...shuffle.add(index))
  return [...out, ...shuffle.drain()]
}

test('gives everything back once, in another order that is always the same', () => {
  for (const count of [2, 3, 10, 1000]) {
    const out = through(count, 100)
    expect(out.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index))
    expect(out).not.toEqual(Array.from({ length: count }, (_, index) => index))
    expect(through(count, 100)).toEqual(out)
  }
})

test('holds no more than its bounds, and nothing when it may hold nothing', () => {
  expect(through(50, 0)).toEqual(Array.from({ length: 50 }, (_, index) => index))
  const shuffle = createShuffle<string>(chanceOf('size'), { items: 100, size: 10, sizeOf: (text) => text.length })
  expect(shuffle.add('12345678')).toEqual([])
  expect(shuffle.add('12345678')).toHaveLength(1)
})
