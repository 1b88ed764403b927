import { expect } from 'vitest'
import { vertexRowEffects } from './vertex-row-effects.ts'
import { bucket, type Job, labelOf, line, lines, type Trial, type Wire } from './vertex-trial.ts'

export type Effects = Record<string, (on: Trial) => Promise<void>>

const state = ({ state: word }: Job) => word.replace('JOB_STATE_', '')
const listed = async (on: Trial) => (await on.json('/batchPredictionJobs')).batchPredictionJobs ?? []
const billed = async (on: Trial) => (await on.emulator.bill()).nanoUsd
const hours = (count: number) => count * 3600
const cancel = (on: Trial, id: string) => on.fetch(`/batchPredictionJobs/${id}:cancel`, { method: 'POST', body: '{}' })
const answered = async (on: Trial, status: number, name: string) => {
  const response = await on.create(await on.put(lines(3)))
  expect(response.status).toBe(status)
  expect(((await response.json()) as Wire).error?.status).toBe(name)
}
const lost = async (on: Trial) => {
  const uri = await on.put(lines(3))
  await expect(on.create(uri)).rejects.toThrow('fetch failed')
}

async function storm(on: Trial, times: number, code: number, status: string): Promise<void> {
  for (let time = 0; time < times; time++) {
    expect((await on.json('/batchPredictionJobs')).error).toMatchObject({ code, status })
  }
  expect(await on.json('/batchPredictionJobs')).toEqual({})
}

async function pages(on: Trial, status: number): Promise<void> {
  for (let time = 0; time < 2; time++) {
    const response = await on.fetch('/batchPredictionJobs')
    expect(response.status).toBe(status)
    expect(await response.text()).toContain('<html>')
  }
  expect(await on.json('/batchPredictionJobs')).toEqual({})
}

const callEffects: Effects = {
  'create-response-lost': async (on) => {
    await lost(on)
    expect(await listed(on)).toMatchObject([{ displayName: 'trial' }])
  },
  'create-hangs': async (on) => {
    const body = { displayName: 'h', model: 'publishers/google/models/gemini-3.5-flash' }
    const uris = [await on.put(lines(1))]
    const asked = on.fetch('/batchPredictionJobs', {
      method: 'POST',
      body: JSON.stringify({
        ...body,
        inputConfig: { instancesFormat: 'jsonl', gcsSource: { uris } },
        outputConfig: { predictionsFormat: 'jsonl', gcsDestination: { outputUriPrefix: `gs://${bucket}/out` } },
      }),
      signal: AbortSignal.timeout(200),
    })
    await expect(asked).rejects.toThrow('timeout')
    expect(await listed(on)).toHaveLength(1)
  },
  'create-500-created': async (on) => {
    await answered(on, 500, 'INTERNAL')
    expect(await listed(on)).toHaveLength(1)
  },
  'create-500-refused': async (on) => {
    await answered(on, 500, 'INTERNAL')
    expect(await listed(on)).toHaveLength(0)
    await on.submit(lines(3))
  },
  'create-503-created': async (on) => {
    await answered(on, 503, 'UNAVAILABLE')
    expect(await listed(on)).toHaveLength(1)
  },
  'create-504-created': async (on) => {
    await answered(on, 504, 'DEADLINE_EXCEEDED')
    expect(await listed(on)).toHaveLength(1)
  },
  'create-garbage-created': async (on) => {
    expect(await (await on.create(await on.put(lines(3)))).text()).toContain('<html>')
    expect(await listed(on)).toHaveLength(1)
  },
  'create-reset': async (on) => {
    await lost(on)
    expect(await listed(on)).toHaveLength(0)
  },
  'create-lands-late': async (on) => {
    await lost(on)
    on.emulator.advance(80)
    expect(await listed(on)).toHaveLength(0)
    on.emulator.advance(11)
    const [job] = await listed(on)
    const id = job?.name.split('/').at(-1) ?? ''
    expect(state(await on.after(id))).toBe('SUCCEEDED')
    on.emulator.setScenario('create-lands-late')
    await lost(on)
    await on.storage(`/storage/v1/b/${bucket}/o/in%2Finput.jsonl`, { method: 'DELETE' })
    on.emulator.advance(91)
    const [late] = await listed(on)
    expect(state(await on.after(late?.name.split('/').at(-1) ?? ''))).toBe('FAILED')
  },
  'create-429': async (on) => {
    for (let time = 0; time < 2; time++) await answered(on, 429, 'RESOURCE_EXHAUSTED')
    await on.submit(lines(3))
  },
  'storm-429': (on) => storm(on, 5, 429, 'RESOURCE_EXHAUSTED'),
  'storm-500': (on) => storm(on, 5, 500, 'INTERNAL'),
  'storm-503': (on) => storm(on, 5, 503, 'UNAVAILABLE'),
  'html-200': (on) => pages(on, 200),
  'html-502': (on) => pages(on, 502),
  'garbage-json': async (on) => {
    await expect((await on.fetch('/batchPredictionJobs')).json()).rejects.toThrow(SyntaxError)
  },
  resets: async (on) => {
    for (let time = 0; time < 3; time++) await expect(on.fetch('/batchPredictionJobs')).rejects.toThrow('fetch failed')
    expect(await listed(on)).toEqual([])
  },
  'slow-answers': async (on) => {
    const before = performance.now()
    await on.fetch('/batchPredictionJobs')
    expect(performance.now() - before).toBeGreaterThan(290)
  },
  'wrong-key': async (on) => {
    expect((await on.json('/batchPredictionJobs')).error).toMatchObject({ code: 401, status: 'UNAUTHENTICATED' })
  },
  forbidden: async (on) => {
    expect((await on.json('/batchPredictionJobs')).error).toMatchObject({ code: 403, status: 'PERMISSION_DENIED' })
  },
  'billing-disabled': async (on) => {
    const refused = await on.create(await on.put(lines(1)))
    expect(await refused.json()).toMatchObject({ error: { code: 403, details: [{ reason: 'BILLING_DISABLED' }] } })
    expect(await listed(on)).toEqual([])
  },
}

async function failsWith(on: Trial, code: number): Promise<void> {
  const job = await on.after(await on.submit(lines(10)))
  expect(job).toMatchObject({ state: 'JOB_STATE_FAILED', error: { code } })
  expect(job.outputInfo).toBeUndefined()
  expect(await on.objects('out/')).toEqual([])
  expect(await billed(on)).toBe('0')
  expect(state(await on.after(await on.submit(lines(10))))).toBe('SUCCEEDED')
}

const batchEffects: Effects = {
  'stuck-queued': async (on) => {
    const id = await on.submit(lines(10))
    expect(state(await on.after(id, hours(71)))).toBe('QUEUED')
    expect(await on.after(id, hours(2))).toMatchObject({ state: 'JOB_STATE_EXPIRED' })
    expect(await billed(on)).toBe('0')
    on.emulator.setScenario('stuck-queued:hours=60')
    const late = await on.submit(lines(10))
    expect(state(await on.after(late, hours(59)))).toBe('QUEUED')
    expect(state(await on.after(late, hours(3)))).toBe('SUCCEEDED')
  },
  'stuck-pending': async (on) => {
    const id = await on.submit(lines(10))
    expect(state(await on.after(id, hours(71)))).toBe('PENDING')
    expect(state(await on.after(id, hours(2)))).toBe('EXPIRED')
  },
  'expire-none': async (on) => {
    const job = await on.after(await on.submit(lines(10)), hours(73))
    expect([state(job), job.outputInfo, job.completionStats]).toEqual(['EXPIRED', undefined, undefined])
    expect(await on.objects('out/')).toEqual([])
    expect((await on.emulator.log()).purchases).toMatchObject([{ executed: 0, billed: 0 }])
  },
  'run-cut': async (on) => {
    const id = await on.submit(lines(10))
    expect(state(await on.after(id, hours(23)))).toBe('RUNNING')
    const job = await on.after(id, hours(2))
    expect(job).toMatchObject({
      state: 'JOB_STATE_PARTIALLY_SUCCEEDED',
      completionStats: { successfulCount: '6', incompleteCount: '4' },
    })
    expect(await on.rows(job.outputInfo?.gcsOutputDirectory)).toHaveLength(6)
    expect((await on.emulator.log()).purchases).toMatchObject([{ executed: 6, billed: 6 }])
  },
  slow: async (on) => {
    const id = await on.submit(lines(5))
    expect(state(await on.after(id, hours(11)))).toBe('RUNNING')
    expect(state(await on.after(id, hours(2)))).toBe('SUCCEEDED')
  },
  'cancel-lag': async (on) => {
    const id = await on.submit(lines(5))
    await cancel(on, id)
    expect(state(await on.after(id, 590))).toBe('CANCELLING')
    const job = await on.after(id, 11)
    expect([state(job), job.outputInfo]).toEqual(['CANCELLED', undefined])
  },
  'cancel-race': async (on) => {
    const id = await on.submit(lines(5))
    await cancel(on, id)
    const job = await on.after(id, 600)
    expect(state(job)).toBe('SUCCEEDED')
    expect(await on.rows(job.outputInfo?.gcsOutputDirectory)).toHaveLength(5)
  },
  'not-found-after-create': async (on) => {
    const id = await on.submit(lines(2))
    expect((await on.json(`/batchPredictionJobs/${id}`)).error?.status).toBe('NOT_FOUND')
    expect(await listed(on)).toHaveLength(1)
    expect((await on.after(id, 61)).name).toContain(id)
  },
  'listed-late': async (on) => {
    const id = await on.submit(lines(2))
    expect(await listed(on)).toEqual([])
    expect(
      (await on.json('/batchPredictionJobs?filter=display_name%3D%22trial%22')).batchPredictionJobs,
    ).toBeUndefined()
    expect((await on.after(id, 121)).name).toContain(id)
    expect(await listed(on)).toHaveLength(1)
  },
  vanish: async (on) => {
    const id = await on.submit(lines(2))
    on.emulator.advance(3600)
    expect((await on.json(`/batchPredictionJobs/${id}`)).error?.status).toBe('NOT_FOUND')
    expect(await listed(on)).toEqual([])
    expect(await on.objects('out/')).toHaveLength(1)
    expect((await on.emulator.log()).purchases).toMatchObject([{ billed: 2 }])
  },
  'output-late': async (on) => {
    const id = await on.submit(lines(1))
    let job = await on.after(id, 1)
    while (state(job) !== 'SUCCEEDED') job = await on.after(id, 5)
    expect(await on.rows(job.outputInfo?.gcsOutputDirectory)).toHaveLength(0)
    on.emulator.advance(61)
    expect(await on.rows(job.outputInfo?.gcsOutputDirectory)).toHaveLength(1)
  },
  'output-info-missing': async (on) => {
    const job = await on.after(await on.submit(lines(2)))
    expect([state(job), job.outputInfo]).toEqual(['SUCCEEDED', undefined])
    expect(await on.rows(`gs://${bucket}/out/`)).toHaveLength(2)
  },
  'output-sharded': async (on) => {
    const { rows } = await on.flown(lines(20))
    expect((await on.objects('out/')).map((name) => name.split('/').at(-1))).toEqual([
      'predictions_0001.jsonl',
      'predictions_0002.jsonl',
      'predictions_0003.jsonl',
    ])
    expect(new Set(rows.map(labelOf)).size).toBe(20)
  },
  'rows-early': async (on) => {
    on.emulator.setScenario('rows-early+slow')
    const id = await on.submit(lines(20))
    on.emulator.advance(hours(6))
    const early = await on.rows(`gs://${bucket}/out/`)
    expect(early.length).toBeGreaterThan(5)
    expect(early.length).toBeLessThan(15)
    expect((await on.after(id, 0)).outputInfo).toBeUndefined()
    await on.after(id, hours(7))
    expect(await on.rows(`gs://${bucket}/out/`)).toHaveLength(20)
  },
  'labels-dropped': async (on) => {
    const { rows } = await on.flown(lines(5))
    expect(rows.map(labelOf)).toEqual([undefined, undefined, undefined, undefined, undefined])
    expect(JSON.stringify(rows)).toContain('Question r-0003')
  },
  'extras-echoed': async (on) => {
    const { rows } = await on.flown([{ ...line('a'), key: 'k1', n: 7 }])
    expect(rows[0]).toMatchObject({ key: 'k1', n: 7, status: '' })
    on.emulator.setScenario([])
    expect(Object.keys((await on.flown([{ ...line('b'), key: 'k1' }])).rows[0] ?? {})).not.toContain('key')
  },
  'counts-wrong': async (on) => {
    const { job, rows } = await on.flown(lines(20))
    expect(job.completionStats).toEqual({ successfulCount: '23', failedCount: '3' })
    expect(rows).toHaveLength(20)
  },
  'counts-unknown': async (on) => {
    const { job } = await on.flown(lines(2))
    expect(job.completionStats).toEqual({ successfulCount: '2', incompleteCount: '-1' })
  },
  'unknown-status': async (on) => {
    on.emulator.setScenario('unknown-status:UPDATING+slow')
    const id = await on.submit(lines(20))
    expect(state(await on.after(id, 60))).toBe('UPDATING')
    expect(state(await on.after(id, 120))).toBe('RUNNING')
  },
  'in-order': async (on) => {
    const { rows } = await on.flown(lines(300))
    expect(rows.map(labelOf)).toEqual(lines(300).map(({ request }) => (request['labels'] as { row: string }).row))
  },
  'batch-failed': (on) => failsWith(on, 13),
  'batch-failed-with-output': async (on) => {
    const { job, rows } = await on.flown(lines(10))
    expect(job).toMatchObject({ state: 'JOB_STATE_FAILED', error: { code: 13 } })
    expect(rows).toHaveLength(10)
    expect(await billed(on)).not.toBe('0')
  },
  'queue-full': (on) => failsWith(on, 8),
  'input-file-lost': (on) => failsWith(on, 5),
  'bucket-forbidden': (on) => failsWith(on, 7),
  'poison-line': async (on) => {
    const poisoned = [...lines(10), line('x', { systemInstruction: { parts: [{ text: 'POISON' }] } })]
    expect(state(await on.after(await on.submit(poisoned)))).toBe('FAILED')
    expect(state(await on.after(await on.submit(lines(10))))).toBe('SUCCEEDED')
  },

  // accounts
  'concurrent-limit': async (on) => {
    const uri = await on.put(lines(3))
    expect([(await on.create(uri)).status, (await on.create(uri)).status]).toEqual([200, 200])
    expect((await on.create(uri)).status).toBe(429)
    on.emulator.advance(7200)
    expect((await on.create(uri)).status).toBe(200)
  },
  'missing-input-at-create': async (on) => {
    expect((await on.create(`gs://${bucket}/none`)).status).toBe(400)
    await on.submit(lines(1))
  },
  'sync-lost': async (on) => {
    const call = () =>
      on.fetch('/publishers/google/models/gemini-3.5-flash:generateContent', {
        method: 'POST',
        body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'hello' }] }] }),
      })
    await expect(call()).rejects.toThrow()
    expect((await on.emulator.bill()).entries).not.toEqual([])
    expect((await call()).status).toBe(200)
  },
  'flex-drought': async (on) => {
    const call = () =>
      fetch(
        `${on.emulator.baseUrls.vertex}/v1/projects/p/locations/global/publishers/google/models/gemini-3.5-flash:generateContent`,
        {
          method: 'POST',
          headers: { authorization: 'Bearer ya29.test', 'X-Vertex-AI-LLM-Shared-Request-Type': 'flex' },
          body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'hello' }] }] }),
        },
      )
    expect((await call()).status).toBe(429)
    on.emulator.advance(3600)
    expect(await (await call()).json()).toMatchObject({ usageMetadata: { trafficType: 'ON_DEMAND_FLEX' } })
  },
  'models-retire': async (on) => {
    on.emulator.advance(400 * 86_400)
    const uri = await on.put(lines(1))
    expect((await on.create(uri, { model: 'publishers/google/models/gemini-2.5-flash' })).status).toBe(400)
    expect((await on.create(uri)).status).toBe(200)
  },
}

/** What each scenario of Vertex does, seen from outside. */
export const vertexEffects: Effects = { ...callEffects, ...batchEffects, ...vertexRowEffects }
