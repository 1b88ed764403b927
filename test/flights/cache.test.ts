import { describe, expect, test } from 'vitest'
import { chats, field, fly, idOf, messages, outputLines } from './field.ts'
import { judge } from './judge.ts'

/** Long enough to be kept by any model. */
const handbook = (title: string): string =>
  `${title}\n${Array.from({ length: 900 }, (_, line) => `Rule ${line} of ${title}: be brief, be kind, and cite rule ${line * 7}.`).join('\n')}`

const asked = (count: number, more: object) => messages(count, more as never)

describe.concurrent('beginnings that prompts share', () => {
  test('are marked and primed at a vendor that keeps what it is asked to, and that is cheaper', {
    timeout: 120_000,
  }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const lines = asked(120, { system: handbook('The handbook') })
    const job = await fly(redeye, lines)
    const receipt = await job.receipt()
    expect(receipt.requests).toMatchObject({ succeeded: 120 })
    expect(receipt.cache?.predicted?.high).toBeGreaterThan(0.9)
    expect(receipt.cache?.read).toBeGreaterThan(0.85)
    expect(Number(receipt.cache?.usd)).toBeGreaterThan(0)
    expect(receipt.usd.quotedHigh).not.toBeNull()
    // The emulated vendor counts fewer tokens than Claude's own tokenizer makes of a text.
    expect(Number(receipt.usd.charged)).toBeGreaterThanOrEqual(Number(receipt.usd.quotedLow) * 0.7)
    expect(Number(receipt.usd.charged)).toBeLessThanOrEqual(Number(receipt.usd.quotedHigh))
    const { purchases } = await on.emulator.log({ ids: true })
    expect(purchases.map(({ rows = [] }) => rows.length).sort((a, b) => a - b)).toEqual([1, 119])
    const verdict = await judge(on.emulator, [{ ids: lines.map(idOf), receipt, lines: await outputLines(job) }])
    expect(verdict.faults).toEqual([])
  })

  test('are left alone with --cache off, and only predicted with --cache plan', { timeout: 120_000 }, async ({
    expect,
  }) => {
    await using on = await field()
    const redeye = await on.open()
    const lines = asked(40, { system: handbook('The handbook') })
    const plan = await redeye.quote(lines, { cache: 'plan' })
    expect(plan.cache).toMatchObject({ isMarked: false, prefixes: 1 })
    expect((await redeye.quote(lines, { cache: 'off' })).cache).toBeUndefined()
    expect((await redeye.quote(lines)).cache).toMatchObject({ isMarked: true, prefixes: 1 })
    const receipt = await (await fly(redeye, lines, { cache: 'plan' })).receipt()
    expect(receipt.cache).toMatchObject({ read: 0, written: 0 })
    expect((await on.emulator.log()).purchases).toHaveLength(1)
  })

  test('are not marked where that could pass the budget, so that no job is held for a saving', {
    timeout: 120_000,
  }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const lines = asked(40, { system: handbook('The handbook') })
    const high = async (cache: 'auto' | 'plan') => {
      const { lanes, recommended } = await redeye.quote(lines, { cache })
      return Number(lanes.find(({ lane }) => lane === recommended)?.usd.high)
    }
    const [marked, plain] = [await high('auto'), await high('plan')]
    expect(marked).toBeGreaterThan(plain * 1.2)
    const receipt = await (await fly(redeye, lines, { budget: (plain * 1.1).toFixed(6) })).receipt()
    expect(receipt.cache).toMatchObject({ read: 0, written: 0 })
    expect(receipt.requests.succeeded).toBe(40)
  })

  test('narrow the quote once three jobs have shown how often they are found', { timeout: 120_000 }, async ({
    expect,
  }) => {
    await using on = await field()
    const redeye = await on.open()
    const lines = asked(40, { system: handbook('The handbook') })
    const width = async () => {
      const { cache } = await redeye.quote(lines)
      return (cache?.read.high ?? 0) - (cache?.read.low ?? 0)
    }
    const before = await width()
    for (let job = 0; job < 3; job++) await fly(redeye, lines)
    const after = await width()
    expect(before).toBeGreaterThan(0.5)
    expect(after).toBeLessThan(before / 2)
  })

  test('of several documents each is primed once, and what all share beside', { timeout: 120_000 }, async ({
    expect,
  }) => {
    await using on = await field()
    const redeye = await on.open()
    const lines = Array.from({ length: 60 }, (_, at) => ({
      custom_id: `q-${at}`,
      params: {
        model: 'claude-haiku-4-5',
        max_tokens: 100,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: handbook(`Document ${at % 3}`) },
              { type: 'text', text: `What does it say of ${at}?` },
            ],
          },
        ],
        system: [{ type: 'text', text: handbook('The handbook') }],
      },
    }))
    const job = await fly(redeye, lines)
    const receipt = await job.receipt()
    const { purchases } = await on.emulator.log({ ids: true })
    expect(purchases.map(({ rows = [] }) => rows.length).sort((a, b) => a - b)).toEqual([3, 57])
    expect(receipt.cache?.read).toBeGreaterThan(0.75)
    const verdict = await judge(on.emulator, [{ ids: lines.map(idOf), receipt, lines: await outputLines(job) }])
    expect(verdict.faults).toEqual([])
  })

  test('are not marked where a request says itself what is to be kept, nor where they are too short or too few', {
    timeout: 120_000,
  }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const own = [{ type: 'text', text: handbook('The handbook'), cache_control: { type: 'ephemeral' } }]
    expect((await redeye.quote(asked(40, { system: own }))).cache).toBeUndefined()
    expect((await redeye.quote(asked(40, { system: 'Be brief.' }))).cache).toBeUndefined()
    expect((await redeye.quote(asked(6, { system: handbook('The handbook') }))).cache).toBeUndefined()
    const few = asked(6, { system: handbook('The handbook') })
    const often = Array.from({ length: 60 }, (_, at) => ({ ...few[at % 6], custom_id: `q-${at}` }))
    expect((await redeye.quote(often, { dedupe: true })).cache).toBeUndefined()
    expect((await redeye.quote(often)).cache).toBeDefined()
  })

  test('are read unasked where the vendor keeps them by itself, and the low end counts on it', {
    timeout: 120_000,
  }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const lines = chats(60).map((line) => ({
      ...line,
      body: {
        ...line.body,
        messages: [{ role: 'system', content: handbook('The handbook') }, ...(line.body['messages'] as [])],
      },
    }))
    const job = await fly(redeye, lines)
    const receipt = await job.receipt()
    expect(receipt.cache?.predicted).toMatchObject({ low: 0 })
    expect(receipt.cache?.read).toBeGreaterThan(0.8)
    expect(Math.abs((receipt.cache?.predicted?.high ?? 0) - (receipt.cache?.read ?? 0))).toBeLessThan(0.1)
    expect(Number(receipt.usd.charged)).toBeGreaterThanOrEqual(Number(receipt.usd.quotedLow) * 0.9)
    expect((await on.emulator.log()).purchases).toHaveLength(1)
  })
})

test('beginnings are primed under a deadline that leaves time for it, and not under one that is near', {
  timeout: 120_000,
}, async ({ expect }) => {
  await using on = await field({ speed: 600 })
  const redeye = await on.open()
  const lines = asked(60, { system: handbook('The handbook') })
  const rowsBought = async () => (await on.emulator.log({ ids: true })).purchases.map(({ rows = [] }) => rows.length)
  const calm = await fly(redeye, lines, { by: new Date(redeye.now() + 20 * 3_600_000) })
  expect(await calm.receipt()).toMatchObject({ metDeadline: true, requests: { succeeded: 60 } })
  expect(await rowsBought()).toContain(1)
  const before = (await rowsBought()).length
  const near = asked(60, { system: handbook('Another handbook') })
  const hurried = await fly(redeye, near, { by: new Date(redeye.now() + 5.8 * 3_600_000) })
  expect(await hurried.receipt()).toMatchObject({ metDeadline: true, requests: { succeeded: 60 } })
  expect((await rowsBought()).slice(before)).not.toContain(1)
})

test('requests with the same beginning go in the same purchase, where there are many of them', {
  timeout: 120_000,
}, async () => {
  await using on = await field()
  const redeye = await on.open()
  const documents = [0, 1, 2].map((at) => handbook(`Document ${at}`).slice(0, 6000))
  const lines = chats(2400).map((line, at) => ({
    ...line,
    body: {
      ...line.body,
      messages: [{ role: 'system', content: documents[at % 3] }, ...(line.body['messages'] as [])],
    },
  }))
  const rowsBought = async () =>
    (await on.emulator.log({ ids: true })).purchases.map(({ rows = [] }) => rows.length).sort((a, b) => a - b)
  const job = await fly(redeye, lines, { preflight: false })
  expect(await rowsBought()).toEqual([800, 800, 800])
  const receipt = await job.receipt()
  const verdict = await judge(on.emulator, [{ ids: lines.map(idOf), receipt, lines: await outputLines(job) }])
  expect(verdict.faults).toEqual([])
})

test('where batch has no cached price, the quote says when cached standard calls cost less', async () => {
  await using on = await field()
  const redeye = await on.open()
  const lines = chats(50).map((line) => ({
    ...line,
    body: {
      model: 'gpt-4.1',
      max_completion_tokens: 20,
      messages: [{ role: 'system', content: handbook('The handbook') }, ...(line.body['messages'] as [])],
    },
  }))
  const { lanes } = await redeye.quote(lines)
  const notes = lanes.flatMap(({ notes }) => notes).join('\n')
  expect(notes).toMatch(/standard calls that read it from the cache would cost about [\d.]+ USD, batch [\d.]+/)
})
