import { describe, expect, test } from 'vitest'
import { type Measure, type Measured, measureEngine, type Step } from '../../src/executor/measure-engine.ts'
import { own } from '../../src/providers/openai/own.ts'
import { callTo } from './far-end.ts'
import { type Vllm, vllm } from './vllm.ts'

async function measure(
  engine: Vllm,
  more: Partial<Measure> = {},
  seen: (step: Step) => void = () => {},
): Promise<Measured> {
  const call = { ...callTo(engine.url), apiKey: '' }
  const steps = measureEngine({ call, lane: own.sync.idle, model: 'qwen', stepMs: 300, ...more })
  for (;;) {
    const { done, value } = await steps.next()
    if (done) return value
    seen(value)
  }
}

describe('Measuring an engine', () => {
  test('finds the speed it is full at, and stops where more at once bring no more', async () => {
    await using engine = await vllm({ perRequest: 100, full: 4 })
    const { best, steps, ended, others } = await measure(engine, { stepMs: 1500 })
    expect(steps[0]?.concurrency).toBe(1)
    expect(ended.why).toBe('flat')
    expect(others).toBe(0)
    // What a request takes beside its tokens makes it a little slower than the law.
    expect(best?.outputPerSecond).toBeGreaterThan(300)
    expect(best?.outputPerSecond).toBeLessThan(420)
    expect(best && best.inputPerSecond / best.outputPerSecond).toBeCloseTo(200 / 64, 5)
  })

  test('sends prompts that no cache can have read before, and answers of one length', async () => {
    await using engine = await vllm({ perRequest: 800, full: 1 })
    await measure(engine)
    const openings = engine.asked.map(({ body }) =>
      String((body['messages'] as { content: string }[])[0]?.content).slice(0, 8),
    )
    expect(new Set(openings).size).toBe(openings.length)
    expect(new Set(engine.asked.map(({ body }) => body['max_tokens']))).toEqual(new Set([64]))
  })

  test('does without what an engine does not know', async () => {
    await using engine = await vllm({ perRequest: 800, full: 1, ignoresEnd: false })
    expect((await measure(engine)).best?.outputPerSecond).toBeGreaterThan(0)
  })

  test('stops when its own requests have to wait for a place', async () => {
    await using engine = await vllm({ perRequest: 100, full: 64, places: 2 })
    const { best, ended } = await measure(engine)
    expect(best?.concurrency).toBe(2)
    expect(ended).toEqual({ why: 'waiting', text: '2 requests wait at the engine' })
  })

  test('breaks off as soon as others wait: what is under way is given up, and nothing more is sent', async () => {
    await using engine = await vllm({ perRequest: 20, full: 64 })
    let waitingSince = 0
    const measuring = measure(engine, { stepMs: 60_000 })
    while (engine.asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 10))
    engine.othersWaiting = 1
    waitingSince = performance.now()
    const { best, ended } = await measuring
    expect(ended).toEqual({ why: 'waiting', text: '1 request waits at the engine' })
    expect(best).toBeNull()
    const sent = engine.asked.length
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(engine.asked.length).toBe(sent)
    expect(engine.asked.filter(({ at }) => at > waitingSince + 1000)).toEqual([])
    expect(engine.aborted()).toBe(1)
  })

  test('does not begin while somebody waits', async () => {
    await using engine = await vllm({ perRequest: 100, full: 4 })
    engine.othersWaiting = 3
    await expect(measure(engine)).rejects.toMatchObject({ code: 'engine_busy', exitCode: 3 })
    expect(engine.asked).toEqual([])
  })

  test('sends one at a time to an engine without metrics, unless told otherwise', async () => {
    await using engine = await vllm({ perRequest: 400, full: 4, metrics: false })
    const { steps, ended } = await measure(engine)
    expect(steps.map(({ concurrency }) => concurrency)).toEqual([1])
    expect(ended).toMatchObject({ why: 'blind', text: expect.stringMatching(/HTTP 404: are metrics switched on/) })
    expect((await measure(engine, { blind: true })).steps.length).toBeGreaterThan(2)
  })

  test('keeps within its time, and within the places it is given', async () => {
    await using engine = await vllm({ perRequest: 400, full: 64 })
    expect(await measure(engine, { withinMs: 1000 })).toMatchObject({ ended: { why: 'time' } })
    const { steps, ended } = await measure(engine, { placesMax: 3 })
    expect([steps.length, ended.why]).toEqual([2, 'places'])
  })

  test('keeps what it has when it is stopped', async () => {
    await using engine = await vllm({ perRequest: 400, full: 64 })
    const stop = new AbortController()
    const { steps, ended } = await measure(engine, { signal: stop.signal }, ({ concurrency }) => {
      if (concurrency === 2) stop.abort()
    })
    expect([steps.length, ended.why]).toEqual([2, 'stopped'])
  })

  test('says what an engine answers that does not have the model', async () => {
    await using engine = await vllm({ perRequest: 100, full: 4 })
    await expect(measure(engine, { model: 'llama' })).rejects.toThrow(/HTTP 404.*`llama` does not exist/)
  })
})
