import { expect } from 'vitest'
import type { Effects } from './gemini-call-effects.ts'
import { embedLines, flash, line, lines, type Operation, type Trial, type Wire } from './gemini-trial.ts'

const state = (operation: Operation) => operation.metadata.state
const listed = async (on: Trial) => (await on.json('/v1beta/batches')).operations ?? []
const billed = async (on: Trial) => (await on.emulator.bill()).nanoUsd
const hours = (count: number) => count * 3600

async function failsWith(on: Trial, code: number): Promise<void> {
  const operation = await on.after(await on.submit(lines(10)))
  expect(operation).toMatchObject({
    done: true,
    error: { code },
    metadata: { state: 'BATCH_STATE_FAILED', batchStats: { requestCount: '10', failedRequestCount: '10' } },
  })
  expect(operation.response).toBeUndefined()
  expect(operation.metadata.output).toBeUndefined()
  expect(await billed(on)).toBe('0')
  expect(state(await on.after(await on.submit(lines(10))))).toBe('BATCH_STATE_SUCCEEDED')
}

async function expires(on: Trial): Promise<Operation> {
  const name = await on.submit(lines(10))
  expect(state(await on.after(name, hours(47)))).toBe('BATCH_STATE_RUNNING')
  const operation = await on.after(name, hours(2))
  expect(operation).toMatchObject({ done: true, metadata: { state: 'BATCH_STATE_EXPIRED' } })
  expect(operation.response ?? operation.metadata.output).toBeUndefined()
  expect(operation.metadata.batchStats).toEqual({ requestCount: '10', pendingRequestCount: '10' })
  return operation
}

async function inline(on: Trial): Promise<string> {
  const requests = lines(5).map(({ key, request }) => ({ request, metadata: { key } }))
  const created = await on.post(`/v1beta/models/${flash}:batchGenerateContent`, {
    batch: { displayName: 'inline', inputConfig: { requests: { requests } } },
  })
  return ((await created.json()) as Wire).name ?? ''
}

/** What the scenarios of whole batches and of accounts do, seen from outside. */
export const batchEffects: Effects = {
  'stuck-pending': async (on) => {
    const name = await on.submit(lines(10))
    expect(state(await on.after(name, hours(47)))).toBe('BATCH_STATE_PENDING')
    expect(state(await on.after(name, hours(2)))).toBe('BATCH_STATE_EXPIRED')
    expect(await billed(on)).toBe('0')
    on.emulator.setScenario('stuck-pending:hours=30')
    const late = await on.submit(lines(10))
    expect(state(await on.after(late, hours(29)))).toBe('BATCH_STATE_PENDING')
    expect(state(await on.after(late, hours(3)))).toBe('BATCH_STATE_SUCCEEDED')
  },
  'stuck-running': async (on) => {
    await expires(on)
    expect(await billed(on)).toBe('0')
    expect((await on.emulator.log()).purchases).toMatchObject([{ state: 'expired', executed: 5, billed: 0 }])
  },
  'expire-none': async (on) => {
    await expires(on)
    expect((await on.emulator.log()).purchases).toMatchObject([{ executed: 0, billed: 0 }])
  },
  'expire-billed': async (on) => {
    await expires(on)
    expect((await on.emulator.log()).purchases).toMatchObject([{ executed: 6, billed: 6 }])
    expect(await billed(on)).not.toBe('0')
  },
  'custom-id-expires': async (on) => {
    const wrong = lines(3).map(({ key, request }) => ({ custom_id: key, request }))
    expect(state(await on.after(await on.submit(wrong), hours(49)))).toBe('BATCH_STATE_EXPIRED')
    expect(state(await on.after(await on.submit(lines(3))))).toBe('BATCH_STATE_SUCCEEDED')
  },
  slow: async (on) => {
    const name = await on.submit(lines(5))
    expect(state(await on.after(name, hours(11)))).toBe('BATCH_STATE_RUNNING')
    expect(state(await on.after(name, hours(2)))).toBe('BATCH_STATE_SUCCEEDED')
  },
  'cancel-lag': async (on) => {
    on.emulator.setScenario('cancel-lag+slow')
    const name = await on.submit(lines(5))
    on.emulator.advance(60)
    expect(await (await on.post(`/v1beta/${name}:cancel`, {})).json()).toEqual({})
    expect(state(await on.after(name, 590))).toBe('BATCH_STATE_RUNNING')
    expect(state(await on.after(name, 11))).toBe('BATCH_STATE_CANCELLED')
  },
  'cancel-race': async (on) => {
    on.emulator.setScenario('cancel-race+slow')
    const { name, rows } = await cancelled(on)
    expect(state(await on.after(name, 0))).toBe('BATCH_STATE_SUCCEEDED')
    expect(rows).toHaveLength(20)
  },
  'cancelled-with-output': async (on) => {
    on.emulator.setScenario('cancelled-with-output+slow')
    const { name, rows } = await cancelled(on)
    expect(state(await on.after(name, 0))).toBe('BATCH_STATE_CANCELLED')
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.length).toBeLessThan(20)
  },
  'not-found-after-create': async (on) => {
    const name = await on.submit(lines(2))
    expect((await on.json(`/v1beta/${name}`)).error?.status).toBe('NOT_FOUND')
    expect((await listed(on)).map((each) => each.name)).toEqual([name])
    expect((await on.after(name, 61)).name).toBe(name)
  },
  'listed-late': async (on) => {
    const name = await on.submit(lines(2))
    expect(await listed(on)).toEqual([])
    expect((await on.after(name, 121)).name).toBe(name)
    expect(await listed(on)).toHaveLength(1)
  },
  vanish: async (on) => {
    const name = await on.submit(lines(2))
    expect((await on.after(name, 0)).name).toBe(name)
    on.emulator.advance(3600)
    expect((await on.json(`/v1beta/${name}`)).error?.status).toBe('NOT_FOUND')
    expect(await listed(on)).toEqual([])
    expect((await on.emulator.log()).purchases).toMatchObject([{ billed: 2 }])
  },
  'output-late': async (on) => {
    const name = await on.submit(lines(1))
    let operation = await on.after(name, 1)
    while (operation.done !== true) operation = await on.after(name, 5)
    expect(state(operation)).toBe('BATCH_STATE_SUCCEEDED')
    expect(operation.response ?? operation.metadata.output).toBeUndefined()
    expect((await on.after(name, 61)).response).toBeDefined()
  },
  'output-once': async (on) => {
    const byMetadata = await on.after(await on.submit(lines(1)))
    expect([byMetadata.metadata.output !== undefined, byMetadata.response !== undefined]).toEqual([true, false])
    on.emulator.setScenario('output-once:response')
    const byResponse = await on.after(await on.submit(lines(1)))
    expect([byResponse.metadata.output !== undefined, byResponse.response !== undefined]).toEqual([false, true])
  },
  'inline-as-file': async (on) => {
    const operation = await on.after(await inline(on))
    expect(await on.rows(operation.response?.responsesFile)).toHaveLength(5)
  },
  'inline-unreadable': async (on) => {
    const name = await inline(on)
    on.emulator.advance(7200)
    expect((await on.fetch(`/v1beta/${name}`)).status).toBe(503)
    expect((await on.fetch(`/v1beta/${name}`, { headers: { 'x-server-timeout': '3600' } })).status).toBe(504)
    expect(await on.json(`/v1beta/${name}?fields=name,done,metadata(state,batchStats),error`)).toEqual({
      name,
      done: true,
      metadata: { state: 'BATCH_STATE_SUCCEEDED', batchStats: { requestCount: '5', successfulRequestCount: '5' } },
    })
    expect(await listed(on)).toHaveLength(1)
  },
  'counts-wrong': async (on) => {
    const { operation, rows } = await on.flown(lines(20))
    expect(operation.metadata.batchStats).toEqual({
      requestCount: '27',
      successfulRequestCount: '17',
      failedRequestCount: '5',
    })
    expect(rows).toHaveLength(20)
  },
  'counts-stale-in-list': async (on) => {
    const { operation } = await on.flown(lines(20))
    expect(operation.metadata.batchStats).toEqual({ requestCount: '20', successfulRequestCount: '20' })
    expect(await listed(on)).toMatchObject([
      { metadata: { state: 'BATCH_STATE_SUCCEEDED', batchStats: { requestCount: '20', pendingRequestCount: '20' } } },
    ])
  },
  'unknown-status': async (on) => {
    on.emulator.setScenario('unknown-status+slow')
    const name = await on.submit(lines(20))
    expect(state(await on.after(name, 60))).toBe('BATCH_STATE_PAUSED')
    expect(state(await on.after(name, 120))).toBe('BATCH_STATE_RUNNING')
  },
  'unknown-status-done': async (on) => {
    on.emulator.setScenario('unknown-status-done:seconds=86400')
    const name = await on.submit(lines(2))
    expect(await on.after(name)).toMatchObject({ done: true, metadata: { state: 'BATCH_STATE_COMPLETED' } })
    expect(state(await on.after(name, 86_400))).toBe('BATCH_STATE_SUCCEEDED')
  },
  'job-state-words': async (on) => {
    const name = await on.submit(lines(2))
    expect(state(await on.after(name, 0))).toBe('JOB_STATE_PENDING')
    expect(state(await on.after(name))).toBe('JOB_STATE_SUCCEEDED')
  },
  'in-order': async (on) => {
    const { rows } = await on.flown(lines(300))
    expect(rows.map(({ key }) => key)).toEqual(lines(300).map(({ key }) => key))
  },
  'embed-usage': async (on) => {
    const silent = await on.flown(embedLines(3), {}, 'gemini-embedding-001')
    expect(silent.rows.every((row) => row.response?.usageMetadata === undefined)).toBe(true)
    on.emulator.setScenario('embed-usage:tokenCount')
    const text = await on.flown(embedLines(3), {}, 'gemini-embedding-001')
    expect(text.rows.every((row) => row.response?.tokenCount === '4')).toBe(true)
    expect((await on.emulator.bill()).entries.map((entry) => entry.tokens)).toEqual(['12', '12'])
  },
  'batch-failed': (on) => failsWith(on, 13),
  'batch-failed-with-output': async (on) => {
    const { operation, rows } = await on.flown(lines(10))
    expect(operation).toMatchObject({ done: true, error: { code: 13 }, metadata: { state: 'BATCH_STATE_FAILED' } })
    const late = await on.rows(operation.metadata.output?.responsesFile)
    expect([rows.length, late.length]).toEqual([0, 10])
    expect(await billed(on)).not.toBe('0')
  },
  'queue-full': (on) => failsWith(on, 8),
  'input-file-lost': (on) => failsWith(on, 5),
  'poison-line': async (on) => {
    const poisoned = [...lines(10), line('x', { systemInstruction: { parts: [{ text: 'POISON' }] } })]
    expect(await on.after(await on.submit(poisoned))).toMatchObject({ metadata: { state: 'BATCH_STATE_FAILED' } })
    expect(state(await on.after(await on.submit(lines(10))))).toBe('BATCH_STATE_SUCCEEDED')
  },

  // accounts
  'enqueued-token-limit': async (on) => {
    on.emulator.setScenario('enqueued-token-limit:400+slow:times=always')
    const first = await on.submit(lines(60))
    const fileName = await on.upload(lines(60))
    const refused = (await (await on.create(fileName)).json()) as Wire
    expect(refused.error).toMatchObject({ code: 429, status: 'RESOURCE_EXHAUSTED' })
    expect(await listed(on)).toHaveLength(1)
    expect((await on.create(fileName, {}, 'gemini-2.5-flash')).status).toBe(200)
    await on.after(first, hours(13))
    expect((await on.create(fileName)).status).toBe(200)
  },
  'quota-lag': async (on) => {
    on.emulator.setScenario('quota-lag:seconds=7200,tokens=400')
    const name = await on.submit(lines(60))
    await on.fetch(`/v1beta/${name}`, { method: 'DELETE' })
    const fileName = await on.upload(lines(60))
    expect((await on.create(fileName)).status).toBe(429)
    on.emulator.advance(7201)
    expect((await on.create(fileName)).status).toBe(200)
  },
  'concurrent-limit': async (on) => {
    const fileName = await on.upload(lines(3))
    expect((await on.create(fileName)).status).toBe(200)
    expect((await on.create(fileName)).status).toBe(200)
    expect((await on.create(fileName)).status).toBe(429)
    on.emulator.advance(7200)
    expect((await on.create(fileName)).status).toBe(200)
  },
  'storage-full': async (on) => {
    on.emulator.setScenario('storage-full:10000')
    const file = await on.upload('x'.repeat(6000))
    await expect(on.upload('x'.repeat(6000))).rejects.toThrow()
    await on.fetch(`/v1beta/${file}`, { method: 'DELETE' })
    expect(await on.upload('x'.repeat(6000))).toMatch(/^files\//)
  },
  'file-processing': async (on) => {
    const fileName = await on.upload(lines(3))
    expect((await on.json(`/v1beta/${fileName}`))['state']).toBe('PROCESSING')
    expect(((await (await on.create(fileName)).json()) as Wire).error?.status).toBe('FAILED_PRECONDITION')
    on.emulator.advance(6)
    expect((await on.json(`/v1beta/${fileName}`))['state']).toBe('ACTIVE')
    expect((await on.create(fileName)).status).toBe(200)
  },
  'file-failed': async (on) => {
    const fileName = await on.upload(lines(3))
    expect(await on.json(`/v1beta/${fileName}`)).toMatchObject({ state: 'FAILED', error: { code: 13 } })
    expect((await on.create(fileName)).status).toBe(400)
  },
  'missing-file-accepted': async (on) => {
    const created = (await (await on.create('files/none')).json()) as Wire
    expect(await on.after(created.name ?? '')).toMatchObject({
      error: { code: 5 },
      metadata: { state: 'BATCH_STATE_FAILED' },
    })
  },
  'models-retire': async (on) => {
    on.emulator.advance(400 * 86_400)
    const { rows } = await on.flown(lines(2), {}, 'gemini-2.5-flash')
    expect(rows[0]?.response?.modelVersion).toBe('gemini-3.5-flash-lite')
    expect((await on.emulator.bill()).entries[0]?.model).toBe('gemini-3.5-flash-lite')
    expect((await on.create(await on.upload(lines(1)), {}, 'gemini-3.1-flash-lite')).status).toBe(404)
  },
  'flex-full': async (on) => {
    const call = (tier: string) =>
      on.post(`/v1beta/models/${flash}:generateContent`, {
        contents: [{ parts: [{ text: 'hello' }] }],
        service_tier: tier,
      })
    expect((await call('flex')).status).toBe(503)
    expect((await call('standard')).status).toBe(200)
    on.emulator.setScenario('flex-full:429')
    expect((await call('FLEX')).status).toBe(429)
  },
  'sync-lost': async (on) => {
    const call = () =>
      on.post(`/v1beta/models/${flash}:generateContent`, { contents: [{ parts: [{ text: 'hello' }] }] })
    await expect(call()).rejects.toThrow()
    expect((await on.emulator.bill()).entries).not.toEqual([])
    expect((await call()).status).toBe(200)
  },
  'flex-drought': async (on) => {
    const call = () =>
      on.post(`/v1beta/models/${flash}:generateContent`, {
        contents: [{ parts: [{ text: 'hello' }] }],
        serviceTier: 'flex',
      })
    expect((await call()).status).toBe(503)
    on.emulator.advance(3600)
    expect((await call()).headers.get('x-gemini-service-tier')).toBe('flex')
  },
  'priority-downgraded': async (on) => {
    const call = () =>
      on.post(`/v1beta/models/${flash}:generateContent`, {
        contents: [{ parts: [{ text: 'hello' }] }],
        serviceTier: 'priority',
      })
    const downgraded = await call()
    expect(downgraded.headers.get('x-gemini-service-tier')).toBe('standard')
    expect(new Set((await on.emulator.bill()).entries.map((entry) => entry.tier))).toEqual(new Set(['standard']))
    on.emulator.setScenario([])
    expect((await call()).headers.get('x-gemini-service-tier')).toBe('priority')
  },
  'empty-pages': async (on) => {
    const name = await on.submit(lines(1))
    const first = await on.json('/v1beta/batches')
    expect(first.operations).toBeUndefined()
    const second = await on.json(`/v1beta/batches?pageToken=${first.nextPageToken}`)
    expect(second.operations?.map((each) => each.name)).toEqual([name])
    expect(second.nextPageToken).toBeUndefined()
  },
  'empty-page-token': async (on) => {
    await on.submit(lines(1))
    expect((await on.json('/v1beta/batches')).nextPageToken).toBe('')
  },
}

async function cancelled(on: Trial) {
  const name = await on.submit(lines(20))
  on.emulator.advance(hours(6))
  await on.post(`/v1beta/${name}:cancel`, {})
  const operation = await on.after(name, 600)
  return { name, rows: await on.rows(operation.response?.responsesFile) }
}
