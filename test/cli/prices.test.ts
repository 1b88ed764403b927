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

  test('of all models are a line each', async () => {
    const { stdout } = await night.redeye(['prices'])
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
