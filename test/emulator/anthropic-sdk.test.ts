import { readFileSync } from 'node:fs'
import Anthropic, * as one from '@anthropic-ai/sdk'
import AnthropicZero, * as zero from 'anthropic-sdk-0'
import { describe, expect, test } from 'vitest'
import { ask, asks, post, type Trial, trial } from './anthropic-trial.ts'

/** Both generations of the official client, with the few differences between them. */
const generations = [
  { name: '1.x', sdk: one, version: '2026-10-21', of: (on: Trial) => on.client, Client: Anthropic, column: '1.12.0' },
  {
    name: '0.x',
    sdk: zero,
    version: '2023-06-01',
    // The parts that are used here are the same in both.
    of: (on: Trial) => on.zero as unknown as Anthropic,
    Client: AnthropicZero as unknown as typeof Anthropic,
    column: '0.120.0',
  },
]

interface HttpError {
  readonly name: string
  readonly status: number
  readonly body: {
    readonly error: { readonly type: string; readonly message: string; readonly details?: unknown }
  } | null
  readonly sdk_class: Record<string, string>
}

const httpErrors = JSON.parse(
  readFileSync(new URL('../../src/emulator/anthropic/__fixtures__/errors.http.json', import.meta.url), 'utf8'),
) as HttpError[]

/** How each golden error is brought about. */
const causes: Record<string, (on: Trial, client: Anthropic) => Promise<unknown>> = {
  malformed_json: (_on, client) => client.post('/v1/messages/batches', { body: Buffer.from('{"requests":[') }),
  custom_spend_limit: struck('own-spend-limit', create),
  bad_key: struck('wrong-key', list),
  billing: struck('unpaid', create),
  permission: struck('forbidden', list),
  batch_not_found: (_on, client) => client.messages.batches.retrieve('msgbatch_01FxMissingAAAAAAAAAAAAAAA'),
  async results_not_ready(on, client) {
    const { id } = await on.submit(asks(1))
    return client.get(`/v1/messages/batches/${id}/results`)
  },
  async delete_in_progress(on, client) {
    return client.messages.batches.delete((await on.submit(asks(1))).id)
  },
  async conflict(on, client) {
    on.emulator.setScenario('cancel-idle-409')
    const { id } = await on.submit(asks(1))
    await on.ended(id)
    return client.messages.batches.cancel(id)
  },
  too_large_json: struck('body-limit:100', create),
  too_large_edge_html: struck('edge-413', create),
  rate_limited: struck('storm-429', list),
  tier_spend_cap: struck('tier-spend-limit', create),
  internal: struck('storm-500', list),
  gateway_timeout: struck('create-504-created', create),
  overloaded: struck('storm-529', list),
}

function create(client: Anthropic): Promise<unknown> {
  return client.messages.batches.create({ requests: asks(1) })
}

async function list(client: Anthropic): Promise<unknown> {
  return client.messages.batches.list()
}

function struck(scenario: string, call: (client: Anthropic) => Promise<unknown>) {
  return (on: Trial, client: Anthropic) => {
    on.emulator.setScenario(`anthropic/${scenario}`)
    return call(client)
  }
}

describe.each(generations)('the official client $name, unmodified', ({ sdk, version, of, Client, column }) => {
  const client = of

  test('flies a batch from create to results', async () => {
    const on = await trial()
    const created = await client(on).messages.batches.create({ requests: asks(30) })
    expect(created.processing_status).toBe('in_progress')
    expect(created.request_counts).toEqual({ processing: 30, succeeded: 0, errored: 0, canceled: 0, expired: 0 })
    expect(Date.parse(created.expires_at) - Date.parse(created.created_at)).toBe(86_400_000)
    await expect(client(on).messages.batches.results(created.id)).rejects.toThrow()
    on.emulator.advance(7200)
    const batch = await client(on).messages.batches.retrieve(created.id)
    expect(batch).toMatchObject({ processing_status: 'ended', archived_at: null, cancel_initiated_at: null })
    expect(batch.request_counts).toEqual({ processing: 0, succeeded: 30, errored: 0, canceled: 0, expired: 0 })
    const ids: string[] = []
    for await (const row of await client(on).messages.batches.results(created.id)) {
      ids.push(row.custom_id)
      expect(row.result).toMatchObject({
        type: 'succeeded',
        message: { type: 'message', model: 'claude-haiku-4-5-20251001', usage: { service_tier: 'batch' } },
      })
    }
    const asked = asks(30).map(({ custom_id }) => custom_id)
    expect(ids.toSorted()).toEqual(asked)
    expect(ids).not.toEqual(asked)
    expect((await on.emulator.log()).acts).toMatchObject([{ act: 'create', version, requests: 30 }])
  })

  test('reads results by a relative URL as well', async () => {
    const on = await trial({ scenario: 'relative-results-url' })
    const { id } = await on.submit(asks(3))
    expect((await on.ended(id)).results_url).toBe(`/v1/messages/batches/${id}/results`)
    let rows = 0
    for await (const _ of await client(on).messages.batches.results(id)) rows++
    expect(rows).toBe(3)
  })

  test('pages through batches, forwards and backwards', async () => {
    const on = await trial()
    const ids: string[] = []
    for (let index = 0; index < 5; index++) ids.unshift((await on.submit(asks(1))).id)
    const seen: string[] = []
    for await (const batch of client(on).messages.batches.list({ limit: 2 })) seen.push(batch.id)
    expect(seen).toEqual(ids)
    const newer: string[] = []
    for await (const batch of client(on).messages.batches.list({ limit: 2, before_id: ids[4] ?? '' }))
      newer.push(batch.id)
    expect(newer.toSorted()).toEqual(ids.slice(0, 4).toSorted())
    const before = await client(on).messages.batches.list({ limit: 3, before_id: ids[4] ?? '' })
    expect(before.data.map(({ id }) => id)).toEqual(ids.slice(1, 4))
    expect(before.has_more).toBe(true)
    expect((await client(on).messages.batches.list({ limit: 3, before_id: ids[3] ?? '' })).has_more).toBe(false)
  })

  test('cancels a batch and finds what it had finished; a second cancel changes nothing', async () => {
    const on = await trial({ latency: { medianSeconds: 1000, sigma: 0 } })
    const { id } = await on.submit(asks(40))
    on.emulator.advance(300)
    expect((await client(on).messages.batches.cancel(id)).processing_status).toBe('canceling')
    const again = await client(on).messages.batches.cancel(id)
    expect(again).toMatchObject({ processing_status: 'canceling', request_counts: { processing: 40 } })
    const batch = await on.ended(id, 120)
    const { succeeded, canceled } = batch.request_counts
    expect(succeeded).toBeGreaterThan(0)
    expect(canceled).toBe(40 - succeeded)
    expect((await client(on).messages.batches.cancel(id)).processing_status).toBe('ended')
    const types = (await on.rows(id)).map(({ result }) => result?.type)
    expect(types.filter((type) => type === 'succeeded')).toHaveLength(succeeded)
    expect(types.filter((type) => type === 'canceled')).toHaveLength(canceled)
  })

  test('deletes a batch that has ended, and it is gone', async () => {
    const on = await trial()
    const { id } = await on.submit(asks(2))
    await on.ended(id)
    expect(await client(on).messages.batches.delete(id)).toMatchObject({ id, type: 'message_batch_deleted' })
    await expect(client(on).messages.batches.retrieve(id)).rejects.toBeInstanceOf(sdk.NotFoundError)
    expect((await client(on).messages.batches.list()).data).toEqual([])
    expect((await on.emulator.bill()).nanoUsd).not.toBe('0')
  })

  test('calls the beta batches', async () => {
    const on = await trial()
    const beta = client(on).beta.messages.batches
    const { id } = await beta.create({ requests: asks(2), betas: ['output-300k-2026-03-24'] } as never)
    on.emulator.advance(7200)
    expect((await beta.retrieve(id)).processing_status).toBe('ended')
    let rows = 0
    for await (const _ of await beta.results(id)) rows++
    expect(rows).toBe(2)
    const [act] = (await on.emulator.log()).acts
    expect(act?.['betas']).toContain('output-300k-2026-03-24')
  })

  test('asks for a message, counts its tokens and lists models', async () => {
    const on = await trial()
    const params = ask('a').params
    const message = await client(on).messages.create(params)
    expect(message).toMatchObject({ type: 'message', role: 'assistant', usage: { service_tier: 'standard' } })
    const { max_tokens: _, ...countable } = params
    const { input_tokens } = await client(on).messages.countTokens(countable as never)
    expect(input_tokens).toBe(message.usage.input_tokens)
    const models: string[] = []
    for await (const model of client(on).models.list({ limit: 5 })) models.push(model.id)
    expect(models.length).toBeGreaterThan(15)
    expect(models).toContain('claude-haiku-4-5-20251001')
    const haiku = await client(on).models.retrieve('claude-haiku-4-5')
    expect(haiku).toMatchObject({
      id: 'claude-haiku-4-5-20251001',
      display_name: 'Claude Haiku 4.5',
      max_tokens: 64_000,
    })
  })

  test('keeps the batches of one workspace from another', async () => {
    const on = await trial()
    const { id } = await on.submit(asks(1))
    const other = new Client({
      baseURL: on.emulator.baseUrls.anthropic,
      apiKey: 'sk-ant-test',
      maxRetries: 0,
      defaultHeaders: { 'anthropic-workspace-id': 'wrkspc_other' },
    })
    expect((await other.messages.batches.list()).data).toEqual([])
    await expect(other.messages.batches.retrieve(id)).rejects.toBeInstanceOf(sdk.NotFoundError)
  })

  test('buys twice when it retries a create that was answered with an error, as it does by default', async () => {
    const on = await trial({ scenario: 'create-500-created' })
    const eager = new Client({ baseURL: on.emulator.baseUrls.anthropic, apiKey: 'sk-ant-test' })
    await eager.messages.batches.create({ requests: asks(3) })
    on.emulator.advance(7200)
    expect((await eager.messages.batches.list()).data).toHaveLength(2)
    expect(await on.emulator.tally()).toMatchObject({ submissions: 2, executions: 6, bodies: 3 })
  })

  test.each(httpErrors)(
    'throws the class that belongs to $name ($status)',
    async ({ name, status, body, sdk_class }) => {
      const on = await trial()
      const cause = causes[name]
      if (!cause) throw new Error(`Nothing brings about ${name}.`)
      const error = (await cause(on, client(on)).catch((thrown: unknown) => thrown)) as InstanceType<
        typeof one.APIError
      >
      const wanted = (sdk as unknown as Record<string, new () => unknown>)[sdk_class[column] ?? ''] ?? sdk.APIError
      expect(error).toBeInstanceOf(wanted)
      expect(error.status).toBe(status)
      if (!body) return expect(error.error).toBeUndefined()
      const answered = error.error as { type: string; error: { message: string }; request_id: string }
      expect(answered.request_id).toBe(error.requestID)
      if (name === 'malformed_json')
        return expect(answered.error.message).toContain('The request body is not valid JSON: ')
      const id = /msgbatch_\w+/
      expect(answered.error.message.replace(id, 'ID')).toBe(body.error.message.replace(id, 'ID'))
      expect({ ...answered.error, message: '' }).toEqual({ ...body.error, message: '' })
    },
  )
})

describe('what the client of today adds', () => {
  test('a workspace may be named with the call, and an authToken is a bearer too', async () => {
    const on = await trial()
    const there = await on.client.messages.batches.create({ requests: asks(1), workspace_id: 'wrkspc_there' } as never)
    expect((await on.client.messages.batches.list()).data).toEqual([])
    const listed = await on.client.messages.batches.list({ workspace_id: 'wrkspc_there' } as never)
    expect(listed.data.map(({ id }) => id)).toEqual([there.id])
    const bearer = new Anthropic({ baseURL: on.emulator.baseUrls.anthropic, apiKey: null, authToken: 'token' })
    expect((await bearer.messages.batches.list()).data).toEqual([])
  })

  test('the tier spend limit has a class of its own, and no retry-after', async () => {
    const on = await trial({ scenario: 'tier-spend-limit' })
    const error = (await create(on.client).catch((thrown: unknown) => thrown)) as InstanceType<typeof one.APIError>
    expect(error.constructor.name).toBe('EnforcedSpendLimitReachedError')
    expect(error.headers?.get('retry-after')).toBeNull()
  })

  test('a body that is no batch at all is told in words', async () => {
    const on = await trial()
    const told = async (body: unknown) =>
      ((await (await post(on, '/messages/batches', body)).json()) as { error: { message: string } }).error.message
    expect(await told('[]')).toBe('Input should be a valid dictionary')
    expect(await told({})).toBe('requests: Field required')
    expect(await told({ requests: {} })).toBe('requests: Input should be a valid list')
    expect(await told({ requests: asks(1), betas: [] })).toBe('betas: Extra inputs are not permitted')
    expect(await told({ requests: ['a'] })).toBe('requests.0: Input should be a valid dictionary')
    expect(await told({ requests: [{ custom_id: 7, params: {} }] })).toContain('requests.0.custom_id: Input should be')
    expect(await told({ requests: [ask('a'), { custom_id: 'b' }] })).toBe('requests.1.params: Field required')
    expect(await told({ requests: [{ ...ask('a'), body: {} }] })).toBe(
      'requests.0.body: Extra inputs are not permitted',
    )
  })
})
