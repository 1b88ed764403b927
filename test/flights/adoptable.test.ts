import { describe, test } from 'vitest'
import { chats, field, messages, until } from './field.ts'
import { nano } from './judge.ts'
import { byAnthropic, byGemini, byOpenai, byVertex, vertexRows } from './of-others.ts'

describe.concurrent('what lies at an account', { timeout: 60_000 }, () => {
  test('has the price of its own results where the vendor reports no tokens, and none while it runs', async ({
    expect,
  }) => {
    await using on = await field({ cloud: true })
    const redeye = await on.open()
    const theirs = {
      anthropic: await byAnthropic(on),
      gemini: await byGemini(on),
      vertex: await byVertex(on, vertexRows(20)),
    }
    for (const one of Object.values(theirs)) await one.results()
    on.emulator.setScenario(['slow'])
    await byAnthropic(on, messages(3))
    const { vendors } = await on.emulator.bill()
    for (const vendor of ['anthropic', 'gemini', 'vertex'] as const) {
      const found = await redeye.adoptable({ account: vendor })
      const ended = found.find(({ ended: over }) => over)
      expect(ended).toMatchObject({ by: 'others', job: null, rows: { total: 20, done: 20 } })
      expect(ended?.usd).toMatchObject({ basis: 'counted' })
      expect(nano(ended?.usd?.batch ?? '')).toBe(BigInt(vendors[vendor]?.nanoUsd ?? 0))
      const running = found.filter(({ ended: over }) => !over)
      expect(running.map(({ usd, expires }) => [usd, expires.what])).toEqual(
        vendor === 'anthropic' ? [[null, 'requests']] : [],
      )
    }
  })

  test('is estimated by the first of its results where there are many, and says so', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    await (await byAnthropic(on, messages(1500))).results()
    const [found] = await redeye.adoptable({ account: 'anthropic' })
    expect(found?.usd?.basis).toBe('sampled')
    const bill = Number((await on.emulator.bill()).usd)
    expect(Number(found?.usd?.batch) / bill).toBeGreaterThan(0.9)
    expect(Number(found?.usd?.batch) / bill).toBeLessThan(1.1)
  })

  test("is told apart: this home's, another home's, and others'", async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const stranger = await on.open({ home: on.path('another') })
    for (const home of [redeye, stranger])
      for (const input of [chats(5), messages(5)]) await (await home.submit(input, { keepRemote: true })).wait()
    const theirs = { openai: await byOpenai(on), anthropic: await byAnthropic(on) }
    for (const [vendor, one] of Object.entries(theirs)) {
      await one.results()
      const found = await redeye.adoptable({ account: vendor })
      expect(found.map(({ by }) => by).toSorted()).toEqual(['another home', 'others', 'this home'])
      expect(found.filter(({ job }) => job !== null).map(({ by }) => by)).toEqual(['this home'])
      const own = found.find(({ by }) => by === 'this home')
      expect(await redeye.adopt(own?.batch ?? '')).toMatchObject({ own: true, created: false, job: own?.job })
      const another = found.find(({ by }) => by === 'another home')
      const adopted = await redeye.adopt(another?.batch ?? '')
      expect(adopted).toMatchObject({ own: false, created: true })
      expect((await redeye.job(adopted.job).wait()).requests).toMatchObject({ total: 5, succeeded: 5 })
    }
  })

  test('is left alone where it may be what this home has bought and not found yet', async ({ expect }) => {
    await using on = await field({
      speed: 60,
      scenario: 'anthropic/create-response-lost',
      latency: { medianSeconds: 36_000, sigma: 0 },
    })
    const redeye = await on.open()
    const job = await redeye.submit(messages(5))
    const leaving = new AbortController()
    const flying = job.wait({ signal: leaving.signal })
    await until(async () => ['unsure', 'candidate'].includes((await job.submissions())[0]?.state ?? ''))
    const [found] = await redeye.adoptable({ account: 'anthropic' })
    expect(found).toMatchObject({ job: null, obstacle: expect.stringContaining(job.id) })
    const refusal = await redeye.adopt(found?.batch ?? '').catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'may_be_ours', exitCode: 3 })
    leaving.abort()
    await expect(flying).rejects.toBe(leaving.signal.reason)
  })
})
