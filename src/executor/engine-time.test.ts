import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EngineTime } from './engine-time.ts'

describe('The time of an engine', () => {
  test('is one request’s as long as it is alone, and half each of two’s', () => {
    const time = new EngineTime()
    const first = time.begin(1000)
    const second = time.begin(1400)
    expect(time.end(2000, second)).toBe(300)
    expect(time.end(2100, first)).toBe(400 + 300 + 100)
  })

  test('is nobody’s while nothing is in flight', () => {
    const time = new EngineTime()
    time.end(10, time.begin(0))
    expect(time.end(5010, time.begin(5000))).toBe(10)
  })

  test('is dealt out whole, whoever begins and ends when', () => {
    const spans = fc.array(fc.tuple(fc.nat(1000), fc.nat(1000)), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(spans, (drawn) => {
        const time = new EngineTime()
        const edges = drawn
          .flatMap(([from, length], id) => [
            { at: from, id, begins: true },
            { at: from + length, id, begins: false },
          ])
          .sort((a, b) => a.at - b.at || Number(b.begins) - Number(a.begins))
        const begun = new Map<number, number>()
        let [shares, busy, inFlight, last] = [0, 0, 0, 0]
        for (const { at, id, begins } of edges) {
          if (inFlight > 0) busy += at - last
          last = at
          inFlight += begins ? 1 : -1
          if (begins) begun.set(id, time.begin(at))
          else shares += time.end(at, begun.get(id) ?? 0)
        }
        expect(shares).toBeCloseTo(busy, 6)
      }),
    )
  })
})
