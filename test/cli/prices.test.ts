import { once } from 'node:events'
import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { lastJson, Night } from './night.ts'

const night = new Night()

describe('prices', () => {
  test('of a model are shown by lane, with what else there is to know', async () => {
    const { code, stdout } = await night.redeye(['prices', 'gpt-6.2-sol'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/openai\/batch +1 +0\.05 +1\.25 +2\.5 +5 +50 % +within 24h/)
    expect(stdout).toMatch(/prompts above 272,000 +2/)
    expect(stdout).toContain('Both discounts apply: a cached token costs 0.05 in batch, 2.5 % of plain standard input.')
    expect(stdout).toContain('Limits of openai/batch: 50,000 requests')
    expect(stdout).toContain('Regions at openai: us, eu, ae, au, in, jp; 10 % dearer')
    expect(stdout).toContain('Prices as of 2026-11-18')
  })

  test('of a model that nobody knows are exit 2, and names like it are named', async () => {
    const ended = await night.redeye(['prices', 'gpt5-mini', '--json'])
    expect(ended.code).toBe(2)
    expect(lastJson(ended).error).toMatchObject({ code: 'unknown_model', hint: expect.stringContaining('gpt-5-mini') })
  })

  test('without a model are a table of the lanes', async () => {
    const { code, stdout } = await night.redeye(['prices'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ +lane +discount +promised +half \/ nine in ten in +binds first +cache$/m)
    expect(stdout).toMatch(/^ +openai\/batch +50 % +24 h +~20m \/ ~3h 15m +196 MB a purchase +both discounts/m)
    expect(stdout).toMatch(/^- +openai\/completion-window-2h +30 % +2 h /m)
    expect(stdout).toMatch(/^ +deepinfra\/batch +20 % /m)
    expect(existsSync(night.home)).toBe(false)
  })

  test('of all models are a line each', async () => {
    const { stdout } = await night.redeye(['prices', '--models'])
    expect(stdout).toMatch(/^claude-opus-5 +anthropic\/batch .* 50 % /m)
    expect(stdout).toMatch(/^gpt-5 .*deprecated, shut down 2026-12-11$/m)
  })

  test('change with the region, also where nothing is in a file yet', async () => {
    const quoted = async (...more: string[]) => {
      const what = ['quote', '--model', 'claude-opus-5', '--input-tokens', '1M', '--json', ...more]
      const { lanes } = lastJson(await night.redeye(what)) as { lanes: { lane: string; usd: { high: string } }[] }
      return Number(lanes.find(({ lane }) => lane === 'anthropic/batch')?.usd.high)
    }
    expect((await quoted('--region', 'us')) / (await quoted())).toBeCloseTo(1.1, 6)
    const refused = await night.redeye([
      'quote',
      '--model',
      'gemini-3.5-flash',
      '--input-tokens',
      '1M',
      '--region',
      'us',
    ])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('gemini has no region "us" for gemini-3.5-flash; it has none.')
    expect(refused.stderr).toMatch(/Vendors with a region "us": openai, anthropic, vertex/)
  })
})

describe('prices of one’s own', () => {
  const source = 'https://prices.example/contract'
  const file = (...models: object[]): string =>
    JSON.stringify({ schemaVersion: 1, models: models.map((row) => ({ source, asOf: '2026-11-24', ...row })) })
  const mini = { standard: { input: 0.1, output: 0.4 }, batch: { input: 0.05, output: 0.2 } }

  test('in the working folder or the home are what a quote and the list go by', async () => {
    const quoted = async () => {
      const { stdout } = await night.redeye(['quote', '--model', 'gpt-4o-mini', '--input-tokens', '1B', '--json'])
      return (JSON.parse(stdout) as { lanes: { usd: { high: string } }[] }).lanes[0]?.usd.high
    }
    expect(await quoted()).toBe('75')
    night.write('redeye.prices.json', file({ model: 'openai/gpt-4o-mini', usdPerMillion: mini }))
    expect(await quoted()).toBe('50')
    mkdirSync(night.home)
    night.write('home/redeye.prices.json', file({ model: 'openai/gpt-9', usdPerMillion: mini }))
    const { stdout } = await night.redeye(['prices', 'gpt-9'])
    expect(stdout).toMatch(/openai\/batch +0\.05 /)
    expect(stdout).toContain(`Prices as of 2026-11-24 (confidence: medium), from ${source}`)
  })

  test('are what a job is charged', async () => {
    night.write('redeye.prices.json', file({ model: 'openai/gpt-4o-mini', usdPerMillion: mini }))
    const before = await night.billed()
    const input = night.lines('input.jsonl', 3)
    const ran = await night.redeye(['run', input, '-o', night.path('out.jsonl'), '--yes', '--json'])
    expect(ran.code).toBe(0)
    const bill = lastJson(await night.redeye(['bill', '--json']))
    const { charged, standard } = bill.lines[0].usd
    const ours = Number(charged)
    const billed = (await night.billed()) - before
    expect(ours).toBeGreaterThan(0)
    expect(Number(standard)).toBeCloseTo(ours * 2, 9)
    expect(ours / billed).toBeCloseTo(0.05 / 0.075, 6) // input and output are a third cheaper alike
  })

  test('that cannot be right are refused with their source, before anything is sent', async () => {
    const wrong = { model: 'openai/gpt-4o-mini', usdPerMillion: { batch: { output: 0.45 } } }
    night.write('redeye.prices.json', file(wrong))
    const before = await night.purchases()
    const ran = await night.redeye(['run', night.lines('input.jsonl', 3), '-o', night.path('out.jsonl'), '--yes'])
    expect(ran.code).toBe(3)
    expect(ran.stderr).toContain('The price of gpt-4o-mini in batch is refused: output is 0.45, 0.75 of standard 0.6')
    expect(ran.stderr).toContain(`Source: ${source}, in ${realpathSync(night.folder)}/redeye.prices.json`)
    expect(await night.purchases()).toBe(before)
  })

  test('that are malformed are exit 2, with their path', async () => {
    night.write('redeye.prices.json', '{"schemaVersion": 2}')
    const { code, stderr } = await night.redeye(['prices', 'gpt-5'])
    expect(code).toBe(2)
    expect(stderr).toContain(`${realpathSync(night.folder)}/redeye.prices.json is no list of prices:`)
    expect(stderr).toContain('schemaVersion: ')
  })
})

describe('a refresh', () => {
  const gpt5 = { litellm_provider: 'openai', mode: 'chat', input_cost_per_token: 1.25e-6, output_cost_per_token: 1e-5 }
  const mini = { ...gpt5, input_cost_per_token: 1e-7, output_cost_per_token: 4e-7 }
  const wrong = { ...gpt5, input_cost_per_token: 2.5e-6, output_cost_per_token_batches: 7.5e-6 }
  const map = JSON.stringify({ 'gpt-5': gpt5, 'gpt-4o-mini': mini, 'gpt-9': mini, 'gpt-4o-2024-08-06': wrong })
  const written = 'home/prices.refreshed.json'

  test('shows what it would change, and changes it when told to', async () => {
    night.write('map.json', map)
    const shown = await night.redeye(['prices', '--refresh', 'map.json'])
    expect(shown.code).toBe(3)
    expect(shown.stderr).toContain('nobody can be asked; nothing was changed')
    expect(shown.stdout).toContain('in the shape of LiteLLM: ')
    expect(shown.stdout).toMatch(/^openai\/gpt-4o-mini +standard input +0\.15 +0\.1$/m)
    expect(shown.stdout).toMatch(/^openai\/gpt-4o-mini +batch output +0\.3 +0\.2$/m)
    expect(shown.stdout).toMatch(/^openai\/gpt-9 +0\.1 +0\.4 +– +–$/m)
    expect(shown.stdout).toMatch(/Refused:\n[^]*· The price of gpt-4o-2024-08-06 in batch is refused: output is 7\.5/)
    expect(existsSync(night.path(written))).toBe(false)

    const agreed = await night.redeye(['prices', '--refresh', 'map.json', '--yes'])
    expect(agreed.code).toBe(0)
    expect(agreed.stderr).toContain(`Used from now on: ${night.path(written)}`)
    const { stdout } = await night.redeye(['prices', 'gpt-4o-mini', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ asOf: new Date().toISOString().slice(0, 10) })
    const again = await night.redeye(['prices', '--refresh', 'map.json'])
    expect(again.code).toBe(0)
    expect(again.stdout).toContain('0 figures changed, 0 models new')
  })

  test('reads an address, and says so where that does not answer', async () => {
    const cost = { cost: { input: 1.25, output: 11 }, limit: { context: 400_000, output: 128_000 } }
    const models = { openai: { id: 'openai', models: { 'gpt-5': cost } } }
    const server = createServer(({ url }, answer) => {
      answer.statusCode = url === '/api.json' ? 200 : 404
      answer.end(JSON.stringify(models))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { code, stdout } = await night.redeye(['prices', '--refresh', `${at}/api.json`, '--yes', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ shape: 'models.dev', source: `${at}/api.json`, added: [] })
    expect(JSON.parse(stdout).changed).toContainEqual({ model: 'openai/gpt-5', what: 'batch output', was: 5, is: 5.5 })
    expect((await night.redeye(['prices', '--refresh', `${at}/gone`])).stderr).toContain('answers 404')
    server.close()
    await once(server, 'close')
    const gone = await night.redeye(['prices', '--refresh', `${at}/api.json`])
    expect(gone.code).toBe(4)
    expect(gone.stderr).toContain('does not answer')
  })

  test('of another shape, of no JSON, of no file, or a lonely --yes is exit 2', async () => {
    night.write('other.json', '{"gpt-5": {"price": 1}}')
    night.write('text.json', 'prices')
    for (const [args, said] of [
      [['--refresh', 'other.json'], 'other.json is no map of prices that is known here'],
      [['--refresh', 'text.json'], 'text.json: Unexpected token'],
      [['--refresh', 'none.json'], 'none.json cannot be read'],
      [['--yes'], '--yes agrees to what --refresh would change'],
    ] as const) {
      const { code, stderr } = await night.redeye(['prices', ...args])
      expect(code).toBe(2)
      expect(stderr).toContain(said)
    }
  })
})

describe('doctor', () => {
  test('shows the limits of an account, and what the other vendors want', async () => {
    const { code, stdout } = await night.redeye(['doctor'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/ok +account +openai at .*\n +50,000 requests and 196 MB a purchase/)
    expect(stdout).toContain('anthropic: not configured; it wants ANTHROPIC_API_KEY')
    expect(stdout).toContain('vertex: not configured; it wants GOOGLE_CLOUD_PROJECT and REDEYE_VERTEX_BUCKET')
  })

  test('lists what was left at the vendors, and deletes it when told to', async () => {
    const input = night.lines('input.jsonl', 3)
    const ran = await night.redeye(['run', input, '-o', night.path('out.jsonl'), '--yes', '--keep-remote'])
    expect(ran.code).toBe(0)
    const listed = await night.redeye(['doctor', '--remote'])
    expect(listed.code).toBe(0)
    expect(listed.stdout).toMatch(/openai +input +file-\S+ +\S+ (bytes|kB) +\S+.* job_\w+ +can be deleted/)
    expect(listed.stdout).toContain('2 leftovers can be deleted: redeye doctor --remote --remove')
    const removed = await night.redeye(['doctor', '--remote', '--remove', '--json'])
    expect(lastJson(removed).leftovers.map((left: { removed: boolean }) => left.removed)).toEqual([true, true])
    expect((await night.redeye(['doctor', '--remote'])).stdout).toBe('Nothing is left at the vendors.\n')
    expect((await night.redeye(['doctor', '--remove'])).code).toBe(2)
  })
})
