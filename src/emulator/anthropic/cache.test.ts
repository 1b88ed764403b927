import { describe, expect, test } from 'vitest'
import { createPromptCache, type PromptCache, type Reader } from './cache.ts'
import type { Lifetime, Prompt } from './prompt.ts'

const prompt = (...blocks: [text: string, tokens: number, lifetime?: Lifetime][]): Prompt => ({
  segments: blocks.map(([text, tokens, lifetime]) => ({ text, tokens, lifetime: lifetime ?? null, path: '' })),
  tokens: blocks.reduce((sum, [, tokens]) => sum + tokens, 3),
})
const reader = (at: number, over: Partial<Reader> = {}): Reader => ({ at, finds: () => true, ran: () => true, ...over })
const look = (cache: PromptCache, asked: Prompt, with_: Reader, scope = 'a') => cache.look(scope, asked, 1024, with_)

const minute = 60_000
const shared = (lifetime: Lifetime, tail: string) => prompt(['shared', 2000, lifetime], [tail, 10])
const missed = { read: 0, write5m: 0, write1h: 2000 }
const found = { read: 2000, write5m: 0, write1h: 0 }

describe('the prompt cache', () => {
  test('is written by the first and read by the next, for as long as the last use is not too old', () => {
    const cache = createPromptCache()
    expect(look(cache, shared('1h', 'a'), reader(0))).toEqual(missed)
    expect(look(cache, shared('1h', 'b'), reader(59 * minute))).toEqual(found)
    expect(look(cache, shared('1h', 'c'), reader(118 * minute))).toEqual(found)
    expect(look(cache, shared('1h', 'd'), reader(179 * minute))).toEqual(missed)
  })

  test('keeps five minutes if not asked for more', () => {
    const cache = createPromptCache()
    expect(look(cache, shared('5m', 'a'), reader(0))).toEqual({ read: 0, write5m: 2000, write1h: 0 })
    expect(look(cache, shared('5m', 'b'), reader(4 * minute))).toEqual(found)
    expect(look(cache, shared('5m', 'c'), reader(10 * minute))).toMatchObject({ write5m: 2000 })
  })

  test('says nothing under the minimum, without a breakpoint, or to another scope', () => {
    const cache = createPromptCache()
    const none = { read: 0, write5m: 0, write1h: 0 }
    expect(look(cache, prompt(['short', 1000, '1h']), reader(0))).toEqual(none)
    expect(look(cache, prompt(['long', 9000]), reader(0))).toEqual(none)
    expect(cache.look('a', shared('1h', 'a'), null, reader(0))).toEqual(none)
    look(cache, shared('1h', 'a'), reader(0))
    expect(look(cache, shared('1h', 'a'), reader(1), 'b')).toEqual(missed)
  })

  test('writes each stretch at the lifetime of its breakpoint, behind what it could read', () => {
    const cache = createPromptCache()
    const long = (tail: string) =>
      prompt(['tools', 1500, '1h'], ['system', 500, '1h'], [tail, 300, '5m'], ['question', 20])
    expect(look(cache, long('a'), reader(0))).toEqual({ read: 0, write5m: 300, write1h: 2000 })
    expect(look(cache, long('b'), reader(1))).toEqual({ read: 2000, write5m: 300, write1h: 0 })
    expect(look(cache, long('b'), reader(2))).toEqual({ read: 2300, write5m: 0, write1h: 0 })
  })

  test('looks back twenty blocks for an older breakpoint, and no further', () => {
    const turns = (count: number): [string, number, Lifetime?][] =>
      Array.from({ length: count }, (_, index) => [`turn ${index}`, 10])
    const after = (count: number) => prompt(['base', 2000], ...turns(count), ['last', 10, '1h'])
    for (const [more, read] of [
      [19, 2000],
      [21, 0],
    ] as const) {
      const cache = createPromptCache()
      look(cache, prompt(['base', 2000, '1h']), reader(0))
      expect(look(cache, after(more), reader(1)).read).toBe(read)
    }
  })

  test('is not warmed by what had not been run by then, and misses when luck says so', () => {
    const cache = createPromptCache()
    look(cache, shared('1h', 'a'), reader(0, { ran: (at) => at >= 10 }))
    expect(look(cache, shared('1h', 'b'), reader(9, { ran: () => false }))).toEqual(missed)
    const other = createPromptCache()
    look(other, shared('1h', 'a'), reader(0))
    expect(look(other, shared('1h', 'b'), reader(1, { finds: () => false }))).toEqual(missed)
    expect(look(other, shared('1h', 'b'), reader(2))).toEqual(found)
  })
})
