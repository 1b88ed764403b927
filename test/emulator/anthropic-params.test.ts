import { describe, expect, test } from 'vitest'
import { ask, post, type Request, type Row, read, type Trial, trial } from './anthropic-trial.ts'

type Params = Readonly<Record<string, unknown>>

/** What comes of each request, by its id: the message of its error, or `fine`. */
async function verdicts(
  on: Trial,
  cases: Readonly<Record<string, Params>>,
  version: string,
): Promise<Record<string, string>> {
  const requests = Object.values(cases).map((params, index) => ask(`c-${index}`, params))
  const headers = { 'anthropic-version': version }
  const { id } = await read(post(on, '/messages/batches', { requests }, headers))
  await on.ended(id)
  const told = new Map(
    (await on.rows(id)).map(({ custom_id, result }) => [custom_id, result?.error?.error.message ?? 'fine']),
  )
  return Object.fromEntries(Object.keys(cases).map((name, index) => [name, told.get(`c-${index}`) ?? 'missing']))
}

const old = '2023-06-01'
const current = '2026-10-21'
const says = (content: unknown, role = 'user') => ({ role, content })
const tools = [{ name: 'get', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }]
const schema = (inner: object) => ({ output_config: { format: { type: 'json_schema', schema: inner } } })
const closed = { type: 'object', additionalProperties: false }
const cacheable = (ttl: string) => ({ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl } })
const call = says([{ type: 'tool_use', id: 't1', name: 'get', input: {} }], 'assistant')
const result = (id: string) => says([{ type: 'tool_result', tool_use_id: id, content: 'done' }])

/** A request, and what its error says of it. */
const wrong: Record<string, [Params, string]> = {
  'an option of the client': [{ extra_body: {} }, 'extra_body: Extra inputs are not permitted'],
  'betas inside params': [{ betas: [] }, 'betas: Extra inputs are not permitted'],
  'a fast request': [{ speed: 'fast' }, 'speed: Extra inputs are not permitted'],
  'a streamed request': [{ stream: true }, '"stream=True" is not supported in the Message Batches API'],
  'no model': [{ model: undefined }, 'model: Field required'],
  'a model that is none': [{ model: 'claude-9' }, 'model: claude-9'],
  'no max_tokens': [{ max_tokens: undefined }, 'max_tokens: Field required'],
  'a prewarming request': [{ max_tokens: 0 }, 'max_tokens: must be greater than or equal to 1'],
  'too long an answer': [{ max_tokens: 64_001 }, 'max_tokens: 64001 > 64000'],
  'a tier that is none': [{ service_tier: 'flex' }, 'service_tier: Input should be'],
  'no messages': [{ messages: [] }, 'at least one message is required'],
  'an empty message': [{ messages: [says('')] }, 'non-empty content'],
  'an empty text': [{ messages: [says([{ type: 'text', text: '' }])] }, 'text content blocks must be non-empty'],
  'an assistant first': [{ messages: [says('a', 'assistant'), says('b')] }, 'first message must use the "user" role'],
  'a role that is none': [
    { messages: [says('a', 'developer')] },
    "messages.0.role: Input should be 'user' or 'assistant'",
  ],
  'a block that is none': [{ messages: [says([{ type: 'input_text', text: 'a' }])] }, "Input tag 'input_text'"],
  'a call without a result': [
    { tools, messages: [says('a'), call, says('b')] },
    'without `tool_result` blocks immediately after: t1',
  ],
  'a result without a call': [{ tools, messages: [says('a'), call, result('t2')] }, 'immediately after: t1'],
  'a result too many': [
    { messages: [says('a'), says('b', 'assistant'), result('t1')] },
    'unexpected `tool_use_id` found',
  ],
  'a tool without a schema': [{ tools: [{ name: 'get' }] }, 'tools.0.custom.input_schema: Field required'],
  'a tool name with a dot': [{ tools: [{ ...tools[0], name: 'a.b' }] }, 'String should match pattern'],
  'two tools of one name': [{ tools: [...tools, ...tools] }, 'Tool names must be unique'],
  'a choice without tools': [{ tool_choice: { type: 'auto' } }, 'may only be specified while providing'],
  'a choice of no tool': [{ tools, tool_choice: { type: 'tool', name: 'set' } }, "Tool 'set' not found"],
  'thinking on 4.5 without a budget': [{ thinking: { type: 'adaptive' } }, 'adaptive thinking is not supported'],
  'too small a budget': [
    { max_tokens: 4000, thinking: { type: 'enabled', budget_tokens: 100 } },
    'greater than or equal to 1024',
  ],
  'too large a budget': [
    { max_tokens: 2000, thinking: { type: 'enabled', budget_tokens: 2000 } },
    '`max_tokens` must be greater',
  ],
  'a forced tool while thinking': [
    { tools, tool_choice: { type: 'any' }, max_tokens: 4000, thinking: { type: 'enabled', budget_tokens: 1024 } },
    'Thinking may not be enabled when tool_choice forces tool use.',
  ],
  'a place for an old model': [{ inference_geo: 'us' }, 'inference_geo is not supported'],
  'an open schema': [schema({ type: 'object' }), "'additionalProperties' must be explicitly set to false"],
  'a bounded number': [
    schema({ ...closed, properties: { a: { type: 'integer', minimum: 1 } } }),
    "For 'integer' type, properties minimum are not supported",
  ],
  'a recursive schema': [
    schema({
      ...closed,
      properties: { a: { $ref: '#/$defs/a' } },
      $defs: { a: { ...closed, properties: { b: { $ref: '#/$defs/a' } } } },
    }),
    'Recursive schemas are not supported',
  ],
  'five breakpoints': [
    { system: Array(5).fill(cacheable('5m')) },
    'A maximum of 4 blocks with cache_control may be provided. Found 5.',
  ],
  'an hour after five minutes': [
    { system: [cacheable('5m'), cacheable('1h')] },
    "a ttl='1h' cache_control block must not come after",
  ],
  'more than the window': [{ messages: [says('word '.repeat(170_000))] }, 'prompt is too long: 212'],
  'a blank stop sequence': [{ stop_sequences: [' '] }, 'must contain non-whitespace'],
  'a picture of another kind': [
    {
      messages: [
        says([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'R0lGODlhAQABAAAAACw=' } }]),
      ],
    },
    'appears to be a image/gif image',
  ],
}

describe('params are judged when a request is run', () => {
  test('each with the words of the vendor, as a row of a batch that ends like any other', async () => {
    const on = await trial()
    const cases = Object.fromEntries(Object.entries(wrong).map(([name, [params]]) => [name, params]))
    const told = await verdicts(on, cases, old)
    for (const [name, [, words]] of Object.entries(wrong)) expect(told[name], name).toContain(words)
  })

  const rejected = [
    ['claude-opus-5', { type: 'enabled', budget_tokens: 2048 }],
    ['claude-opus-4-7', { type: 'enabled', budget_tokens: 2048 }],
    ['claude-opus-5-5', { type: 'disabled' }],
    ['claude-fable-5-1', { type: 'disabled' }],
    ['claude-sonnet-5-5', { type: 'disabled' }],
  ] as const
  test.each(rejected)('%s does not take thinking %j', async (model, thinking) => {
    const told = await verdicts(await trial(), { asked: { model, thinking, max_tokens: 4000 } }, current)
    expect(told['asked']).toContain(`"thinking.type.${thinking.type}" is not supported for this model.`)
  })

  test('a tool cannot be forced on the newest models, nor an answer begun from 4.6 on', async () => {
    const forced = (model: string) => ({ model, tools, tool_choice: { type: 'any' }, max_tokens: 4000 })
    const begun = (model: string) => ({ model, messages: [says('a'), says('The answer is', 'assistant')] })
    const cases = {
      opus55: forced('claude-opus-5-5'),
      fable: forced('claude-fable-5-1'),
      opus5: forced('claude-opus-5'),
      sonnet46: begun('claude-sonnet-4-6'),
      haiku45: begun('claude-haiku-4-5'),
    }
    const told = await verdicts(await trial(), cases, current)
    expect(told).toMatchObject({ opus5: 'fine', haiku45: 'fine' })
    expect([told['opus55'], told['fable']]).toEqual(
      Array(2).fill('tool_choice: type "any" is not supported for this model.'),
    )
    expect(told['sonnet46']).toContain('does not support assistant message prefill')
  })

  test('sampling is gone in the newer version, and fixed for newer models in the older', async () => {
    const on = await trial()
    const cases = {
      cool: { temperature: 0 },
      coolNew: { model: 'claude-opus-5', temperature: 0 },
      plainNew: { model: 'claude-opus-5', temperature: 1 },
      both: { temperature: 0.5, top_p: 0.5 },
      hot: { temperature: 1.5 },
    }
    expect(await verdicts(on, cases, old)).toEqual({
      cool: 'fine',
      coolNew: '`temperature` is deprecated for this model.',
      plainNew: 'fine',
      both: '`temperature` and `top_p` cannot both be specified for this model. Please use only one.',
      hot: 'temperature: range: 0..1',
    })
    expect(new Set(Object.values(await verdicts(on, cases, current)))).toEqual(
      new Set(['temperature: Extra inputs are not permitted']),
    )
  })

  test('the newer version takes no documents of an assistant and no citations of a user', async () => {
    const on = await trial()
    const source = { type: 'text', media_type: 'text/plain', data: 'Plain.' }
    const cases = {
      document: { messages: [says('a'), says([{ type: 'document', source }], 'assistant'), says('b')] },
      citation: { messages: [says([{ type: 'text', text: 'a', citations: [{ type: 'char_location' }] }])] },
    }
    expect(await verdicts(on, cases, old)).toEqual({ document: 'fine', citation: 'fine' })
    expect(Object.values(await verdicts(on, cases, current))).not.toContain('fine')
  })

  test('a call outside a batch is refused at once, with the same words', async () => {
    const on = await trial()
    const refused = await post(on, '/messages', ask('a', { model: 'claude-9' }).params)
    expect(refused.status).toBe(404)
    expect(await read(refused)).toMatchObject({
      type: 'error',
      error: { type: 'not_found_error', message: 'model: claude-9' },
    })
    expect((await post(on, '/messages', { ...ask('a').params, max_tokens: 0 })).status).toBe(200)
    expect((await read(post(on, '/messages', '{"model":'))).error.message).toContain('not valid JSON')
  })

  test('ten thousand levels deep is no reason to fall over', async () => {
    const on = await trial()
    const deep = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`
    const text = JSON.stringify({ requests: [ask('a', { metadata: 'DEEP' })] }).replace('"DEEP"', deep)
    const { id } = await read(post(on, '/messages/batches', text))
    await on.ended(id)
    expect((await on.rows(id))[0]?.result?.type).toBe('succeeded')
  })
})

describe('answers', () => {
  async function answers(params: Params, count = 40): Promise<NonNullable<NonNullable<Row['result']>['message']>[]> {
    const on = await trial()
    const requests: Request[] = Array.from({ length: count }, (_, index) =>
      ask(`r-${index}`, { max_tokens: 4000, messages: [says(`Question ${index}`)], ...params }),
    )
    const { id } = await on.submit(requests)
    await on.ended(id)
    return (await on.rows(id)).map(({ result }) => {
      if (!result?.message) throw new Error(JSON.stringify(result))
      return result.message
    })
  }
  const kinds = (message: { content: readonly { type: string }[] }) => message.content.map(({ type }) => type).join(' ')

  test('conform to the schema, in the current and in the older form', async () => {
    const form = {
      type: 'json_schema',
      schema: { ...closed, properties: { label: { type: 'string', enum: ['a', 'b'] } }, required: ['label'] },
    }
    for (const params of [{ output_config: { format: form } }, { output_format: form }]) {
      for (const { content } of await answers(params, 10)) {
        expect(['a', 'b']).toContain((JSON.parse(content[0]?.text ?? '') as { label: string }).label)
      }
    }
  })

  test('think by default on the newer models, silently unless asked to show it', async () => {
    const silent = (await answers({ model: 'claude-opus-5' })).filter((message) => kinds(message) === 'thinking text')
    expect(silent.length).toBeGreaterThan(10)
    expect(silent.every(({ content }) => content[0]?.thinking === '')).toBe(true)
    const shown = await answers({ model: 'claude-opus-5', thinking: { type: 'adaptive', display: 'summarized' } })
    expect(shown.some(({ content }) => (content[0]?.thinking ?? '').length > 10)).toBe(true)
    const usage = silent[0]?.usage
    expect(usage?.output_tokens_details.thinking_tokens).toBeGreaterThan(0)
    expect(usage?.output_tokens).toBeGreaterThan(usage?.output_tokens_details.thinking_tokens ?? 0)
    for (const params of [{ model: 'claude-opus-5', thinking: { type: 'disabled' } }, { model: 'claude-haiku-4-5' }]) {
      expect(new Set((await answers(params)).map(kinds))).toEqual(new Set(['text']))
    }
  })

  test('stop at max_tokens, sometimes with nothing but thinking', async () => {
    const messages = await answers({ model: 'claude-opus-5', max_tokens: 8 })
    expect(messages.every(({ usage }) => usage.output_tokens <= 8)).toBe(true)
    const cut = messages.filter(({ stop_reason }) => stop_reason === 'max_tokens')
    expect(new Set(cut.map(kinds))).toEqual(new Set(['thinking', 'text']))
  })

  test('stop before the first stop sequence', async () => {
    const messages = await answers({ stop_sequences: ['zzz', '. '] }, 20)
    const stopped = messages.filter(({ stop_reason }) => stop_reason === 'stop_sequence')
    expect(stopped.length).toBeGreaterThan(5)
    expect(new Set(stopped.map(({ stop_sequence }) => stop_sequence))).toEqual(new Set(['. ']))
    expect(messages.every(({ content }) => !content[0]?.text?.includes('. '))).toBe(true)
  })

  test('call tools when they like to, when they must, and never twice in a row', async () => {
    const free = await answers({ tools })
    expect(new Set(free.map(({ stop_reason }) => stop_reason))).toEqual(new Set(['tool_use', 'end_turn']))
    const must = await answers({ tools, tool_choice: { type: 'tool', name: 'get' } })
    expect(new Set(must.map(kinds))).toEqual(new Set(['tool_use']))
    const never = await answers({ tools, tool_choice: { type: 'none' } })
    expect(new Set(never.map(kinds))).toEqual(new Set(['text']))
    const done = await answers({ tools, messages: [says('a'), call, result('t1')] }, 5)
    expect(new Set(done.map(kinds))).toEqual(new Set(['text']))
  })

  test('count images by their size and documents by their pages', async () => {
    const on = await trial()
    const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
    const tokens = async (...blocks: object[]) => {
      const body = { model: 'claude-haiku-4-5', messages: [says([{ type: 'text', text: 'What?' }, ...blocks])] }
      return ((await read(post(on, '/messages/count_tokens', body))) as unknown as { input_tokens: number })
        .input_tokens
    }
    const plain = await tokens()
    const image = (source: object) => ({ type: 'image', source })
    expect((await tokens(image({ type: 'base64', media_type: 'image/png', data: png }))) - plain).toBe(1)
    expect((await tokens(image({ type: 'url', url: 'https://example.com/a.png' }))) - plain).toBe(1568)
    const pdf = {
      type: 'base64',
      media_type: 'application/pdf',
      data: Buffer.from('/Type /Page /Type /Page ').toString('base64'),
    }
    expect((await tokens({ type: 'document', source: pdf })) - plain).toBe(6000)
    expect(
      (await tokens({ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x'.repeat(400) } })) -
        plain,
    ).toBe(100)
  })
})
