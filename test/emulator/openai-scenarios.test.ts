import {
  APIConnectionError,
  APIConnectionTimeoutError,
  InternalServerError,
  NotFoundError,
  type OpenAI,
  PermissionDeniedError,
  toFile,
} from 'openai'
import { describe, expect, test } from 'vitest'
import { scenarios as allScenarios } from '../../src/emulator/index.ts'
import { chatLine, chatLines, jsonl, type Row, read, type Trial, trial } from './trial.ts'

const scenarios = allScenarios.filter(({ vendors }) => vendors?.includes('openai'))

/** What each scenario does, seen from outside. Every scenario has its line here: the last test counts them. */
const effects: Record<string, (on: Trial) => Promise<void>> = {
  // calls
  'create-response-lost': async (on) => {
    await expect(on.submit(chatLines(3), '/v1/chat/completions', { key: 'a' })).rejects.toBeInstanceOf(
      APIConnectionError,
    )
    expect((await on.client.batches.list()).data).toMatchObject([{ metadata: { key: 'a' } }])
  },
  'create-hangs': async (on) => {
    const file = await uploaded(on)
    const asked = on.client.batches.create(createOf(file), { timeout: 200 })
    await expect(asked).rejects.toBeInstanceOf(APIConnectionTimeoutError)
    expect((await on.client.batches.list()).data).toHaveLength(1)
  },
  'create-500-created': async (on) => {
    await expect(on.submit(chatLines(3))).rejects.toBeInstanceOf(InternalServerError)
    expect((await on.client.batches.list()).data).toHaveLength(1)
  },
  'create-500-refused': async (on) => {
    await expect(on.submit(chatLines(3))).rejects.toBeInstanceOf(InternalServerError)
    expect((await on.client.batches.list()).data).toHaveLength(0)
    expect((await on.submit(chatLines(3))).status).toBe('validating')
  },
  'create-garbage-created': async (on) => {
    const response = await on.fetch('/batches', { method: 'POST', body: JSON.stringify(createOf(await uploaded(on))) })
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('<html>')
    expect((await on.client.batches.list()).data).toHaveLength(1)
  },
  'create-reset': async (on) => {
    await expect(on.submit(chatLines(3))).rejects.toBeInstanceOf(APIConnectionError)
    expect((await on.client.batches.list()).data).toHaveLength(0)
  },
  'create-lands-late': async (on) => {
    await expect(on.submit(chatLines(3))).rejects.toBeInstanceOf(APIConnectionError)
    on.emulator.advance(80)
    expect((await on.client.batches.list()).data).toHaveLength(0)
    on.emulator.advance(11)
    expect((await on.client.batches.list()).data).toHaveLength(1)
  },
  'create-429': async (on) => {
    const file = await uploaded(on)
    for (let time = 0; time < 2; time++) {
      await expect(on.client.batches.create(createOf(file))).rejects.toMatchObject({
        status: 429,
        code: 'rate_limit_exceeded',
      })
    }
    expect((await on.client.batches.create(createOf(file))).status).toBe('validating')
  },
  'insufficient-quota': async (on) => {
    await expect(on.submit(chatLines(1))).rejects.toMatchObject({ status: 429, code: 'insufficient_quota' })
  },
  'upload-race': async (on) => {
    const file = await uploaded(on)
    await expect(on.client.batches.create(createOf(file))).rejects.toMatchObject({
      status: 400,
      param: 'file_id',
      code: null,
    })
    on.emulator.advance(3)
    expect((await on.client.batches.create(createOf(file))).status).toBe('validating')
  },
  'drop-upload': async (on) => {
    await expect(uploaded(on, chatLines(3000))).rejects.toBeInstanceOf(APIConnectionError)
    expect((await on.client.files.list()).data).toHaveLength(0)
    expect(await uploaded(on)).toMatch(/^file-/)
  },
  'drop-download': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(200))).id)
    const response = await on.client.files.content(batch.output_file_id ?? '')
    await expect(response.text()).rejects.toThrow()
    expect(await on.rows(batch.output_file_id)).toHaveLength(200)
  },
  'short-download': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(200))).id)
    const response = await on.client.files.content(batch.output_file_id ?? '')
    const short = await response.text()
    expect(Number(response.headers.get('content-length'))).toBe(Buffer.byteLength(short))
    expect(short.split('\n').length).toBeLessThan(150)
    expect(await on.rows(batch.output_file_id)).toHaveLength(200)
  },
  'content-502': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(2))).id)
    for (let time = 0; time < 2; time++) {
      expect((await on.fetch(`/files/${batch.output_file_id}/content`)).status).toBe(502)
    }
    expect(await on.rows(batch.output_file_id)).toHaveLength(2)
  },
  'storm-429': (on) => storm(on, 5, { status: 429, code: 'rate_limit_exceeded' }),
  'slow-down': (on) => storm(on, 1, { status: 429, code: 'slow_down' }),
  'storm-500': (on) => storm(on, 5, { status: 500, type: 'server_error' }),
  'storm-503': (on) => storm(on, 5, { status: 503, code: 'server_is_overloaded' }),
  'html-200': (on) => pages(on, 200, '<html>'),
  'html-502': (on) => pages(on, 502, '<html>'),
  'garbage-json': async (on) => {
    const response = await on.fetch('/batches')
    expect(response.headers.get('content-type')).toBe('application/json')
    await expect(response.json()).rejects.toThrow(SyntaxError)
  },
  resets: async (on) => {
    for (let time = 0; time < 3; time++)
      await expect(on.client.models.list()).rejects.toBeInstanceOf(APIConnectionError)
    expect((await on.client.models.list()).data.length).toBeGreaterThan(0)
  },
  'slow-answers': async (on) => {
    const before = performance.now()
    await on.client.models.list()
    expect(performance.now() - before).toBeGreaterThan(290)
  },
  'wrong-key': async (on) => {
    await expect(on.client.files.list()).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' })
    on.emulator.setScenario('wrong-key:after=1,times=1')
    await on.client.files.list()
    await expect(on.client.files.list()).rejects.toMatchObject({ status: 401 })
    await on.client.files.list()
  },
  forbidden: async (on) => {
    await expect(uploaded(on)).rejects.toBeInstanceOf(PermissionDeniedError)
  },

  // batches
  'stuck-validating': async (on) => {
    const { id } = await on.submit(chatLines(4))
    expect(await on.ended(id, 80_000)).toMatchObject({ status: 'validating', request_counts: { total: 0 } })
    expect(await on.ended(id, 7_000)).toMatchObject({ status: 'expired', output_file_id: null, in_progress_at: null })
  },
  'stuck-in-progress': async (on) => {
    const { id } = await on.submit(chatLines(40))
    expect(await on.ended(id, 80_000)).toMatchObject({
      status: 'in_progress',
      request_counts: { total: 40, completed: 20 },
    })
    await on.client.batches.cancel(id)
    expect((await on.ended(id, 600)).status).toBe('cancelled')
    expect((await on.ended((await on.submit(chatLines(4))).id)).status).toBe('completed')
  },
  'stuck-finalizing': async (on) => {
    const { id } = await on.submit(chatLines(4))
    expect(await on.ended(id, 7_200)).toMatchObject({ status: 'finalizing', output_file_id: null })
    expect((await on.ended(id, 18_000)).status).toBe('completed')
  },
  'expire-partial': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(50))).id)
    expect(batch).toMatchObject({ status: 'expired', request_counts: { total: 50, completed: 30, failed: 20 } })
    expect(batch.expired_at).toBeGreaterThanOrEqual(batch.expires_at ?? 0)
    expect(await on.rows(batch.output_file_id)).toHaveLength(30)
    expect(new Set((await on.rows(batch.error_file_id)).map((row) => row.error?.code))).toEqual(
      new Set(['batch_expired']),
    )
    expect((await on.emulator.log()).purchases).toMatchObject([{ lines: 50, executed: 30, billed: 30 }])
  },
  'expire-none': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(5))).id)
    expect(batch).toMatchObject({ status: 'expired', output_file_id: null })
    expect((await on.emulator.bill()).nanoUsd).toBe('0')
  },
  slow: async (on) => {
    const { id } = await on.submit(chatLines(5))
    expect((await on.ended(id, 11 * 3600)).status).toBe('in_progress')
    expect((await on.ended(id, 4000)).status).toBe('completed')
  },
  'cancel-lag': async (on) => {
    const { id } = await on.submit(chatLines(5))
    await on.client.batches.cancel(id)
    expect((await on.ended(id, 590)).status).toBe('cancelling')
    expect((await on.ended(id, 11)).status).toBe('cancelled')
  },
  'cancel-race': async (on) => {
    const { id } = await on.submit(chatLines(5))
    on.emulator.advance(10)
    expect((await on.client.batches.cancel(id)).status).toBe('cancelling')
    const batch = await on.ended(id, 600)
    expect(batch).toMatchObject({ status: 'completed', request_counts: { completed: 5 } })
    expect(batch.cancelling_at).not.toBeNull()
  },
  'not-found-after-create': async (on) => {
    const { id } = await on.submit(chatLines(2))
    await expect(on.client.batches.retrieve(id)).rejects.toBeInstanceOf(NotFoundError)
    expect((await on.client.batches.list()).data.map((batch) => batch.id)).toEqual([id])
    expect((await on.ended(id, 61)).id).toBe(id)
  },
  'listed-late': async (on) => {
    const { id } = await on.submit(chatLines(2))
    expect((await on.client.batches.list()).data).toEqual([])
    expect((await on.ended(id, 121)).id).toBe(id)
    expect((await on.client.batches.list()).data).toHaveLength(1)
  },
  vanish: async (on) => {
    const { id } = await on.submit(chatLines(2))
    expect((await on.client.batches.retrieve(id)).id).toBe(id)
    await expect(on.ended(id, 3600)).rejects.toBeInstanceOf(NotFoundError)
    expect((await on.client.batches.list()).data).toEqual([])
    expect((await on.emulator.log()).purchases).toMatchObject([{ billed: 2 }])
    expect((await on.emulator.bill()).nanoUsd).not.toBe('0')
  },
  'empty-string-ids': async (on) => {
    expect(await on.ended((await on.submit(chatLines(2))).id)).toMatchObject({ status: 'completed', error_file_id: '' })
    on.emulator.setScenario('empty-string-ids+all-failed')
    expect(await on.ended((await on.submit(chatLines(2))).id)).toMatchObject({
      status: 'completed',
      output_file_id: '',
    })
  },
  'ids-early': async (on) => {
    const { id } = await on.submit(chatLines(200))
    const running = await on.ended(id, 20)
    expect(running.status).toBe('in_progress')
    await expect(on.client.files.content(running.output_file_id ?? '')).rejects.toBeInstanceOf(NotFoundError)
    expect(await on.rows((await on.ended(id)).output_file_id)).toHaveLength(200)
  },
  'output-id-late': async (on) => {
    const { id } = await on.submit(chatLines(1))
    let batch = await on.client.batches.retrieve(id)
    while (batch.status !== 'completed') batch = await on.ended(id, 5)
    expect(batch.output_file_id).toBeNull()
    expect((await on.ended(id, 61)).output_file_id).not.toBeNull()
  },
  'counts-wrong': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(20))).id)
    expect(batch.request_counts).toEqual({ total: 27, completed: 17, failed: 5 })
    expect(await on.rows(batch.output_file_id)).toHaveLength(20)
  },
  'counts-zero-until-end': async (on) => {
    on.emulator.setScenario('counts-zero-until-end+slow')
    const { id } = await on.submit(chatLines(20))
    expect(await on.ended(id, 20_000)).toMatchObject({
      status: 'in_progress',
      request_counts: { total: 0, completed: 0 },
    })
    expect((await on.ended(id)).request_counts).toEqual({ total: 20, completed: 20, failed: 0 })
  },
  'unknown-status': async (on) => {
    on.emulator.setScenario('unknown-status+slow')
    const { id } = await on.submit(chatLines(20))
    expect((await on.ended(id, 60)).status).toBe('paused')
    expect((await on.ended(id, 120)).status).toBe('in_progress')
  },
  'in-order': async (on) => {
    const lines = chatLines(300)
    const batch = await on.ended((await on.submit(lines)).id)
    expect((await on.rows(batch.output_file_id)).map((row) => row.custom_id)).toEqual(
      lines.map((line) => line['custom_id']),
    )
  },
  'queue-full': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(2))).id, 60)
    expect(batch).toMatchObject({ status: 'failed', errors: { data: [{ code: 'token_limit_exceeded', line: null }] } })
    expect(batch.errors?.data?.[0]?.message).toContain('for gpt-5-mini in organization org-emulated')
    expect((await on.ended((await on.submit(chatLines(2))).id)).status).toBe('completed')
  },
  'billing-hard-limit': (on) => failsWith(on, { code: 'billing_hard_limit_reached', line: null }),
  'input-file-lost': (on) => failsWith(on, { code: 'invalid_request', param: 'file_id', line: null }),
  'validation-fails': (on) => failsWith(on, { code: 'invalid_request', line: expect.any(Number) as number }),
  'model-not-found': (on) =>
    failsWith(on, { code: 'model_not_found', param: 'body.model', line: expect.any(Number) as number }),
  'poison-line': async (on) => {
    const bad = await on.ended((await on.submit([...chatLines(20), chatLine('x', { user: 'POISON' })])).id, 60)
    expect(bad).toMatchObject({ status: 'failed', errors: { data: [{ line: null }] } })
    expect((await on.ended((await on.submit(chatLines(20))).id)).status).toBe('completed')
  },

  // lines
  'rows-429': (on) => transient(on, (row) => row.response?.status_code === 429),
  'rows-500': (on) => transient(on, (row) => row.response?.status_code === 500 && row.error === null),
  'rows-503': (on) => transient(on, (row) => row.response?.status_code === 503),
  'rows-504': (on) => transient(on, (row) => row.response?.status_code === 504),
  'rows-timeout': (on) => transient(on, (row) => row.response === null && row.error?.code === 'request_timeout'),
  'rows-400': (on) => permanent(on, (row) => row.response?.status_code === 400),
  'rows-too-long': (on) => permanent(on, (row) => row.response?.body.error?.code === 'context_length_exceeded'),
  'rows-404': (on) => permanent(on, (row) => row.response?.body.error?.code === 'model_not_found'),
  'rows-mix': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(400))).id)
    const kinds = new Set(
      (await on.rows(batch.error_file_id)).map((row) => row.response?.status_code ?? row.error?.code),
    )
    expect(kinds).toEqual(new Set([429, 500, 400, 'request_timeout']))
    const again = await on.ended((await on.submit(chatLines(400))).id)
    expect(new Set((await on.rows(again.error_file_id)).map((row) => row.response?.status_code))).toEqual(
      new Set([400]),
    )
  },
  'all-failed': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(3))).id)
    expect(batch).toMatchObject({
      status: 'completed',
      output_file_id: null,
      request_counts: { completed: 0, failed: 3 },
    })
    expect(batch.usage?.total_tokens).toBe(0)
    expect((await on.ended((await on.submit(chatLines(3))).id)).request_counts?.completed).toBe(3)
  },
  'rows-status-0': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(200))).id)
    const errors = await on.rows(batch.error_file_id)
    expect(errors.length).toBeGreaterThan(0)
    expect(errors.every((row) => row.response?.status_code === 0)).toBe(true)
    expect(batch.request_counts).toEqual({ total: 200, completed: 200 - errors.length, failed: 0 })
  },
  'rows-missing': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(200))).id)
    const rows = await on.rows(batch.output_file_id)
    expect(batch.error_file_id).toBeNull()
    expect(rows.length).toBeLessThan(200)
    expect(batch.request_counts).toEqual({ total: 200, completed: rows.length, failed: 0 })
    expect((await on.emulator.log()).purchases).toMatchObject([{ billed: rows.length }])
  },
  'rows-twice': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(200))).id)
    const ids = (await on.rows(batch.output_file_id)).map((row) => row.custom_id)
    expect(ids.length).toBeGreaterThan(200)
    expect(new Set(ids).size).toBe(200)
    expect((await on.emulator.tally()).executions).toBe(200)
  },
  'rows-strangers': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(200))).id)
    const ids = (await on.rows(batch.output_file_id)).map((row) => row.custom_id ?? '')
    expect(ids.filter((id) => id.startsWith('stranger-')).length).toBe(ids.length - 200)
    expect(ids.length).toBeGreaterThan(200)
  },
  'rows-null-id': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(200))).id)
    const rows = await on.rows(batch.output_file_id)
    expect(rows).toHaveLength(200)
    expect(rows.some((row) => row.custom_id === null)).toBe(true)
  },
  'rows-cut': async (on) => {
    const { cut, whole } = await finishes(on, 'length')
    expect(cut).toBeGreaterThan(0)
    expect(whole).toBeGreaterThan(cut)
  },
  'rows-content-filter': async (on) => {
    expect((await finishes(on, 'content_filter')).cut).toBeGreaterThan(0)
  },
  'rows-refusal': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(200))).id)
    const refused = (await on.rows(batch.output_file_id)).filter(
      (row) => row.response?.body.choices?.[0]?.message.refusal,
    )
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.every((row) => row.response?.body.choices?.[0]?.message.content === null)).toBe(true)
  },
  'rows-invalid-json': async (on) => {
    const { broken, off } = await structured(on)
    expect(broken).toBeGreaterThan(0)
    expect(off).toBe(0)
  },
  'rows-off-schema': async (on) => {
    const { broken, off } = await structured(on)
    expect(broken).toBe(0)
    expect(off).toBeGreaterThan(0)
  },
  'rows-empty': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(200))).id)
    const texts = (await on.rows(batch.output_file_id)).map((row) => row.response?.body.choices?.[0]?.message.content)
    expect(texts).toContain('')
  },
  'huge-output': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(20))).id)
    expect((await on.client.files.retrieve(batch.output_file_id ?? '')).bytes).toBeGreaterThan(20 * 20_000)
  },
  'web-search-unsupported': async (on) => {
    const lines = [...chatLines(5), chatLine('w', { web_search_options: {} })]
    const batch = await on.ended((await on.submit(lines)).id)
    expect((await on.rows(batch.error_file_id)).map((row) => row.custom_id)).toEqual(['w'])
  },

  // accounts
  'enqueued-token-limit': async (on) => {
    on.emulator.setScenario('enqueued-token-limit:1000+slow:times=always')
    const first = await on.submit(chatLines(50))
    const second = await on.submit(chatLines(50))
    const other = await on.submit(chatLines(50, { model: 'gpt-5-nano' }))
    expect((await on.ended(first.id, 60)).status).toBe('in_progress')
    expect((await on.client.batches.retrieve(other.id)).status).toBe('in_progress')
    const failed = await on.client.batches.retrieve(second.id)
    expect(failed.errors?.data?.[0]?.message).toContain('Enqueued token limit reached for gpt-5-mini')
    expect(failed.errors?.data?.[0]?.message).toContain('Limit: 1,000 enqueued tokens.')
    await on.ended(first.id)
    expect((await on.ended((await on.submit(chatLines(50))).id, 60)).status).toBe('in_progress')
  },
  'enqueued-request-limit': async (on) => {
    on.emulator.setScenario('enqueued-request-limit:30')
    const body = { model: 'text-embedding-3-small', input: 'llama' }
    const lines = Array.from({ length: 20 }, (_, index) => ({
      custom_id: `e${index}`,
      method: 'POST',
      url: '/v1/embeddings',
      body,
    }))
    await on.submit(lines, '/v1/embeddings')
    const second = await on.submit(lines, '/v1/embeddings')
    const failed = await on.ended(second.id, 60)
    expect(failed.errors?.data?.[0]?.message).toContain('Enqueued request limit reached for text-embedding-3-small')
  },
  'quota-lag': async (on) => {
    on.emulator.setScenario('quota-lag:seconds=7200,tokens=1000')
    const first = await on.submit(chatLines(50))
    expect((await on.ended(first.id, 3600)).status).toBe('completed')
    expect((await on.ended((await on.submit(chatLines(50))).id, 60)).status).toBe('failed')
    on.emulator.advance(7200)
    expect((await on.ended((await on.submit(chatLines(50))).id, 3600)).status).toBe('completed')
  },
  'storage-full': async (on) => {
    on.emulator.setScenario('storage-full:20000')
    const file = await uploaded(on, chatLines(100))
    await expect(uploaded(on, chatLines(100))).rejects.toBeInstanceOf(PermissionDeniedError)
    await on.client.files.delete(file)
    expect(await uploaded(on, chatLines(100))).toMatch(/^file-/)
  },
  'model-not-batchable': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(2, { model: 'o3-pro' }))).id, 60)
    expect(batch.errors?.data?.[0]).toMatchObject({
      code: 'model_not_found',
      message: "The provided model 'o3-pro' is not supported by the Batch API.",
    })
  },
  // calls outside batches
  'sync-lost': async (on) => {
    await expect(on.client.chat.completions.create(asking())).rejects.toBeInstanceOf(APIConnectionError)
    expect((await on.emulator.bill()).entries).not.toEqual([])
    await on.client.chat.completions.create(asking())
  },
  'sync-429': async (on) => {
    const call = () => on.fetch('/chat/completions', { method: 'POST', body: JSON.stringify(chatLine('a')['body']) })
    const first = await call()
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('59')
    for (let each = 1; each < 60; each++) expect((await call()).status).toBe(200)
    const refused = await call()
    expect(refused.status).toBe(429)
    expect((await read(refused)).error).toMatchObject({ code: 'rate_limit_exceeded' })
    expect(Number(refused.headers.get('retry-after-ms'))).toBeLessThanOrEqual(1000)
    on.emulator.advance(1)
    expect((await call()).status).toBe(200)
  },
  'sync-slow': async (on) => {
    on.emulator.setScenario('sync-slow:seconds=0.2')
    const started = performance.now()
    await on.client.chat.completions.create(asking())
    expect(performance.now() - started).toBeGreaterThanOrEqual(195)
  },
  'flex-drought': async (on) => {
    const flex = () => on.client.chat.completions.create(asking('flex'))
    await expect(flex()).rejects.toMatchObject({ status: 429, code: 'resource_unavailable' })
    await on.client.chat.completions.create(asking())
    on.emulator.advance(3599)
    await expect(flex()).rejects.toMatchObject({ status: 429 })
    on.emulator.advance(1)
    expect((await flex()).service_tier).toBe('flex')
    expect(new Set((await on.emulator.bill()).entries.map(({ tier }) => tier))).toEqual(new Set(['standard', 'flex']))
  },
  'flex-not-allowed': async (on) => {
    await expect(on.client.chat.completions.create(asking('flex'))).rejects.toMatchObject({
      status: 400,
      param: 'service_tier',
    })
  },
  'priority-downgraded': async (on) => {
    expect((await on.client.chat.completions.create(asking('priority'))).service_tier).toBe('default')
    expect(new Set((await on.emulator.bill()).entries.map(({ tier }) => tier))).toEqual(new Set(['standard']))
  },
  'models-retire': async (on) => {
    on.emulator.advance(400 * 86_400)
    expect((await on.ended((await on.submit(chatLines(2))).id, 60)).errors?.data?.[0]).toMatchObject({
      code: 'model_not_found',
    })
    await expect(on.client.chat.completions.create({ model: 'gpt-5', messages: [] })).rejects.toBeInstanceOf(
      NotFoundError,
    )
  },
  'duplicate-id-400': async (on) => {
    await expect(on.submit([chatLine('a'), chatLine('a')])).rejects.toMatchObject({
      status: 400,
      code: 'duplicate_custom_id',
    })
  },
  'missing-file-400': async (on) => {
    await expect(on.client.batches.create(createOf('file-none'))).rejects.toMatchObject({
      status: 400,
      param: 'file_id',
    })
  },

  // several at once
  'incident-885': async (on) => {
    const batch = await on.ended((await on.submit(chatLines(885))).id)
    expect(batch.request_counts).toEqual({ total: 885, completed: 758, failed: 97 })
    expect(await on.rows(batch.output_file_id)).toHaveLength(758)
    expect(await on.rows(batch.error_file_id)).toHaveLength(97)
    expect((await on.emulator.log()).purchases).toMatchObject([{ lines: 885, billed: 758, consoleRequests: 1838 }])
    const start = Math.floor(on.emulator.now() / 1000) - 3 * 86_400
    const usage = await on.client.admin.organization.usage.completions({ start_time: start })
    expect(usage.data.flatMap((bucket) => bucket.results)).toMatchObject([{ num_model_requests: 1838 }])
  },
  'bad-night': async (on) => {
    const file = await uploaded(on, chatLines(200))
    await expect(on.client.batches.create(createOf(file))).rejects.toMatchObject({ status: 400 })
    on.emulator.advance(3)
    const { id } = await on.client.batches.create(createOf(file))
    expect((await on.ended(id, 20)).request_counts?.total).toBe(0)
    const batch = await on.ended(id)
    expect(batch.request_counts?.failed).toBeGreaterThan(0)
    const again = await on.ended((await on.client.batches.create(createOf(file))).id)
    expect(again).toMatchObject({ error_file_id: '', request_counts: { completed: 200 } })
  },
}

const createOf = (file: string) =>
  ({ input_file_id: file, endpoint: '/v1/chat/completions', completion_window: '24h' }) as const

async function uploaded(on: Trial, lines = chatLines(3)): Promise<string> {
  return (await on.client.files.create({ file: await toFile(jsonl(lines), 'input.jsonl'), purpose: 'batch' })).id
}

async function storm(on: Trial, times: number, error: object): Promise<void> {
  for (let time = 0; time < times; time++) await expect(on.client.batches.list()).rejects.toMatchObject(error)
  expect((await on.client.batches.list()).data).toEqual([])
}

async function pages(on: Trial, status: number, text: string): Promise<void> {
  for (let time = 0; time < 2; time++) {
    const response = await on.fetch('/batches')
    expect(response.status).toBe(status)
    expect(await response.text()).toContain(text)
  }
  expect((await read(on.fetch('/batches'))).data).toEqual([])
}

async function failsWith(on: Trial, error: object): Promise<void> {
  const batch = await on.ended((await on.submit(chatLines(100))).id, 60)
  expect(batch).toMatchObject({
    status: 'failed',
    output_file_id: null,
    error_file_id: null,
    request_counts: { total: 0 },
  })
  expect(batch.errors?.data?.[0]).toMatchObject(error)
  expect((await on.ended((await on.submit(chatLines(100))).id)).status).toBe('completed')
}

async function strikes(on: Trial): Promise<{ errors: Row[]; batch: OpenAI.Batch }> {
  const batch = await on.ended((await on.submit(chatLines(200))).id)
  return { batch, errors: await on.rows(batch.error_file_id) }
}

/** A fault of lines that is over when they are sent again. */
async function transient(on: Trial, isSo: (row: Row) => boolean): Promise<void> {
  const { batch, errors } = await strikes(on)
  expect(errors.length).toBeGreaterThan(5)
  expect(errors.length).toBeLessThan(60)
  expect(errors.every(isSo)).toBe(true)
  expect(batch.request_counts).toEqual({ total: 200, completed: 200 - errors.length, failed: errors.length })
  expect((await on.emulator.tally()).executions).toBe(200 - errors.length)
  expect((await strikes(on)).errors).toEqual([])
}

async function permanent(on: Trial, isSo: (row: Row) => boolean): Promise<void> {
  const first = await strikes(on)
  expect(first.errors.length).toBeGreaterThan(5)
  expect(first.errors.every(isSo)).toBe(true)
  expect((await strikes(on)).errors).toHaveLength(first.errors.length)
}

async function finishes(on: Trial, reason: string): Promise<{ cut: number; whole: number }> {
  const batch = await on.ended((await on.submit(chatLines(200))).id)
  const rows = await on.rows(batch.output_file_id)
  const cut = rows.filter((row) => row.response?.body.choices?.[0]?.finish_reason === reason).length
  expect(batch.request_counts?.completed).toBe(200)
  return { cut, whole: rows.length - cut }
}

async function structured(on: Trial): Promise<{ broken: number; off: number }> {
  const schema = {
    type: 'object',
    properties: { label: { enum: ['a', 'b'] } },
    required: ['label'],
    additionalProperties: false,
  }
  const lines = chatLines(200, {
    response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } },
  })
  const batch = await on.ended((await on.submit(lines)).id)
  let broken = 0
  let off = 0
  for (const row of await on.rows(batch.output_file_id)) {
    try {
      const value = JSON.parse(row.response?.body.choices?.[0]?.message.content ?? '') as { label?: string }
      if (value.label === undefined) off++
    } catch {
      broken++
    }
  }
  return { broken, off }
}

function asking(tier?: 'flex' | 'priority') {
  return {
    model: 'gpt-5-mini',
    messages: [{ role: 'user' as const, content: 'hello' }],
    ...(tier && { service_tier: tier }),
  }
}

describe('every scenario shows', () => {
  for (const { name, summary } of scenarios) {
    test(`${name}: ${summary}`, async () => {
      const effect = effects[name]
      if (!effect) throw new Error(`Nothing shows the scenario ${name}.`)
      await effect(await trial({ scenario: name }))
    })
  }
})

test('the list of scenarios has a line for each, with a summary', () => {
  expect(scenarios.map((scenario) => scenario.name).sort()).toEqual(Object.keys(effects).sort())
  expect(scenarios.every(({ summary }) => summary.endsWith('.') && summary.length < 240)).toBe(true)
})

test('a scenario that does not exist is named, and so is a wrong parameter', async () => {
  await expect(trial({ scenario: 'nonsense' })).rejects.toThrow('There is no scenario "nonsense"')
  const on = await trial()
  expect(() => on.emulator.setScenario('slow:minutes=4')).toThrow('Scenario slow has no parameter')
  expect(() => on.emulator.setScenario('slow:hours=many')).toThrow('hours must be a number')
  expect(() => on.emulator.setScenario('storm-500:on=nothing')).toThrow('There is no call "nothing"')
})

test('scenarios combine', async () => {
  const on = await trial({ scenario: ['expire-partial:0.5', 'empty-string-ids', 'rows-twice:share=1'] })
  const batch = await on.ended((await on.submit(chatLines(10))).id)
  expect(batch).toMatchObject({ status: 'expired', request_counts: { total: 10, completed: 5, failed: 5 } })
  expect(await on.rows(batch.output_file_id)).toHaveLength(10)
})
