import {
  APIConnectionError,
  APIConnectionTimeoutError,
  InternalServerError,
  NotFoundError,
  OverloadedError,
  PermissionDeniedError,
  RateLimitError,
} from '@anthropic-ai/sdk'
import { expect } from 'vitest'
import { asks, type Batch, post, read, type Trial } from './anthropic-trial.ts'

/** What each scenario of calls and of batches does, seen from outside. */
export const callEffects: Record<string, (on: Trial) => Promise<void>> = {
  // calls
  'create-response-lost': async (on) => {
    await expect(on.submit(asks(3))).rejects.toBeInstanceOf(APIConnectionError)
    expect(await listed(on)).toHaveLength(1)
  },
  'create-hangs': async (on) => {
    const asked = on.client.messages.batches.create({ requests: asks(3) }, { timeout: 200 })
    await expect(asked).rejects.toBeInstanceOf(APIConnectionTimeoutError)
    expect(await listed(on)).toHaveLength(1)
  },
  'create-500-created': (on) => createdAnyway(on, { status: 500, type: 'api_error' }),
  'create-504-created': (on) => createdAnyway(on, { status: 504, type: 'timeout_error' }),
  'create-529-created': (on) => createdAnyway(on, { status: 529, type: 'overloaded_error' }),
  'create-500-refused': async (on) => {
    await expect(on.submit(asks(3))).rejects.toBeInstanceOf(InternalServerError)
    expect(await listed(on)).toHaveLength(0)
    expect((await on.submit(asks(3))).processing_status).toBe('in_progress')
  },
  'create-garbage-created': async (on) => {
    const response = await post(on, '/messages/batches', { requests: asks(1) })
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('<html>')
    expect(await listed(on)).toHaveLength(1)
  },
  'create-reset': async (on) => {
    await expect(on.submit(asks(3))).rejects.toBeInstanceOf(APIConnectionError)
    expect(await listed(on)).toHaveLength(0)
  },
  'create-lands-late': async (on) => {
    await expect(on.submit(asks(3))).rejects.toBeInstanceOf(APIConnectionError)
    on.emulator.advance(80)
    expect(await listed(on)).toHaveLength(0)
    on.emulator.advance(11)
    const [late] = await listed(on)
    expect((await on.ended(late?.id ?? '', 7200)).request_counts.succeeded).toBe(3)
  },
  'create-429': async (on) => {
    for (let time = 0; time < 2; time++) {
      await expect(on.submit(asks(1))).rejects.toMatchObject({ status: 429, type: 'rate_limit_error' })
    }
    expect((await on.submit(asks(1))).processing_status).toBe('in_progress')
  },
  'drop-upload': async (on) => {
    await expect(on.submit(asks(20_000))).rejects.toBeInstanceOf(APIConnectionError)
    expect(await listed(on)).toHaveLength(0)
    expect((await on.submit(asks(1))).processing_status).toBe('in_progress')
  },
  'drop-download': async (on) => {
    const { id } = await ended(on, 200)
    const response = await on.fetch(`/messages/batches/${id}/results`)
    await expect(response.text()).rejects.toThrow()
    expect(await on.rows(id)).toHaveLength(200)
  },
  'short-download': async (on) => {
    const batch = await ended(on, 200)
    const rows = await on.rows(batch.id)
    expect(rows.length).toBeGreaterThan(50)
    expect(rows.length).toBeLessThan(150)
    expect(batch.request_counts.succeeded).toBe(200)
    expect(await on.rows(batch.id)).toHaveLength(200)
  },
  'content-502': async (on) => {
    const { id } = await ended(on, 2)
    for (let time = 0; time < 2; time++) {
      expect((await on.fetch(`/messages/batches/${id}/results`)).status).toBe(502)
    }
    expect(await on.rows(id)).toHaveLength(2)
  },
  'storm-429': (on) => storm(on, 5, RateLimitError, { status: 429 }),
  'storm-500': (on) => storm(on, 5, InternalServerError, { status: 500, type: 'api_error' }),
  'storm-503': (on) => storm(on, 5, OverloadedError, { status: 529, type: 'overloaded_error' }),
  'storm-529': (on) => storm(on, 5, OverloadedError, { status: 529, type: 'overloaded_error' }),
  'html-200': (on) => pages(on, 200),
  'html-502': (on) => pages(on, 502),
  'garbage-json': async (on) => {
    const response = await on.fetch('/messages/batches')
    expect(response.headers.get('content-type')).toBe('application/json')
    await expect(response.json()).rejects.toThrow(SyntaxError)
  },
  resets: async (on) => {
    for (let time = 0; time < 3; time++) await expect(listed(on)).rejects.toBeInstanceOf(APIConnectionError)
    expect(await listed(on)).toEqual([])
  },
  'slow-answers': async (on) => {
    const before = performance.now()
    await listed(on)
    expect(performance.now() - before).toBeGreaterThan(290)
  },
  'wrong-key': async (on) => {
    await expect(listed(on)).rejects.toMatchObject({ status: 401, type: 'authentication_error' })
    on.emulator.setScenario('wrong-key:after=1,times=1')
    await listed(on)
    await expect(listed(on)).rejects.toMatchObject({ status: 401 })
    await listed(on)
  },
  forbidden: async (on) => {
    await expect(on.submit(asks(1))).rejects.toBeInstanceOf(PermissionDeniedError)
  },
  'edge-413': async (on) => {
    await expect(on.submit(asks(1))).rejects.toMatchObject({ status: 413, type: null })
    expect(await listed(on)).toEqual([])
  },
  'retry-after-hour': async (on) => {
    const response = await on.fetch('/messages/batches')
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('3600')
  },
  'tier-spend-limit': async (on) => {
    const refused = { status: 429, errorCode: 'enforced_spend_limit_reached' }
    await expect(on.submit(asks(1))).rejects.toMatchObject(refused)
    on.emulator.advance(86_400)
    await expect(on.submit(asks(1))).rejects.toMatchObject(refused)
    expect(await listed(on)).toEqual([])
  },
  'own-spend-limit': async (on) => {
    await expect(on.submit(asks(1))).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' })
    await expect(on.submit(asks(1))).rejects.toThrow('You will regain access on 2026-12-01 at 00:00 UTC.')
  },
  unpaid: async (on) => {
    await expect(on.submit(asks(1))).rejects.toMatchObject({ status: 402, type: 'billing_error' })
  },

  // batches
  'stuck-in-progress': async (on) => {
    const { id } = await on.submit(asks(40))
    expect(await on.ended(id, 86_000)).toMatchObject({
      processing_status: 'in_progress',
      request_counts: { processing: 40, succeeded: 0 },
    })
    const batch = await on.ended(id, 401)
    expect(batch.request_counts).toEqual({ processing: 0, succeeded: 20, errored: 0, canceled: 0, expired: 20 })
    expect((await ended(on, 4)).request_counts.succeeded).toBe(4)
  },
  'expire-partial': async (on) => {
    const batch = await ended(on, 50)
    expect(batch.request_counts).toEqual({ processing: 0, succeeded: 30, errored: 0, canceled: 0, expired: 20 })
    expect(batch.ended_at).toBe(batch.expires_at)
    const rows = await on.rows(batch.id)
    expect(rows.filter(({ result }) => result?.type === 'expired')).toHaveLength(20)
    expect((await on.emulator.log()).purchases).toMatchObject([{ lines: 50, executed: 30, billed: 30 }])
  },
  'expire-none': async (on) => {
    const batch = await ended(on, 5)
    expect(batch.request_counts.expired).toBe(5)
    expect(await on.rows(batch.id)).toHaveLength(5)
    expect((await on.emulator.bill()).nanoUsd).toBe('0')
  },
  'expire-late': async (on) => {
    const { id } = await on.submit(asks(10))
    const late = await on.ended(id, 86_400 + 3500)
    expect(late.processing_status).toBe('in_progress')
    expect(Date.parse(late.expires_at)).toBeLessThan(on.emulator.now())
    expect((await on.ended(id, 3 * 3600)).request_counts).toMatchObject({ succeeded: 6, expired: 4 })
  },
  slow: async (on) => {
    const { id } = await on.submit(asks(5))
    expect((await on.ended(id, 11 * 3600)).processing_status).toBe('in_progress')
    expect((await on.ended(id, 4000)).processing_status).toBe('ended')
  },
  'cancel-lag': async (on) => {
    const { id } = await on.submit(asks(5))
    await on.client.messages.batches.cancel(id)
    expect((await on.ended(id, 590)).processing_status).toBe('canceling')
    expect((await on.ended(id, 11)).processing_status).toBe('ended')
  },
  'cancel-race': async (on) => {
    const { id } = await on.submit(asks(5))
    on.emulator.advance(10)
    expect((await on.client.messages.batches.cancel(id)).processing_status).toBe('canceling')
    const batch = await on.ended(id, 600)
    expect(batch).toMatchObject({ processing_status: 'ended', request_counts: { succeeded: 5, canceled: 0 } })
    expect(batch.cancel_initiated_at).not.toBeNull()
  },
  'stuck-canceling': async (on) => {
    const { id } = await on.submit(asks(40))
    on.emulator.advance(20_000)
    await on.client.messages.batches.cancel(id)
    expect((await on.ended(id, 66_000)).processing_status).toBe('canceling')
    const { request_counts } = await on.ended(id, 401)
    expect(request_counts).toMatchObject({ canceled: 0 })
    expect(request_counts.expired).toBeGreaterThan(5)
  },
  'not-found-after-create': async (on) => {
    const { id } = await on.submit(asks(2))
    await expect(on.client.messages.batches.retrieve(id)).rejects.toBeInstanceOf(NotFoundError)
    expect((await listed(on)).map((batch) => batch.id)).toEqual([id])
    expect((await on.ended(id, 61)).id).toBe(id)
  },
  'listed-late': async (on) => {
    const { id } = await on.submit(asks(2))
    expect(await listed(on)).toEqual([])
    expect((await on.ended(id, 121)).id).toBe(id)
    expect(await listed(on)).toHaveLength(1)
  },
  vanish: async (on) => {
    const { id } = await on.submit(asks(2))
    expect((await on.client.messages.batches.retrieve(id)).id).toBe(id)
    await expect(on.ended(id, 3600)).rejects.toBeInstanceOf(NotFoundError)
    expect(await listed(on)).toEqual([])
    expect((await on.emulator.log()).purchases).toMatchObject([{ billed: 2 }])
    expect((await on.emulator.bill()).nanoUsd).not.toBe('0')
  },
  'archived-early': async (on) => {
    const { id } = await on.submit(asks(2))
    expect((await on.ended(id, 86_500)).results_url).not.toBeNull()
    expect(await on.ended(id, 86_400)).toMatchObject({
      processing_status: 'ended',
      results_url: null,
      archived_at: expect.any(String) as string,
      request_counts: { succeeded: 2 },
    })
    expect((await on.fetch(`/messages/batches/${id}/results`)).status).toBe(404)
  },
  'results-late': async (on) => {
    const { id } = await on.submit(asks(1))
    let batch = await on.client.messages.batches.retrieve(id)
    while (batch.processing_status !== 'ended') batch = await on.ended(id, 5)
    expect(batch.results_url).toBeNull()
    expect((await on.fetch(`/messages/batches/${id}/results`)).status).toBe(404)
    expect((await on.ended(id, 61)).results_url).not.toBeNull()
  },
  'relative-results-url': async (on) => {
    const { id, results_url } = await ended(on, 1)
    expect(results_url).toBe(`/v1/messages/batches/${id}/results`)
  },
  'counts-gradual': async (on) => {
    on.emulator.setScenario('counts-gradual+slow')
    const { id } = await on.submit(asks(100))
    const { processing, succeeded } = (await on.ended(id, 6 * 3600)).request_counts
    expect(succeeded).toBe(50)
    expect(processing).toBe(50)
  },
  'counts-wrong': async (on) => {
    const batch = await ended(on, 20)
    expect(batch.request_counts).toEqual({ processing: 0, succeeded: 17, errored: 5, canceled: 0, expired: 0 })
    expect((await on.rows(batch.id)).map(({ result }) => result?.type)).toEqual(Array(20).fill('succeeded'))
  },
  'unknown-status': async (on) => {
    on.emulator.setScenario('unknown-status+slow')
    const { id } = await on.submit(asks(20))
    expect((await on.ended(id, 60)).processing_status).toBe('paused')
    expect((await on.ended(id, 120)).processing_status).toBe('in_progress')
  },
  'times-with-offset': async (on) => {
    const batch = await ended(on, 1)
    for (const time of [batch.created_at, batch.ended_at, batch.expires_at]) expect(time).toMatch(/\+00:00$/)
  },
  'in-order': async (on) => {
    const requests = asks(300)
    const { id } = await on.submit(requests)
    await on.ended(id)
    expect((await on.rows(id)).map((row) => row.custom_id)).toEqual(requests.map(({ custom_id }) => custom_id))
  },
}

export const listed = async (on: Trial) => (await on.client.messages.batches.list()).data

export async function ended(on: Trial, count: number): Promise<Batch> {
  return on.ended((await on.submit(asks(count))).id)
}

async function createdAnyway(on: Trial, error: object): Promise<void> {
  await expect(on.submit(asks(3))).rejects.toMatchObject(error)
  const [batch] = await listed(on)
  expect((await on.ended(batch?.id ?? '', 7200)).request_counts.succeeded).toBe(3)
}

async function storm(on: Trial, times: number, type: new (...args: never[]) => Error, error: object): Promise<void> {
  for (let time = 0; time < times; time++) {
    const thrown = await listed(on).catch((each: unknown) => each)
    expect(thrown).toBeInstanceOf(type)
    expect(thrown).toMatchObject(error)
  }
  expect(await listed(on)).toEqual([])
}

async function pages(on: Trial, status: number): Promise<void> {
  for (let time = 0; time < 2; time++) {
    const response = await on.fetch('/messages/batches')
    expect(response.status).toBe(status)
    expect(await response.text()).toContain('<html>')
  }
  expect((await read(on.fetch('/messages/batches'))).data).toEqual([])
}
