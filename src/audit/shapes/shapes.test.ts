import { describe, expect, test } from 'vitest'
import { UnknownLog } from '../../domain/errors.ts'
import { columnsFrom } from './columns.ts'
import { rowsIn, shapeOf } from './index.ts'

const read = (value: unknown) =>
  rowsIn(value).map((row) => {
    const shape = shapeOf('log', row)
    return { shape: shape.name, ...shape.read(row) }
  })

const at = Date.parse('2026-11-20T02:00:00.000Z')

describe('each kind of log is told by its columns', () => {
  test('LiteLLM spend logs: cached tokens are within the prompt, and metadata may be JSON in a text', () => {
    const row = {
      request_id: 'chatcmpl-1',
      call_type: 'acompletion',
      api_key: '88dc28',
      startTime: '2026-11-20T02:00:00.000000Z',
      endTime: '2026-11-20T02:00:04Z',
      model: 'claude-haiku-4-5-20251001',
      custom_llm_provider: 'anthropic',
      prompt_tokens: 5000,
      completion_tokens: 80,
      cache_hit: 'False',
      end_user: 'ann',
      session_id: 's1',
      request_tags: '["nightly"]',
      metadata: JSON.stringify({
        user_api_key_alias: 'etl',
        additional_usage_values: { cache_read_input_tokens: 3000, cache_creation_input_tokens: 500 },
      }),
    }
    expect(read(row)).toMatchObject([
      {
        shape: 'litellm',
        at,
        requests: 1,
        vendor: 'anthropic',
        usage: { input: 1500, cachedInput: 3000, cacheWriteDefault: 500, output: 80 },
        key: 'etl',
        user: 'ann',
        session: 's1',
        template: 'nightly',
      },
    ])
    expect(read({ ...row, call_type: 'aretrieve_batch' })).toMatchObject([{ tier: 'batch' }])
    expect(read({ ...row, status: 'failure' })).toMatchObject([{ passedOver: 'failed' }])
    expect(read({ ...row, cache_hit: 'True' })).toMatchObject([{ passedOver: 'answered by a cache of the gateway' }])
  })

  test('OpenAI usage: the rows of an export, and the buckets of a page', () => {
    const result = {
      object: 'organization.usage.completions.result',
      input_tokens: 1000,
      output_tokens: 500,
      input_cached_tokens: 800,
      num_model_requests: 5,
      project_id: 'proj_a',
      api_key_id: 'key_a',
      model: 'gpt-5-mini-2025-08-07',
      batch: false,
      service_tier: 'flex',
    }
    const bucket = { object: 'bucket', start_time: at / 1000, end_time: at / 1000 + 3600 }
    const page = {
      object: 'page',
      data: [
        { ...bucket, results: [result, { ...result, batch: true }] },
        { ...bucket, results: [] },
      ],
    }
    expect(read(page)).toMatchObject([
      {
        shape: 'openai-usage',
        at,
        widthMs: 3_600_000,
        requests: 5,
        tier: 'flex',
        key: 'key_a',
        usage: { input: 200, cachedInput: 800, output: 500 },
      },
      { tier: 'batch' },
    ])
    const csv = {
      ...bucket,
      start_time: String(at / 1000),
      end_time: String(at / 1000 + 86_400),
      input_tokens: '1000',
      num_model_requests: '5',
      model: 'gpt-5-mini',
      batch: 'True',
      output_tokens: '',
    }
    expect(read(csv)).toMatchObject([
      { widthMs: 86_400_000, requests: 5, tier: 'batch', usage: { input: 1000, output: 0 } },
    ])
  })

  test('Anthropic usage: kinds of tokens apart, no requests, the long window by its name', () => {
    const result = {
      uncached_input_tokens: 1500,
      cache_creation: { ephemeral_1h_input_tokens: 1000, ephemeral_5m_input_tokens: 500 },
      cache_read_input_tokens: 200,
      output_tokens: 500,
      server_tool_use: { web_search_requests: 10 },
      api_key_id: 'apikey_01',
      workspace_id: 'wrkspc_01',
      model: 'claude-sonnet-4-6',
      service_tier: 'batch',
      context_window: '200k-1M',
      inference_geo: 'us',
    }
    const page = {
      data: [{ starting_at: '2026-11-20T02:00:00Z', ending_at: '2026-11-20T03:00:00Z', results: [result] }],
      has_more: false,
      next_page: null,
    }
    expect(read(page)).toMatchObject([
      {
        shape: 'anthropic-usage',
        at,
        requests: null,
        tier: 'batch',
        long: true,
        resident: true,
        usage: { input: 1500, cachedInput: 200, cacheWrite5m: 500, cacheWrite1h: 1000, output: 500, webSearch: 10 },
        key: 'apikey_01',
      },
    ])
  })

  test('Langfuse: of the API and of the blob storage export, and spans are no calls', () => {
    const api = {
      id: 'o1',
      traceId: 't1',
      type: 'GENERATION',
      startTime: '2026-11-20T02:00:00.000Z',
      model: 'gpt-5-mini',
      usageDetails: { input: 100, input_cached_tokens: 900, output: 20, output_reasoning_tokens: 30, total: 1050 },
      promptName: 'label',
    }
    expect(read(api)).toMatchObject([
      { shape: 'langfuse', at, usage: { input: 100, cachedInput: 900, output: 50 }, template: 'label' },
    ])
    const blob = {
      id: 'o1',
      trace_id: 't1',
      type: 'GENERATION',
      start_time: '2026-11-20 02:00:00.000000',
      provided_model_name: 'gpt-5-mini',
      usage_details: '{"input":1000,"cache_read_input_tokens":900,"output":20,"total":1020}',
      user_id: 'ann',
      session_id: 's1',
    }
    expect(read(blob)).toMatchObject([
      { at, model: 'gpt-5-mini', usage: { input: 100, cachedInput: 900, output: 20 }, user: 'ann', session: 's1' },
    ])
    expect(read({ ...api, type: 'SPAN' })).toMatchObject([{ passedOver: 'no model call of its own' }])
  })

  test('Helicone: properties may be JSON in a text, and Anthropic counts its cache beside the input', () => {
    const row = {
      response_id: 'r1',
      response_status: '200',
      request_created_at: '2026-11-20T02:00:00.000Z',
      request_properties: '{"Helicone-Session-Id":"s1","App":"mail"}',
      request_user_id: 'ann',
      model: 'claude-haiku-4-5-20251001',
      provider: 'ANTHROPIC',
      prompt_tokens: '1000',
      prompt_cache_read_tokens: '400',
      completion_tokens: '20',
    }
    expect(read(row)).toMatchObject([
      {
        shape: 'helicone',
        at,
        usage: { input: 1000, cachedInput: 400, output: 20 },
        key: 'mail',
        user: 'ann',
        session: 's1',
      },
    ])
    expect(read({ ...row, response_status: 500 })).toMatchObject([{ passedOver: 'failed' }])
  })

  test('OpenTelemetry: OTLP lines and plain spans; agents and tools are no calls', () => {
    const value = (text: string) => ({ stringValue: text })
    const attributes = [
      { key: 'gen_ai.operation.name', value: value('chat') },
      { key: 'gen_ai.provider.name', value: value('openai') },
      { key: 'gen_ai.request.model', value: value('gpt-5-mini') },
      { key: 'gen_ai.usage.input_tokens', value: { intValue: '811' } },
      { key: 'gen_ai.usage.cache_read.input_tokens', value: { intValue: '640' } },
      { key: 'gen_ai.usage.output_tokens', value: { intValue: '92' } },
      { key: 'gen_ai.conversation.id', value: value('conv_1') },
    ]
    const otlp = {
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: value('mailer') }] },
          scopeSpans: [
            {
              scope: {},
              spans: [{ traceId: 't', name: 'chat gpt-5-mini', startTimeUnixNano: `${at}000000`, attributes }],
            },
          ],
        },
      ],
    }
    const expected = {
      shape: 'opentelemetry',
      at,
      usage: { input: 171, cachedInput: 640, output: 92 },
      key: 'mailer',
      session: 'conv_1',
    }
    expect(read(otlp)).toMatchObject([expected])
    const plain = {
      name: 'chat gpt-5-mini',
      start_time: '2026-11-20T02:00:00.000000Z',
      attributes: {
        'gen_ai.request.model': 'gpt-5-mini',
        'gen_ai.usage.input_tokens': 10,
        'gen_ai.usage.output_tokens': 2,
      },
    }
    expect(read(plain)).toMatchObject([{ at, usage: { input: 10, output: 2 } }])
    const agent = { ...plain, attributes: { ...plain.attributes, 'gen_ai.operation.name': 'invoke_agent' } }
    expect(read(agent)).toMatchObject([{ passedOver: 'no model call of its own' }])
  })

  test('a table of one’s own, by its own names or by --columns', () => {
    expect(
      read({ time: '2026-11-20 02:00:00', model: 'gpt-5-mini', input: '10', output: '2', key: 'etl' }),
    ).toMatchObject([{ shape: 'columns', at, usage: { input: 10, output: 2 }, key: 'etl' }])
    const row = { created: at, llm: 'gpt-5-mini', tok: 10 }
    const shape = shapeOf('log', row, columnsFrom('time=created,model=llm,input=tok'))
    expect(shape.read(row)).toMatchObject({ at, model: 'gpt-5-mini', usage: { input: 10, output: 0 } })
  })
})

test('an unknown kind says which columns are wanted, and --columns which are not named', () => {
  expect(() => read({ foo: 1, bar: 2 })).toThrow(UnknownLog)
  expect(() => read({ foo: 1, bar: 2 })).toThrow('it has foo, bar')
  const known = (() => {
    try {
      read({ foo: 1 })
    } catch (error) {
      return (error as UnknownLog).hint
    }
    return ''
  })()
  for (const name of ['LiteLLM', 'OpenAI', 'Anthropic', 'Langfuse', 'Helicone', 'OpenTelemetry'])
    expect(known).toContain(name)
  expect(known).toContain('prompt_tokens')
  expect(() => columnsFrom('time=created,model=llm')).toThrow('where input stands')
  expect(() => columnsFrom('when=created')).toThrow('"when=created"')
  expect(() => shapeOf('log', { created: 1 }, columnsFrom('time=created,model=llm,input=tok'))).toThrow(UnknownLog)
})
