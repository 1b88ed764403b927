import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { chatLine, chatLines, jsonl, read, shapeOf, type Trial, trial } from './trial.ts'

const golden = (name: string): Record<string, unknown> =>
  JSON.parse(
    readFileSync(new URL(`../../src/emulator/openai/__fixtures__/${name}.json`, import.meta.url), 'utf8'),
  ) as Record<string, unknown>

const job = { job: 'golden' }
const slow = { latency: { medianSeconds: 1000, sigma: 0 } }

async function upload(on: Trial, text: string | Buffer, name = 'requests.jsonl', purpose = 'batch'): Promise<Response> {
  const form = new FormData()
  form.append('purpose', purpose)
  form.append('file', new Blob([text]), name)
  return on.fetch('/files', { method: 'POST', body: form })
}

const post = (on: Trial, path: string, body: unknown) =>
  on.fetch(path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })

async function batchOf(on: Trial, lines: readonly object[], advance: number): Promise<unknown> {
  const { id } = await on.submit(lines, '/v1/chat/completions', job)
  on.emulator.advance(advance)
  return read(on.fetch(`/batches/${id}`))
}

const without = (name: string, id: string) => ({ ...chatLine(id), [name]: undefined })

describe('objects have the shape of the golden ones, nulls included', () => {
  const states: [string, Parameters<typeof trial>[0], readonly object[], number][] = [
    ['batch.validating', slow, chatLines(4), 0],
    ['batch.in_progress', slow, chatLines(4), 100],
    ['batch.finalizing', { latency: { medianSeconds: 0, finalizingSeconds: 1000 } }, chatLines(4), 100],
    ['batch.completed', { scenario: 'rows-400:0.5' }, chatLines(40), 7200],
    ['batch.completed.clean', {}, chatLines(4), 7200],
    ['batch.completed.clean_empty_string', { scenario: 'empty-string-ids' }, chatLines(4), 7200],
    ['batch.completed.all_failed', { scenario: 'all-failed' }, chatLines(4), 7200],
    ['batch.expired', { scenario: 'expire-partial:0.5' }, chatLines(4), 90_000],
    ['batch.failed.token_limit', { scenario: 'queue-full' }, chatLines(4), 60],
    [
      'batch.failed.validation',
      {},
      [
        { ...chatLine('a'), url: '/v1/responses' },
        { ...chatLine('b'), body: 'text' },
      ],
      60,
    ],
    ['batch.failed.duplicate_custom_id', {}, [chatLine('req-1'), chatLine('req-1')], 60],
  ]
  test.each(states)('%s', async (name, options, lines, advance) => {
    const shown = (await batchOf(await trial(options), lines, advance)) as {
      status: string
      errors: { data: unknown[] } | null
    }
    const expected = golden(name) as typeof shown
    expect(shown.status).toBe(expected.status)
    if (name === 'batch.failed.validation') {
      // The golden file holds one error of each kind; shapes differ by `param` and `line` being null.
      expect(shapeOf({ ...shown, errors: null })).toEqual(shapeOf({ ...expected, errors: null }))
      return
    }
    expect(shapeOf(shown)).toEqual(shapeOf(expected))
  })

  test('batch.cancelling and batch.cancelled', async () => {
    const on = await trial(slow)
    const { id } = await on.submit(chatLines(40), '/v1/chat/completions', job)
    on.emulator.advance(200)
    const cancelling = await read(on.fetch(`/batches/${id}/cancel`, { method: 'POST' }))
    expect(shapeOf(cancelling)).toEqual(shapeOf(golden('batch.cancelling')))
    on.emulator.advance(600)
    expect(shapeOf(await read(on.fetch(`/batches/${id}`)))).toEqual(shapeOf(golden('batch.cancelled')))
  })

  test('batch.list', async () => {
    const on = await trial(slow)
    for (let index = 0; index < 3; index++) await on.submit(chatLines(1), '/v1/chat/completions', job)
    const page = await read(on.fetch('/batches?limit=2'))
    expect(shapeOf(page)).toEqual(shapeOf(golden('batch.list.page1')))
    expect(page).toMatchObject({ has_more: true, first_id: page.data[0]?.id, last_id: page.data[1]?.id })
  })

  test('files and uploads', async () => {
    const on = await trial()
    const input = await read(upload(on, jsonl(chatLines(2))))
    expect(shapeOf(input)).toEqual(shapeOf(golden('file.input')))
    expect(input.expires_at).toBe(input.created_at + 2_592_000)
    expect(shapeOf(await read(on.fetch('/files?purpose=batch')))).toEqual(shapeOf(golden('file.list')))
    const pending = await read(
      post(on, '/uploads', { bytes: 4, filename: 'requests.jsonl', mime_type: 'application/jsonl', purpose: 'batch' }),
    )
    expect(shapeOf(pending)).toEqual(shapeOf(golden('upload.pending')))
    expect(pending.expires_at).toBe(pending.created_at + 3600)
    const form = new FormData()
    form.append('data', new Blob(['{} \n']), 'part')
    const part = await read(on.fetch(`/uploads/${pending.id}/parts`, { method: 'POST', body: form }))
    expect(shapeOf(part)).toEqual(shapeOf(golden('upload.part')))
    const done = await read(post(on, `/uploads/${pending.id}/complete`, { part_ids: [part.id] }))
    expect(shapeOf(done)).toEqual(shapeOf(golden('upload.completed')))
    const gone = await read(on.fetch(`/files/${input.id}`, { method: 'DELETE' }))
    expect(shapeOf(gone)).toEqual(shapeOf(golden('file.deleted')))
  })

  test('file.output and file.error', async () => {
    const on = await trial({ scenario: 'rows-400:0.5' })
    const { output_file_id, error_file_id } = (await batchOf(on, chatLines(40), 7200)) as Record<string, string>
    for (const [kind, id] of [
      ['output', output_file_id],
      ['error', error_file_id],
    ]) {
      const file = await read(on.fetch(`/files/${id}`))
      expect(shapeOf(file)).toEqual(shapeOf(golden(`file.${kind}`)))
      expect(file.filename).toMatch(new RegExp(`^batch_[0-9a-f]{32}_${kind}\\.jsonl$`))
    }
  })
})

describe('rows have the shape of the golden ones', () => {
  test('line.output.chat', async () => {
    const on = await trial()
    const batch = await on.ended((await on.submit(chatLines(1))).id)
    expect(shapeOf((await on.rows(batch.output_file_id))[0])).toEqual(shapeOf(golden('line.output.chat')))
  })

  test('line.output.responses', async () => {
    const on = await trial()
    const body = {
      model: 'gpt-5-mini',
      instructions: 'Answer in one word.',
      input: 'Capital of Peru?',
      max_output_tokens: 2560,
    }
    const { id } = await on.submit([{ custom_id: 'a', method: 'POST', url: '/v1/responses', body }], '/v1/responses')
    const [row] = await on.rows((await on.ended(id)).output_file_id)
    expect(shapeOf(row)).toEqual(shapeOf(golden('line.output.responses')))
    expect(row?.response?.body.output?.map((item) => item['type'])).toEqual(['reasoning', 'message'])
  })

  test('line.output.embeddings', async () => {
    const on = await trial()
    const body = { model: 'text-embedding-3-small', input: ['llama', 'alpaca'], dimensions: 4 }
    const { id } = await on.submit(
      [{ custom_id: 'emb-0001', method: 'POST', url: '/v1/embeddings', body }],
      '/v1/embeddings',
    )
    const [row] = await on.rows((await on.ended(id)).output_file_id)
    expect(shapeOf(row)).toEqual(shapeOf(golden('line.output.embeddings')))
  })

  const errors: [string, string][] = [
    ['line.error.http_500', 'rows-500:1'],
    ['line.error.request_timeout', 'rows-timeout:1'],
    ['line.error.status_0', 'rows-status-0:1'],
  ]
  test.each(errors)('%s', async (name, scenario) => {
    const on = await trial({ scenario })
    const batch = await on.ended((await on.submit(chatLines(1))).id)
    expect(shapeOf((await on.rows(batch.error_file_id))[0])).toEqual(shapeOf(golden(name)))
  })

  test('line.error.batch_expired', async () => {
    const on = await trial({ scenario: 'expire-none' })
    const batch = await on.ended((await on.submit(chatLines(1))).id)
    const [row] = await on.rows(batch.error_file_id)
    expect(row?.error).toEqual(golden('line.error.batch_expired')['error'])
    expect(shapeOf(row)).toEqual(shapeOf(golden('line.error.batch_expired')))
  })

  test('line.error.http_400: a context too long is told per line, not in validation', async () => {
    const on = await trial()
    const lines = readFileSync(
      new URL('../../src/emulator/openai/__fixtures__/input.chat.jsonl', import.meta.url),
      'utf8',
    )
    const file = await read(upload(on, lines))
    const { id } = await read(
      post(on, '/batches', { input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h' }),
    )
    const batch = await on.ended(id)
    expect(batch.request_counts).toEqual({ total: 2, completed: 1, failed: 1 })
    const [row] = await on.rows(batch.error_file_id)
    expect(shapeOf(row)).toEqual(shapeOf(golden('line.error.http_400')))
    expect(row?.response?.body.error?.code).toBe('context_length_exceeded')
  })
})

describe('refusals are the golden ones', () => {
  interface Golden {
    readonly status: number
    readonly body: { readonly error: Record<string, unknown> }
  }
  const same = async (response: Response, name: string, differs: readonly string[] = []) => {
    const expected = golden(name) as unknown as Golden
    expect(response.status).toBe(expected.status)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/)
    const { error } = (await response.json()) as { error: Record<string, unknown> }
    expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'type'])
    for (const key of ['type', 'param', 'code', 'message']) {
      if (!differs.includes(key)) expect(error[key]).toEqual(expected.body.error[key])
    }
  }
  const create = { input_file_id: 'file-EXAMPLE', endpoint: '/v1/chat/completions', completion_window: '24h' }

  test('of a create', async () => {
    const on = await trial()
    await same(await post(on, '/batches', { ...create, input_file_id: undefined }), 'http.400.missing_param')
    await same(await post(on, '/batches', { ...create, metadata: { tags: ['a'] } }), 'http.400.metadata_type')
    await same(
      await post(on, '/batches', { ...create, endpoint: '/v1/invalid/endpoint' }),
      'http.400.invalid_endpoint',
      ['message'],
    )
    on.emulator.setScenario('missing-file-400')
    await same(await post(on, '/batches', create), 'http.400.file_not_ready', ['message'])
  })

  test('of an upload', async () => {
    const on = await trial()
    await same(await upload(on, '{}\n', 'requests.txt'), 'http.400.upload_format')
    await same(await upload(on, ''), 'http.400.upload_format')
    await same(await upload(on, 'not json\n'), 'http.400.upload_format')
    expect((await upload(on, '{"custom_id":1}\n{broken\n')).status).toBe(200)
    expect((await upload(on, '{}\n', 'a.jsonl', 'nonsense')).status).toBe(400)
  })

  test('of things that are not there, or past', async () => {
    const on = await trial()
    await same(await on.fetch('/batches/batch_EXAMPLE'), 'http.404.batch')
    await same(await on.fetch('/files/file-EXAMPLE'), 'http.404.file')
    await same(await on.fetch('/files/file-EXAMPLE/content'), 'http.404.file')
    const { id } = await on.submit(chatLines(1))
    await on.ended(id)
    await same(await on.fetch(`/batches/${id}/cancel`, { method: 'POST' }), 'http.409.cancel_terminal')
  })

  test('of a key', async () => {
    const on = await trial()
    await same(await on.fetch('/models', { headers: { authorization: 'Bearer sk-wrong' } }), 'http.401.invalid_key', [
      'message',
    ])
    const bare = await fetch(`${on.emulator.baseUrls.openai}/models`)
    expect(bare.status).toBe(401)
    on.emulator.setScenario('wrong-key')
    await same(await on.fetch('/models'), 'http.401.invalid_key', ['message'])
  })

  test('of a busy vendor', async () => {
    const on = await trial()
    const named: [string, string][] = [
      ['insufficient-quota', 'http.429.insufficient_quota'],
      ['slow-down', 'http.429.slow_down'],
      ['storm-500', 'http.500.server_error'],
      ['storm-503', 'http.503.overloaded'],
    ]
    for (const [scenario, name] of named) {
      on.emulator.setScenario(scenario)
      await same(await post(on, '/batches', create), name)
    }
  })

  test('of a wrong path', async () => {
    const on = await trial()
    expect((await on.fetch('/nonsense')).status).toBe(404)
    expect((await read(on.fetch('/nonsense'))).error.message).toBe('Invalid URL (GET /v1/nonsense)')
  })
})

test('validation tells all errors of the golden file at once, and nothing runs', async () => {
  const on = await trial()
  const good = chatLine('ok')
  const lines = [
    without('custom_id', 'l1'),
    without('method', 'l2'),
    without('url', 'l3'),
    without('body', 'l4'),
    { ...chatLine('l5'), body: { messages: [] } },
    { ...chatLine('l6'), body: { model: 'gpt-5-mini' } },
    good,
    { ...chatLine('l8'), url: '/v1/embeddings' },
    chatLine('l9', { stream: true }),
    chatLine('l10', { model: 'nonexistent-model-xyz' }),
  ]
  const text = jsonl(lines)
    .toString()
    .replace(`${JSON.stringify(good)}\n`, 'this is not JSON\n')
  const file = await read(upload(on, text))
  const created = await post(on, '/batches', {
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
    metadata: job,
  })
  expect(created.status).toBe(200)
  on.emulator.advance(60)
  const batch = await read(on.fetch(`/batches/${(await read(created)).id}`))
  expect(batch.errors).toEqual(golden('batch.failed.validation')['errors'])
  expect(batch).toMatchObject({
    status: 'failed',
    in_progress_at: null,
    request_counts: { total: 0, completed: 0, failed: 0 },
  })
  expect((await on.emulator.bill()).entries).toEqual([])
})

test('a batch of two models, or of a file that is gone, fails as the golden ones do', async () => {
  const on = await trial()
  const { id } = await on.submit([chatLine('req-1'), chatLine('req-2', { model: 'gpt-5-nano' })])
  expect((await on.ended(id, 60)).errors).toEqual(golden('batch.failed.mismatched_model')['errors'])
  const duplicate = await on.submit([chatLine('req-1'), chatLine('req-1')])
  expect((await on.ended(duplicate.id, 60)).errors).toEqual(golden('batch.failed.duplicate_custom_id')['errors'])
  const lost = await read(
    post(on, '/batches', {
      input_file_id: 'file-nonexistent',
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    }),
  )
  expect(lost.status).toBe('validating')
  const failed = await on.ended(lost.id, 60)
  expect(failed.errors?.data?.[0]).toEqual({
    ...(golden('batch.failed.missing_file')['errors'] as { data: object[] }).data[0],
    message: 'Cannot find file file-nonexistent, or organization org-emulated does not have access to it.',
  })
})
