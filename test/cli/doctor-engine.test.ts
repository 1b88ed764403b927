import { describe, expect, test } from 'vitest'
import type { EngineMeasured } from '../../src/index.ts'
import { vllm } from '../executor/vllm.ts'
import { lastJson, Night } from './night.ts'

const night = new Night()

/** 400 tokens of answers a second when full, and 200 of a prompt with each 64 of those. */
const law = { perRequest: 200, full: 2 }
const perSecond = 400 * (1 + 200 / 64)

describe('redeye doctor --engine', () => {
  test('prints speed and price of an engine, and when it is cheaper than batches', async () => {
    await using engine = await vllm(law)
    const ended = await night.redeye(['doctor', '--engine', engine.url, '--usd-per-hour', '0.9', '--json'])
    expect(ended.code).toBe(0)
    const { best, economy, ended: why, model } = lastJson(ended) as EngineMeasured
    expect(model).toBe('qwen')
    expect(why.why).toBe('flat')
    expect((best?.outputPerSecond ?? 0) / 400).toBeCloseTo(1, 0.5)
    expect((economy?.usdPerMillion ?? 0) / ((0.9 / 3600 / perSecond) * 1e6)).toBeCloseTo(1, 0.5)
    expect(economy?.compared.map(({ lane }) => lane).toSorted()).toEqual(
      ['anthropic', 'gemini', 'openai'].flatMap((vendor) => [`${vendor}/batch`, `${vendor}/batch`]),
    )
    for (const { usdPerMillion, breakEven } of economy?.compared ?? [])
      expect(breakEven).toBeCloseTo((economy?.usdPerMillion ?? 0) / usdPerMillion, 10)
    expect(ended.stderr).toMatch(/1 at once: .*\n.*2 at once: /)
  })

  test('measures an account of the config, and says the same in words', async () => {
    await using engine = await vllm({ ...law, metrics: false })
    night.write(
      'redeye.config.ts',
      `const url: string = '${engine.url}'
       export default { accounts: [{ name: 'gpu', provider: 'own', baseUrl: url, usdPerHour: 0.5, gpus: 2 }] }`,
    )
    const args = ['doctor', '--engine', 'gpu', '--compare', 'gpt-5.4-mini']
    const { code, stdout } = await night.redeye(args)
    expect(code).toBe(0)
    expect(stdout).toMatch(/qwen at http.*: 1\d\d tokens of answers a second with 1 request at once/)
    expect(stdout).toMatch(/whether others wait is not known/)
    expect(stdout).toMatch(/tokensPerSecond: 1\d\d/)
    expect(stdout).toMatch(/At 1 USD an hour and full use a million tokens cost 0\.\d\d USD, 24 % of them answers\./)
    expect(stdout).toMatch(/openai\/batch +gpt-5\.4-mini +0\.\d\d +\d+ % busy/)
  })

  test('ends at the first Ctrl-C with what it has', async () => {
    await using engine = await vllm(law)
    // Without a path it is the API that is meant.
    const running = night.start(['doctor', '--engine', engine.url.replace('/v1', ''), '--json'])
    await running.said('1 at once')
    running.interrupt()
    const ended = await running.ended
    expect(ended.code).toBe(130)
    expect(lastJson(ended)).toMatchObject({ steps: [{ concurrency: 1 }], ended: { why: 'stopped' }, economy: null })
  })

  test.each([
    ['a name that is no engine', ['--engine', 'gpu'], 2, /gpu is no address, and no engine of the config/],
    ['a model to compare that nobody sells', ['--engine', 'http://x/v1', '--compare', 'no-model'], 2, /no-model/],
    ['what is measured without an engine', ['--usd-per-hour', '2'], 2, /Name it by --engine/],
    ['an engine that is not there', ['--engine', 'http://127.0.0.1:9/v1'], 4, /Is it running/],
  ])('refuses %s', async (_, flags, code, message) => {
    const ended = await night.redeye(['doctor', ...flags])
    expect(ended.code).toBe(code)
    expect(ended.stderr).toMatch(message)
  })
})
