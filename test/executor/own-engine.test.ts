import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { LoadWatch, waitingIn } from '../../src/executor/load-watch.ts'
import { own } from '../../src/providers/openai/own.ts'
import { atEnd, callTo, farEnd, fly, rows, workFor } from './far-end.ts'

const vllm = (waiting: number) => `# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="qwen"} 12.0
# HELP vllm:num_requests_waiting Number of requests waiting to be processed.
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{engine="0",model_name="qwen"} ${waiting}.0
vllm:num_requests_waiting{engine="1",model_name="say \\"}\\" 9"} 0.0
`

/** Metrics beside an engine; `waiting` undefined: there are none. */
async function metrics(waiting: () => number | undefined) {
  const server = createServer((_, response) => {
    const now = waiting()
    response.writeHead(now === undefined ? 404 : 200, { 'content-type': 'text/plain' })
    response.end(now === undefined ? 'no' : vllm(now))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  atEnd(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`
}
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10))
}

describe('What waits at an engine', () => {
  test.each([
    ['vLLM, over its engines', vllm(3), 3],
    ['SGLang', 'sglang:num_running_reqs{model_name="m"} 162.0\nsglang:num_queue_reqs{model_name="m"} 28\n', 28],
    ['llama.cpp', '# TYPE llamacpp:requests_deferred gauge\nllamacpp:requests_deferred 2\n', 2],
    ['one that does not say', 'process_cpu_seconds_total 1\nvllm:num_requests_waiting_total 7\n', undefined],
  ])('is read from the metrics of %s', (_, text, waiting) => {
    expect(waitingIn(text)).toBe(waiting)
  })
})

describe('An engine of one’s own', () => {
  test('is asked without a tier, and without a key where there is none', async () => {
    const engine = await farEnd((asked) => ({ json: { ...answer, id: asked.name } }))
    const work = workFor({ to: engine.url, lane: own.sync.idle, source: rows(20) })
    const { ended, results } = await fly({ ...work, call: { ...work.call, apiKey: '' } })
    expect(ended).toMatchObject({ kind: 'finished', progress: { succeeded: 20, tiers: { '': 20 } } })
    expect(results.get(3)?.response?.body).toMatchObject({ id: 'r3' })
    for (const { text, headers } of engine.asked) {
      expect(text).not.toContain('service_tier')
      expect(headers.authorization).toBeUndefined()
    }
  })

  test('gets nothing new while others wait there, and goes on when they are served', async () => {
    let waiting = 0
    const engine = await farEnd(() => ({ json: answer }))
    const call = callTo(engine.url)
    const watch = new LoadWatch(call, { waiting: 1, metricsUrl: await metrics(() => waiting) })
    atEnd(() => watch.close())
    let seen = 0
    let later = 0
    const { ended } = await fly(
      workFor({
        to: engine.url,
        lane: own.sync.idle,
        source: rows(2000),
        mayStart: () => watch.calm(),
        concurrency: { max: 2 },
      }),
      ({ answered, inFlight }) => {
        if (answered > 20 && seen === 0 && waiting === 0) {
          waiting = 2
          // A look in 250 ms, and what it shows: well within a second.
          setTimeout(() => (seen = engine.asked.length), 1000)
          setTimeout(() => {
            later = engine.asked.length
            expect(inFlight).toBeLessThanOrEqual(2)
            waiting = 0
          }, 1600)
        }
      },
    )
    expect(later).toBe(seen)
    expect(later).toBeLessThan(2000)
    expect(ended).toMatchObject({ kind: 'finished', progress: { succeeded: 2000 } })
  })

  test('whose metrics are not there is not taken for idle', async () => {
    let there = true
    const engine = await farEnd(() => ({ json: answer }))
    const watch = new LoadWatch(callTo(engine.url), {
      waiting: 1,
      metricsUrl: await metrics(() => (there ? 0 : undefined)),
    })
    atEnd(() => watch.close())
    expect(watch.calm()).toBe(false)
    await until(() => watch.calm())
    there = false
    await until(() => !watch.calm())
    expect(watch.problem).toMatch(/HTTP 404: are metrics switched on\?/)
  })

  test('that is loading its model is asked again', async () => {
    const engine = await farEnd((_, nth) =>
      nth === 1
        ? { status: 503, json: { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } } }
        : { json: answer },
    )
    const { ended } = await fly(workFor({ to: engine.url, lane: own.sync.idle }))
    expect(ended).toMatchObject({ kind: 'finished', progress: { succeeded: 10, unproven: { attempts: 0 } } })
  })

  test('tells what it serves', async () => {
    const engine = createServer((request, response) => {
      response.writeHead(request.url === '/v1/models' ? 200 : 404, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ object: 'list', data: [{ id: 'qwen' }, { id: 'llama' }] }))
    })
    await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve))
    atEnd(() => engine.close())
    const origin = `http://127.0.0.1:${(engine.address() as AddressInfo).port}`
    expect((await own.check(callTo(`${origin}/v1`))).detail).toContain('serves qwen, llama')
    await expect(own.check(callTo(origin))).rejects.toThrow(/HTTP 404/)
  })
})

const answer = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'qwen',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 },
}
