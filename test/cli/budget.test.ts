import { describe, expect, test } from 'vitest'
import type { BudgetStatus, Quote } from '../../src/index.ts'
import { lastJson, Night } from './night.ts'

const night = new Night()
const budgets = async (): Promise<BudgetStatus[]> => JSON.parse((await night.redeye(['budget', '--json'])).stdout)
/** What the job of a file may cost at most. */
const worstOf = async (input: string): Promise<number> => {
  const { lanes } = JSON.parse((await night.redeye(['quote', input, '--json'])).stdout) as Quote
  return Number(lanes[0]?.usd.most)
}

describe('redeye budget', () => {
  test('makes, lists, changes and takes away budgets of all jobs and of tags', async () => {
    expect((await night.redeye(['budget'])).stderr).toContain('redeye budget 500 --per month makes one for all jobs')
    await night.redeye(['budget', '500', '--per', 'month'])
    await night.redeye(['budget', '12.5', '--tag', 'team=search'])
    const { code, stdout } = await night.redeye(['budget', '20', '--tag', 'team=search'])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^budget +USD +spent +in the air +left\nall jobs per month +500\.00 +0 +0 +500\.00 +in \d{4}-\d\d\nteam=search +20\.00 +0 +0 +20\.00\n$/,
    )
    await night.redeye(['budget', 'none', '--per', 'month'])
    expect(await budgets()).toEqual([
      {
        name: 'team=search',
        tag: 'team=search',
        per: 'ever',
        month: null,
        usd: '20',
        spent: '0',
        inAir: '0',
        left: '20',
      },
    ])
  })

  test.each([
    [['much'], /much is no amount in USD/],
    [['--', '-1'], /-1 is no amount in USD/],
    [['5', '--tag', 'search'], /The tag search is not name=value/],
    [['none', '--tag', 'team=search'], /There is no budget of team=search/],
    [['--tag', 'team=search'], /Which amount\?/],
    [['5', '--per', 'week'], /--per <time>.*Allowed choices are month/],
  ])('refuses %j with exit 2', async (args, message) => {
    expect(await night.redeye(['budget', ...args])).toMatchObject({ code: 2, stderr: expect.stringMatching(message) })
  })

  test('the quote says that a job would be held on its way, and run holds it: exit 3, and how to go on', async () => {
    const input = night.lines('in.jsonl', 100)
    const high = await worstOf(input)
    await night.redeye(['budget', (high / 2).toFixed(9), '--tag', 'team=search', '--per', 'month'])
    const tag = ['--tag', 'team=search']
    expect((await night.redeye(['quote', input])).stdout).not.toContain('budget')
    expect((await night.redeye(['quote', input, ...tag])).stdout).toMatch(
      /The budget of 0\.\d+ USD for team=search per month has 0\.\d+ left, and this job may cost up to 0\.\d+: it would be held on its way, until `redeye budget USD --tag team=search --per month` gives it more\./,
    )
    const held = await night.redeye(['run', input, '-o', 'out.jsonl', '--yes', '--key', 'nightly', ...tag])
    expect(held.code).toBe(3)
    expect(held.stderr).toMatch(/held \(budget\): the budget of team=search per month is 0\.\d+ USD; 0 is spent/)
    const [, job = ''] =
      /go on with more: redeye budget USD --tag team=search --per month; then: redeye watch (job_\w+)/i.exec(
        held.stderr,
      ) ?? []
    const shown = (await night.redeye(['show', job])).stdout
    expect(shown).toMatch(/held +held by the budget of .* for team=search per month/)
    expect(shown).toMatch(/to go on +redeye budget USD --tag team=search --per month/)
    const json = JSON.parse((await night.redeye(['show', job, '--json'])).stdout)
    expect(json).toMatchObject({ held: 'budget', heldBy: { of: 'team=search per month', spent: '0', inAir: '0' } })
    expect((await night.redeye(['why', job])).stdout).toMatch(
      /The budget of team=search per month is 0\.\d+ USD; 0 is spent, .* the next step could cost/,
    )
    expect((await night.redeye(['list'])).stdout).toContain('held (budget)')

    await night.redeye(['budget', '10', '--tag', 'team=search', '--per', 'month'])
    const watched = await night.redeye(['watch', job, '--json'])
    expect(lastJson(watched)).toMatchObject({ state: 'landed' })
    expect(await budgets()).toMatchObject([{ spent: lastJson(watched).usd.charged, inAir: '0' }])
  })

  test('five processes that start at once do not pass it together', async () => {
    const inputs = [1, 2, 3, 4, 5].map((number) => night.lines(`in-${number}.jsonl`, 50 + number))
    const high = await worstOf(inputs[4] as string)
    night.emulator.setScenario('stuck-in-progress:times=always')
    await night.redeye(['budget', (high * 2.5).toFixed(9)])
    const ended = await Promise.all(inputs.map((input) => night.redeye(['submit', input, '--yes'])))
    expect(ended.map(({ code }) => code).toSorted()).toEqual([0, 0, 3, 3, 3])
    const [budget] = await budgets()
    expect(Number(budget?.left)).toBeGreaterThanOrEqual(0)
    expect(Number(budget?.inAir)).toBeGreaterThan(high)
  })
})
