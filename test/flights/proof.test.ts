import { writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { Proof } from '../../src/index.ts'
import { chats, contents, type Field, field, fly, messages } from './field.ts'
import { cancelHalfWay } from './fly-through.ts'
import { nano } from './judge.ts'

const admin = { OPENAI_ADMIN_KEY: 'sk-admin-flight', ANTHROPIC_ADMIN_KEY: 'sk-ant-admin-flight' }
const withAdmin = (on: Field) => on.open({ env: { ...on.env, ...admin } })

/** What the proof says of each line, and of the whole, adds up. */
function expectClosed(proof: Proof): void {
  for (const { usd, lines } of proof.vendors) {
    const sum = (amounts: readonly string[]) => amounts.reduce((total, amount) => total + signed(amount), 0n)
    for (const line of lines) expect(sum(line.because.map((reason) => reason.usd))).toBe(signed(line.usd.difference))
    expect(sum(lines.map((line) => line.usd.difference))).toBe(signed(usd.difference))
    expect(sum(Object.values(usd.because))).toBe(signed(usd.difference))
  }
}

/** nano-USD by vendor, as the emulated vendors bill them. */
async function billedOf({ emulator }: Field): Promise<Record<string, bigint>> {
  const { vendors } = await emulator.bill()
  return Object.fromEntries(Object.entries(vendors).map(([name, { nanoUsd }]) => [name, BigInt(nanoUsd)]))
}

const signed = (usd: string): bigint => (usd.startsWith('-') ? -nano(usd.slice(1)) : nano(usd))

describe('the bill beside the vendors’ own reports', () => {
  test('is equal to the live cost reports to the nano-dollar, cancelled rows and other keys told apart', async () => {
    await using on = await field({ latency: { medianSeconds: 600, sigma: 0 } })
    const redeye = await withAdmin(on)
    await fly(redeye, chats(30))
    await fly(redeye, messages(20))
    const job = await redeye.submit(chats(40, {}, 100), { tags: { team: 'night' } })
    await cancelHalfWay(job, on)
    await job.wait()
    // Somebody else of the same account.
    await fetch(`${on.env['OPENAI_BASE_URL']}/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-other', 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-5.4-mini', messages: [{ role: 'user', content: 'Hello?' }] }),
    })

    const proof = await redeye.prove('live')
    expectClosed(proof)
    expect(proof.unexplained).toBe('0')
    const billed = await billedOf(on)
    const charged = await redeye.bill()
    for (const { vendor, usd, lines } of proof.vendors) {
      expect(nano(usd.billed)).toBe(billed[vendor])
      for (const { tier, because } of lines)
        expect(because.map(({ reason }) => reason)).toEqual(
          tier === 'standard' ? ['elsewhere'] : expect.not.arrayContaining(['elsewhere', 'missing', 'rounding']),
        )
    }
    const sum = proof.vendors.reduce((total, { usd }) => total + nano(usd.charged), 0n)
    expect(sum).toBe(nano(charged.total.usd.charged ?? ''))
  })

  test('is equal to the CSV that Google’s billing reports export', async () => {
    await using on = await field({ cloud: true })
    const redeye = await withAdmin(on)
    await fly(redeye, contents(20))
    await fly(redeye, chats(10), { model: 'vertex/gemini-3.5-flash' })
    await writeFile(on.path('billing.csv'), await on.emulator.billingExport())

    const proof = await redeye.prove(on.path('billing.csv'))
    expectClosed(proof)
    expect(proof.unexplained).toBe('0')
    const billed = await billedOf(on)
    expect(Object.fromEntries(proof.vendors.map(({ vendor, usd }) => [vendor, nano(usd.billed)]))).toEqual(billed)
    for (const { because } of proof.vendors.flatMap(({ lines }) => lines))
      expect(because.filter(({ reason }) => reason !== 'timing')).toEqual([])
  })

  test('takes a report that lags behind as late, not as wrong', async () => {
    await using on = await field()
    const redeye = await withAdmin(on)
    await fly(redeye, chats(10))
    const since = Math.floor(on.emulator.now() / 86_400_000 - 2) * 86_400
    const url = `${on.env['OPENAI_BASE_URL']}/organization/costs?start_time=${since}&group_by=line_item`
    const report = (await (await fetch(url, { headers: { authorization: 'Bearer sk-admin' } })).json()) as {
      data: { results: { line_item: string }[] }[]
    }
    for (const bucket of report.data)
      bucket.results = bucket.results.filter(({ line_item: item }) => !item.endsWith(', output'))
    await writeFile(on.path('early.json'), JSON.stringify(report))
    const proof = await redeye.prove(on.path('early.json'))
    expectClosed(proof)
    expect(proof.vendors[0]?.usd.because).toEqual({ late: proof.vendors[0]?.usd.difference })
  })

  test('tells the rows that went ahead of a job from other calls at the standard price', async () => {
    await using on = await field()
    const redeye = await withAdmin(on)
    await fly(redeye, chats(1000, { max_completion_tokens: 200 }))
    const proof = await redeye.prove('live')
    expectClosed(proof)
    expect(proof.vendors[0]?.usd.difference).toBe('0')
    const ahead = proof.vendors[0]?.lines.filter(({ usd }) => usd.ahead !== '0')
    expect(ahead).toMatchObject([{ tier: 'standard', usd: { ahead: ahead?.[0]?.usd.charged } }])
  })

  test('says which key it wants, and which files it knows', async () => {
    await using on = await field()
    const redeye = await on.open()
    await expect(redeye.prove('live')).rejects.toMatchObject({
      code: 'no_admin_key',
      message: expect.stringContaining('OPENAI_ADMIN_KEY or ANTHROPIC_ADMIN_KEY'),
    })
    await writeFile(on.path('what.csv'), 'a,b\n1,2\n')
    await expect(redeye.prove(on.path('what.csv'))).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringMatching(/amount_value[^]*usage_date_utc[^]*SKU description/),
    })
    await expect(redeye.prove(on.path('nowhere.csv'))).rejects.toMatchObject({ code: 'unreadable_input' })
  })
})

test('a home’s ledger computed anew is the ledger, and every report of it has the same total', async () => {
  await using on = await field()
  const redeye = await on.open()
  await fly(redeye, chats(20), { tags: { team: 'search' } })
  await fly(redeye, messages(10))
  const { recorded, computed, differences } = await redeye.recompute()
  expect(differences).toEqual([])
  expect(computed).toBe(recorded)
  const { total } = await redeye.bill()
  expect(recorded).toBe(total.usd.charged)

  const { csv, leftOut } = await redeye.focus()
  const [head = '', ...rows] = csv.trimEnd().split('\n')
  const cost = head.split(',').indexOf('BilledCost')
  expect(leftOut).toBe(0)
  expect(rows.reduce((sum, row) => sum + nano(row.split(',')[cost] as string), 0n)).toBe(nano(recorded))

  const month = await redeye.month(new Date(redeye.now()).toISOString().slice(0, 7))
  expect(month.total.usd.charged).toBe(recorded)
  expect(month.jobs).toHaveLength(2)
  expect(month.tags['team']?.map(({ name }) => name).sort()).toEqual(['', 'search'])
})
