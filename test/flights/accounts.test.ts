import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import type { AccountConfig } from '../../src/index.ts'
import { chats, type Field, field, fly } from './field.ts'

/** An engine as vLLM answers its free calls, until the test's field is gone. */
async function engine(models: readonly string[], metrics = true) {
  const server = createServer(({ url }, response) => {
    const json = { object: 'list', data: models.map((id) => ({ id, object: 'model' })) }
    const [status, text] =
      url === '/v1/models'
        ? [200, JSON.stringify(json)]
        : url === '/metrics' && metrics
          ? [200, 'vllm:num_requests_running 0.0\nvllm:num_requests_waiting 0.0\n']
          : [404, '{"detail":"Not Found"}']
    response.writeHead(status, { 'content-type': url === '/metrics' ? 'text/plain' : 'application/json' }).end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

/** An environment without the usual key of OpenAI. */
const without = ({ env }: Field) => ({ ...env, OPENAI_API_KEY: undefined, TEAM_KEY: 'sk-secret-of-team' })
const team: AccountConfig = { name: 'team', provider: 'openai', apiKeyEnv: 'TEAM_KEY' }

describe.concurrent('An account of the config', () => {
  test('flies a job where the environment has no key, and its key lies nowhere', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open({ env: without(on), config: { accounts: [team] } })
    const job = await fly(redeye, chats(20))
    expect((await job.receipt()).requests).toMatchObject({ total: 20, succeeded: 20 })
    const files = readdirSync(on.home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    const holding = files.filter(({ parentPath, name }) =>
      readFileSync(join(parentPath, name)).includes('sk-secret-of-team'),
    )
    expect(holding).toEqual([])
  })

  test('stands beside that of the environment and others of the same vendor', async ({ expect }) => {
    await using on = await field()
    const accounts: AccountConfig[] = [
      team,
      { name: 'other', provider: 'openai', environment: { OPENAI_PROJECT_ID: 'proj_other' } },
      { name: 'keyless', provider: 'openai', apiKeyEnv: 'NOT_SET' },
    ]
    const env = { ...without(on), OPENAI_API_KEY: 'sk-usual' }
    const redeye = await on.open({ env, config: { accounts } })
    const checks = (await redeye.doctor()).accounts.filter(({ vendor }) => vendor === 'openai')
    expect(checks.map(({ name, ok }) => [name, ok])).toEqual([
      ['openai', true],
      ['team', true],
      ['other', true],
      ['keyless', false],
    ])
    expect(new Set(checks.map(({ account }) => account)).size).toBe(4)
    expect(checks[3]?.detail).toBe('NOT_SET is not set')
  })

  test('takes over what the queue of the other has no room for, though nothing presses', async ({ expect }) => {
    await using on = await field({ speed: 600, scenario: 'openai/queue-full:times=1' })
    const other: AccountConfig = { ...team, environment: { OPENAI_PROJECT_ID: 'proj_team' } }
    const redeye = await on.open({ env: { ...on.env, TEAM_KEY: 'sk-team' }, config: { accounts: [other] } })
    const job = await fly(redeye, chats(60), { shardRequests: 20 })
    expect((await job.receipt()).requests).toMatchObject({ total: 60, succeeded: 60 })
    const told: string[] = []
    for await (const { type, data } of job.events({ follow: false }))
      if (type === 'decided') told.push((data as { account: string }).account)
    expect(new Set(told).size).toBe(2)
    const ran = (await on.emulator.log()).purchases.filter(({ executed }) => executed > 0)
    expect(ran.map(({ lines }) => lines)).toEqual([20, 20, 20])
  })

  test('with a region puts all of its requests there', async ({ expect }) => {
    await using on = await field()
    const config = { accounts: [{ name: 'claude-us', provider: 'anthropic', apiKeyEnv: 'TEAM_KEY', region: 'us' }] }
    const redeye = await on.open({ env: { ...without(on), ANTHROPIC_API_KEY: undefined }, config })
    const quote = (region?: string) =>
      redeye.quote(chats(3), { model: 'claude-opus-5', ...(region === undefined ? {} : { region }) })
    const [own, said] = await Promise.all([quote(), quote('global')])
    const noted = (of: typeof own) => of.lanes.flatMap(({ notes }) => notes).filter((note) => /residency/.test(note))
    expect(noted(own)).not.toEqual([])
    expect(noted(said)).toEqual([])
  })

  test('that is an engine of one’s own is checked by its free calls', async ({ expect }) => {
    await using on = await field()
    await using vllm = await engine(['qwen', 'llama'])
    await using bare = await engine(['qwen'], false)
    const accounts: AccountConfig[] = [
      {
        name: 'gpu',
        provider: 'own',
        baseUrl: vllm.url,
        models: ['qwen'],
        window: '22:00-06:00',
        tz: 'Europe/Berlin',
        yieldWhen: { waiting: 1 },
        usdPerHour: 2.5,
        gpus: 2,
      },
      { name: 'wrong', provider: 'own', baseUrl: vllm.url, models: ['mistral'] },
      { name: 'blind', provider: 'own', baseUrl: bare.url, yieldWhen: { waiting: 1 } },
    ]
    const redeye = await on.open({ config: { accounts } })
    const found = Object.fromEntries((await redeye.doctor()).accounts.map((account) => [account.name, account]))
    expect(found['gpu']).toMatchObject({ ok: true, vendor: 'own', limits: null })
    expect(found['gpu']?.detail).toMatch(
      /serves qwen, llama; 22:00-06:00 \(Europe\/Berlin\); yields when 1 or more wait; 2 GPUs of 2.5 USD an hour$/,
    )
    expect(found['wrong']).toMatchObject({ ok: false, detail: 'it does not serve mistral, but qwen, llama' })
    expect(found['blind']).toMatchObject({ ok: false, detail: expect.stringMatching(/are metrics switched on/) })
  })

  test('is not needed for one engine: two variables are enough', async ({ expect }) => {
    await using on = await field()
    await using vllm = await engine(['qwen'])
    const redeye = await on.open({ env: { ...on.env, REDEYE_ENGINE_URL: vllm.url } })
    const { accounts, missing } = await redeye.doctor()
    const own = accounts.find(({ vendor }) => vendor === 'own')
    expect(own).toMatchObject({ name: 'own', ok: true })
    expect(own?.detail).toMatch(/serves qwen; nothing is charged for it$/)
    expect(missing.map(({ vendor }) => vendor)).not.toContain('own')
    const none = await (await on.open()).doctor()
    expect(none.missing).toContainEqual({ vendor: 'own', wants: ['REDEYE_ENGINE_URL'] })
  })
})
