import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CutShard, ShardCutter, type ShardLimits } from './shard-cutter.ts'

const requests = fc.array(
  fc.record({
    gap: fc.integer({ min: 1, max: 3 }),
    bytes: fc.integer({ min: 1, max: 50 }),
    inputs: fc.integer({ min: 1, max: 5 }),
    tokens: fc.integer({ min: 1, max: 20 }),
  }),
  { maxLength: 200 },
)
const limits: fc.Arbitrary<ShardLimits> = fc.record({
  rowsMax: fc.integer({ min: 1, max: 40 }),
  bytesMax: fc.integer({ min: 50, max: 500 }),
  inputsMax: fc.option(fc.integer({ min: 5, max: 50 })),
  tokensMax: fc.option(fc.integer({ min: 20, max: 100 })),
})

test('every request is in exactly one shard, in order, and no shard breaks any limit', () => {
  fc.assert(
    fc.property(requests, limits, (list, limit) => {
      const cutter = new ShardCutter(limit)
      const shards: CutShard[] = []
      const all: number[] = []
      let ordinal = -1
      for (const { gap, bytes, inputs, tokens } of list) {
        ordinal += gap
        all.push(ordinal)
        const closed = cutter.add(ordinal, bytes, inputs, tokens)
        if (closed !== undefined) shards.push(closed)
      }
      const last = cutter.finish()
      if (last !== undefined) shards.push(last)
      const seen = shards.flatMap(({ firstOrdinal, count, ordinals }) =>
        ordinals === null ? Array.from({ length: count }, (_, index) => firstOrdinal + index) : [...ordinals],
      )
      expect(seen).toEqual(all)
      for (const shard of shards) {
        expect(shard.count).toBeLessThanOrEqual(limit.rowsMax)
        expect(shard.bytes).toBeLessThanOrEqual(limit.bytesMax)
        if (limit.inputsMax !== null) expect(shard.inputs).toBeLessThanOrEqual(limit.inputsMax)
        if (limit.tokensMax !== null) expect(shard.tokens).toBeLessThanOrEqual(limit.tokensMax)
      }
    }),
  )
})

test('cuts no shard earlier than a limit asks for', () => {
  const cutter = new ShardCutter({ rowsMax: 3, bytesMax: 1000, inputsMax: null, tokensMax: null })
  const cuts = [0, 1, 2, 3, 4, 5, 6].map((ordinal) => cutter.add(ordinal, 1, 1, 1)?.count)
  expect(cuts).toEqual([undefined, undefined, undefined, 3, undefined, undefined, 3])
})

test('a request over a limit by itself is alone in its shard', () => {
  const cutter = new ShardCutter({ rowsMax: 10, bytesMax: 100, inputsMax: null, tokensMax: null })
  cutter.add(0, 10, 1, 1)
  expect(cutter.add(1, 500, 1, 1)?.count).toBe(1)
  expect(cutter.add(2, 10, 1, 1)).toMatchObject({ firstOrdinal: 1, count: 1, bytes: 500 })
})

test('each shard uses its own share of rows and bytes', () => {
  const shares = [1, 0.5, 0.01]
  const cutter = new ShardCutter({
    rowsMax: 4,
    bytesMax: 1000,
    inputsMax: null,
    tokensMax: null,
    share: (shard) => shares[shard] ?? 1,
  })
  const cuts = Array.from({ length: 12 }, (_, ordinal) => cutter.add(ordinal, 1, 1, 1)?.count)
  expect(cuts.filter((count) => count !== undefined)).toEqual([4, 2, 1, 4])
})
