import { describe, expect, test } from 'vitest'
import type { Bill, MonthReport, Proof, Recomputed } from '../../src/index.ts'
import { Night } from './night.ts'

const night = new Night()
const admin = { env: { OPENAI_ADMIN_KEY: 'sk-admin-emulated' } }
const fly = async (count: number, ...more: string[]): Promise<void> => {
  const ended = await night.redeye(['run', night.lines('in.jsonl', count), '-o', 'out.jsonl', '--yes', ...more])
  expect(ended).toMatchObject({ code: 0 })
}
const json = async <T>(...args: string[]): Promise<T> =>
  JSON.parse((await night.redeye([...args, '--json'], admin)).stdout) as T

describe('redeye bill', () => {
  test('--against live proves the bill, and says what others bought', async () => {
    await fly(20)
    const proof = await json<Proof>('bill', '--against', 'live')
    const bill = await json<Bill>('bill')
    expect(proof).toMatchObject({ unexplained: '0', vendors: [{ vendor: 'openai', zone: 'UTC' }] })
    expect(proof.vendors[0]?.usd.charged).toBe(bill.total.usd.charged)

    await night.redeye(['run', night.lines('other.jsonl', 5), '-o', 'o.jsonl', '--yes', '--home', night.path('other')])
    const { code, stdout } = await night.redeye(['bill', '--against', 'live'], admin)
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^openai, \d{4}-\d\d-\d\d until \d{4}-\d\d-\d\d \(days of UTC\), USD\nday +what +tier +charged/,
    )
    expect(stdout).toMatch(/gpt-4o-mini +batch .* not bought by this home: another key, program or home/)
    expect(stdout).toContain('The bill is proven: every difference has its reason.')
  })

  test('--against ends with 5 where something of ours is in no report', async () => {
    await fly(5)
    const day = (shift: number) => new Date(night.emulator.now() + shift * 86_400_000).toISOString().slice(0, 10)
    const rows = [-1, 0, 1, 2].map(
      (shift) => `${day(shift)}T00:00:00+00:00,0.000000001,usd,"gpt-4o-mini batch, input"\n`,
    )
    const report = night.write('short.csv', `start_time_iso,amount_value,amount_currency,line_item\n${rows.join('')}`)
    const early = await night.redeye(['bill', '--against', report])
    expect(early).toMatchObject({ code: 0, stdout: expect.stringContaining('not in the report yet') })
    const later = await night.redeye(['bill', '--against', report], { env: { REDEYE_SPEED: '5000000' } })
    expect(later).toMatchObject({
      code: 5,
      stdout: expect.stringMatching(/charged here, not in the report[^]*not explained/),
    })

    const wrong = await night.redeye(['bill', '--against', night.write('what.csv', 'a,b\n')])
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toMatch(/no report of costs that is known here[^]*amount_value[^]*SKU description/)
    expect((await night.redeye(['bill', '--against', 'live'])).stderr).toContain('OPENAI_ADMIN_KEY')
  })

  test('--format prints the sums as CSV, and every entry as FOCUS', async () => {
    await fly(10, '--tag', 'team=search, "night"')
    const bill = await json<Bill>('bill', '--per', 'tag:team')
    const csv = (await night.redeye(['bill', '--per', 'tag:team', '--format', 'csv'])).stdout
    expect(csv).toBe(
      'tag:team,charged_usd,unproven_usd,duplicate_usd,standard_usd,saved_usd,cacheSaved_usd,input_tokens,output_tokens\n' +
        `"search, ""night""",${bill.total.usd.charged},0,0,${bill.total.usd.standard},${bill.total.usd.saved},0,${bill.total.tokens['input']},${bill.total.tokens['output']}\n`,
    )
    const focus = (await night.redeye(['bill', '--format', 'focus'])).stdout.trimEnd().split('\n')
    expect(focus).toHaveLength(3)
    const columns = focus[0]?.split(',') ?? []
    const mandatory =
      'BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd BillingPeriodStart ChargeCategory ' +
      'ChargeClass ChargeDescription ChargePeriodEnd ChargePeriodStart ContractedCost EffectiveCost HostProviderName ' +
      'InvoiceIssuerName ListCost PricingQuantity PricingUnit ProviderName PublisherName ServiceCategory ServiceName ' +
      'ServiceProviderName'
    expect(mandatory.split(' ').filter((name) => !columns.includes(name))).toEqual([])
    expect(columns.filter((name) => !/^(x_)?[A-Z][A-Za-z]+$/.test(name))).toEqual([])
  })

  test('--recompute computes the ledger anew', async () => {
    await fly(10)
    const found = await json<Recomputed>('bill', '--recompute')
    expect(found).toMatchObject({ submissions: 1, entries: 2, differences: [] })
    expect(found.computed).toBe(found.recorded)
    expect((await night.redeye(['bill', '--recompute', '--format', 'csv'])).code).toBe(2)
  })
})

test('redeye report writes a month as a page with charts that loads nothing', async () => {
  await fly(10, '--key', '<b>bold</b>', '--tag', 'team=search')
  const { code, stderr } = await night.redeye(['report', '-o', 'report.html'])
  expect(code).toBe(0)
  expect(stderr).toContain(`Written to ${night.path('report.html')}`)
  const page = night.read('report.html')
  expect(page.match(/<svg /g)).toHaveLength(4)
  expect(page).toContain('&#60;b&#62;bold')
  expect(page).not.toMatch(/<script|https?:|<b>/)
  const month = await json<MonthReport>('report', '-o', 'again.html')
  expect(month.jobs).toMatchObject([{ key: '<b>bold</b>', requests: 10 }])
  expect((await night.redeye(['report', '--month', '2020-01', '-o', '-'])).stdout).toContain('Nothing was charged')
  expect((await night.redeye(['report', '--month', 'May', '-o', '-'])).code).toBe(2)
})
