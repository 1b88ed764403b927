import { afterEach, describe, expect, test } from 'vitest'
import { type Emulator, startEmulator } from '../../src/emulator/index.ts'

/** The doors of vendors that take their rows as a file: what their pages say, and OpenAI's do not. */
let emulator: Emulator
afterEach(() => emulator.close())

interface Reply {
  readonly status: number
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any
}

async function open(vendor: string, scenario: string[] = []) {
  emulator = await startEmulator({
    scenario,
    latency: { medianSeconds: 100, sigma: 0, validatingSeconds: 10, finalizingSeconds: 10, cancellingSeconds: 60 },
  })
  const base = emulator.alikeUrls[vendor] as string
  const headers: Record<string, string> = vendor === 'azure' ? { 'api-key': 'k' } : { authorization: 'Bearer k' }
  const ask = async (method: string, path: string, body?: object, more = headers): Promise<Reply> => {
    const form = body instanceof FormData
    const response = await fetch(base + path, {
      method,
      headers: { ...more, ...(form || body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
    })
    return { status: response.status, json: await response.json() }
  }
  return { ask, base }
}

const bare = (model?: string) =>
  [1, 2, 3, 4].map((number) => ({
    custom_id: `q-${number}`,
    body: { ...(model === undefined ? {} : { model }), messages: [{ role: 'user', content: `Say ${number}.` }] },
  }))
const full = () => bare('gpt-5.4-mini').map((row) => ({ ...row, method: 'POST', url: '/v1/chat/completions' }))

function form(rows: readonly object[], fields: Readonly<Record<string, string>>): FormData {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) data.set(name, value)
  data.set('file', new Blob([rows.map((row) => `${JSON.stringify(row)}\n`).join('')]), 'rows.jsonl')
  return data
}

const create = (input_file_id: string) => ({
  input_file_id,
  endpoint: '/v1/chat/completions',
  completion_window: '24h',
  metadata: { redeye: 'k' },
})

test('Azure wants its key in a header of its own, and lets a late batch run on', async () => {
  const { ask } = await open('azure', ['azure/slow:48'])
  expect((await ask('GET', '/files', undefined, { authorization: 'Bearer k' })).status).toBe(401)
  const { json: file } = await ask('POST', '/files', form(full(), { purpose: 'batch' }))
  const { json: batch } = await ask('POST', '/batches', create(file.id))
  emulator.advance(90_000)
  expect((await ask('GET', `/batches/${batch.id}`)).json.status).toBe('in_progress')
})

test('Groq forgets metadata, and lists all there is without a word of pages', async () => {
  const { ask } = await open('groq')
  const { json: file } = await ask('POST', '/files', form(full(), { purpose: 'batch' }))
  for (let number = 0; number < 3; number++) await ask('POST', '/batches', create(file.id))
  const { json } = await ask('GET', '/batches?limit=1')
  expect(Object.keys(json)).toEqual(['object', 'data'])
  expect(json.data.map(({ metadata }: { metadata: unknown }) => metadata)).toEqual([null, null, null])
})

test('SiliconFlow takes five thousand requests a file', async () => {
  const { ask } = await open('siliconflow')
  const rows = Array.from({ length: 5001 }, (_, number) => ({ ...full()[0], custom_id: `q-${number}` }))
  const { json: file } = await ask('POST', '/files', form(rows, { purpose: 'batch' }))
  const { json: batch } = await ask('POST', '/batches', create(file.id))
  emulator.advance(60)
  expect((await ask('GET', `/batches/${batch.id}`)).json).toMatchObject({
    status: 'failed',
    errors: { data: [{ code: 'too_many_tasks' }] },
  })
})

describe('Mistral', () => {
  const job = (file: string) => ({ input_files: [file], endpoint: '/v1/chat/completions', model: 'gpt-5.4-mini' })

  test('runs rows without a model by that of the job, and leaves out what it did not run', async () => {
    const { ask, base } = await open('mistral', ['mistral/expire-partial:0.5'])
    const { json: file } = await ask('POST', '/files', form(bare(), { purpose: 'batch' }))
    const { json: created } = await ask('POST', '/batch/jobs', { ...job(file.id), metadata: { redeye: 'k' } })
    expect(created).toMatchObject({ status: 'QUEUED', input_files: [file.id], metadata: { redeye: 'k' } })
    emulator.advance(90_000)
    const { json: ended } = await ask('GET', `/batch/jobs/${created.id}`)
    expect(ended).toMatchObject({
      status: 'TIMEOUT_EXCEEDED',
      total_requests: 4,
      succeeded_requests: 2,
      failed_requests: 0,
      error_file: null,
    })
    const content = await fetch(`${base}/files/${ended.output_file}/content`, {
      headers: { authorization: 'Bearer k' },
    })
    expect((await content.text()).trim().split('\n')).toHaveLength(2)
    expect((await emulator.bill()).entries.every(({ vendor }) => vendor === 'mistral')).toBe(true)
  })

  test('numbers its pages, and tells errors in words of its own', async () => {
    const { ask } = await open('mistral')
    const { json: file } = await ask('POST', '/files', form(bare(), { purpose: 'batch' }))
    for (let number = 0; number < 3; number++) await ask('POST', '/batch/jobs', job(file.id))
    const sizes = []
    for (const page of [0, 1, 2])
      sizes.push((await ask('GET', `/batch/jobs?page=${page}&page_size=2`)).json.data.length)
    expect(sizes).toEqual([2, 1, 0])
    expect(await ask('GET', '/batch/jobs', undefined, {})).toEqual({ status: 401, json: { detail: 'Unauthorized' } })
    expect(await ask('GET', '/batch/jobs/none')).toMatchObject({ status: 404, json: { object: 'error' } })
  })
})

test('Together wraps what was made, lists it bare, counts nothing, and tells errors without a status', async () => {
  const { ask, base } = await open('together', ['together/rows-400:0.5'])
  const rows = bare('gpt-5.4-mini')
  const { json: file } = await ask(
    'POST',
    '/files/upload',
    form(rows, { purpose: 'batch-api', file_name: 'rows.jsonl' }),
  )
  const made = await ask('POST', '/batches', { input_file_id: file.id, endpoint: '/v1/chat/completions' })
  expect(made).toMatchObject({ status: 201, json: { job: { status: 'VALIDATING', input_file_id: file.id } } })
  emulator.advance(600)
  const { json: list } = await ask('GET', '/batches')
  expect(list).toMatchObject([{ id: made.json.job.id, status: 'COMPLETED', progress: 100 }])
  expect(list[0]).not.toHaveProperty('metadata')
  const errors = await fetch(`${base}/files/${list[0].error_file_id}/content`, {
    headers: { authorization: 'Bearer k' },
  })
  for (const line of (await errors.text()).trim().split('\n'))
    expect(Object.keys(JSON.parse(line))).toEqual(['custom_id', 'error'])
})

describe('xAI', () => {
  test('has moments at which nothing is pending and most is yet to come', async () => {
    const { ask } = await open('xai')
    const { json: file } = await ask('POST', '/files', form(full(), { purpose: 'batch' }))
    const { json: made } = await ask('POST', '/batches', { name: 'night-4', input_file_id: file.id })
    expect(made).toMatchObject({ name: 'night-4', state: { num_requests: 0, num_pending: 0 } })
    const seen = new Set<number>()
    for (let looks = 0; looks < 30; looks++) {
      const { json } = await ask('GET', `/batches/${made.batch_id}`)
      seen.add(json.state.num_requests)
      expect(json.state.num_pending).toBe(0)
      expect(json.create_time).toMatch(/^\d{4}-\d\d-\d\d$/)
      emulator.advance(10)
    }
    expect(Math.min(...seen)).toBe(0)
    expect(Math.max(...seen)).toBe(4)
    expect(seen.size).toBeGreaterThan(2)
  })

  test('gives results in pages, and takes a wrong key for a wrong argument', async () => {
    const { ask } = await open('xai')
    const { json: file } = await ask('POST', '/files', form(full(), { purpose: 'batch' }))
    const { json: made } = await ask('POST', '/batches', { name: 'night-4', input_file_id: file.id })
    emulator.advance(600)
    const ids: string[] = []
    for (let token = ''; ; ) {
      const { json } = await ask('GET', `/batches/${made.batch_id}/results?limit=3${token}`)
      for (const { batch_request_id, batch_result } of json.results) {
        ids.push(batch_request_id)
        expect(batch_result.response.chat_get_completion.object).toBe('chat.completion')
      }
      if (json.pagination_token === null) break
      token = `&pagination_token=${json.pagination_token}`
    }
    expect(ids.sort()).toEqual(['q-1', 'q-2', 'q-3', 'q-4'])
    expect(await ask('GET', '/batches', undefined, { authorization: 'Bearer sk-wrong' })).toMatchObject({
      status: 400,
      json: { code: 'invalid_api_key', error: expect.stringContaining('Incorrect API key') },
    })
  })
})
