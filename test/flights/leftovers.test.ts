import { rm } from 'node:fs/promises'
import { describe, test } from 'vitest'
import { chats, type Field, field, fly, messages, until } from './field.ts'

const paths = { openai: '/files', anthropic: '/v1/messages/batches' } as const

/** How many files or batches there are, by what the vendor itself lists. */
async function listed(on: Field, vendor: keyof typeof paths): Promise<number> {
  const headers = {
    authorization: 'Bearer sk-test-flight',
    'x-api-key': 'sk-ant-test-flight',
    'anthropic-version': '2023-06-01',
  }
  const answer = await fetch(`${on.emulator.baseUrls[vendor]}${paths[vendor]}`, { headers })
  return ((await answer.json()) as { data: unknown[] }).data.length
}

const HOUR = 3_600_000

describe.concurrent('what a job leaves at the vendor', () => {
  test('is nothing', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    await fly(redeye, chats(5))
    await fly(redeye, messages(5))
    expect([await listed(on, 'openai'), await listed(on, 'anthropic')]).toEqual([0, 0])
    const { leftovers, notes } = await redeye.remoteLeftovers()
    expect(leftovers).toEqual([])
    expect(notes).toMatchObject([{ vendor: 'anthropic', ok: true, text: expect.stringContaining('of 0 more') }])
  })

  test('stays there when it was told so, is listed with age and size, and goes when that is asked', async ({
    expect,
  }) => {
    await using on = await field({ cloud: true })
    const env = { ...on.env, GEMINI_API_KEY: 'AIza-test-flight', GOOGLE_GEMINI_BASE_URL: on.emulator.baseUrls.gemini }
    const redeye = await on.open({ env })
    const job = await fly(redeye, chats(5), { keepRemote: true })
    const cloud = await fly(redeye, chats(5), { keepRemote: true, model: 'vertex/gemini-3.5-flash' })
    await fly(redeye, messages(5), { keepRemote: true })
    await fly(redeye, chats(5), { keepRemote: true, model: 'gemini/gemini-3.5-flash' })
    expect([await listed(on, 'openai'), await listed(on, 'anthropic')]).toEqual([2, 1])
    const { leftovers } = await redeye.remoteLeftovers()
    const of = (vendor: string) => leftovers.filter((left) => left.vendor === vendor)
    const kindsAt = (vendor: string) =>
      of(vendor)
        .map(({ kind }) => kind)
        .sort()
    for (const vendor of ['openai', 'vertex', 'gemini'])
      expect([vendor, ...kindsAt(vendor)]).toEqual([vendor, 'input', 'output'])
    expect(of('anthropic').map(({ kind }) => kind)).toEqual(['submission'])
    for (const left of of('openai')) {
      expect(left).toMatchObject({ job: job.id, kept: null, removed: false })
      expect(left.bytes).toBeGreaterThan(100)
      expect(left.ageMs).toBeGreaterThan(0)
    }
    expect(of('vertex').every((left) => left.job === cloud.id)).toBe(true)
    const removed = await redeye.remoteLeftovers({ remove: true })
    expect(removed.leftovers.map((left) => left.removed)).toEqual(leftovers.map(() => true))
    expect([await listed(on, 'openai'), await listed(on, 'anthropic')]).toEqual([0, 0])
    expect((await redeye.remoteLeftovers()).leftovers).toEqual([])
  })

  test('stays where it alone proves what was bought, until the job is home', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field({
      speed: 600,
      scenario: 'anthropic/rows-500:share=0.5',
      latency: { medianSeconds: 600, sigma: 0 },
    })
    const redeye = await on.open()
    const job = await redeye.submit(messages(20))
    const landing = job.wait()
    await until(async () => {
      const states = (await job.submissions()).map(({ state }) => state)
      return states.includes('settled') && states.includes('open')
    })
    expect(await listed(on, 'anthropic')).toBe(2)
    await landing
    expect(await listed(on, 'anthropic')).toBe(0)
  })

  test("stays where it showed a stranger's ids", async ({ expect }) => {
    await using on = await field({ scenario: 'anthropic/rows-strangers' })
    const redeye = await on.open()
    await fly(redeye, messages(20))
    expect(await listed(on, 'anthropic')).toBe(1)
    const { leftovers } = await redeye.remoteLeftovers({ remove: true })
    expect(leftovers).toMatchObject([{ kind: 'submission', kept: expect.stringContaining('ours'), removed: false }])
    expect(await listed(on, 'anthropic')).toBe(1)
  })

  test('is not touched while its job flies', async ({ expect }) => {
    await using on = await field({ speed: 60, latency: { medianSeconds: 3600, sigma: 0 } })
    const redeye = await on.open()
    const job = await redeye.submit(chats(5))
    await job.untilBought()
    expect((await redeye.remoteLeftovers({ remove: true })).leftovers).toEqual([])
    expect(await listed(on, 'openai')).toBe(1)
  })

  test('is left alone where a home does not know it, until another cannot need it any more', {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field({ speed: 20_000 })
    const first = await on.open()
    await fly(first, chats(5), { keepRemote: true })
    await first.close()
    await rm(on.home, { recursive: true })
    const stranger = await on.open()
    const early = await stranger.remoteLeftovers({ remove: true })
    expect(early.leftovers.map(({ kind }) => kind).sort()).toEqual(['input', 'output'])
    for (const left of early.leftovers)
      expect(left).toMatchObject({ job: null, kept: expect.stringContaining('another home'), removed: false })
    const waited = (): number => Math.max(...early.leftovers.map(({ createdAt }) => Date.parse(createdAt))) + 73 * HOUR
    while (stranger.now() < waited()) await new Promise((resolve) => setTimeout(resolve, 100))
    const late = await stranger.remoteLeftovers({ remove: true })
    expect(late.leftovers.map(({ removed }) => removed)).toEqual([true, true])
    expect(await listed(on, 'openai')).toBe(0)
  })

  test("of others bears none of our keys, and is nobody's business", async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const form = new FormData()
    form.set('purpose', 'batch')
    form.set(
      'file',
      new File(['{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{}}\n'], 'mine.jsonl'),
    )
    const headers = { authorization: 'Bearer sk-test-flight' }
    const uploaded = await fetch(`${on.emulator.baseUrls.openai}/files`, { method: 'POST', headers, body: form })
    expect(uploaded.status).toBe(200)
    expect((await redeye.remoteLeftovers({ remove: true })).leftovers).toEqual([])
    expect(await listed(on, 'openai')).toBe(1)
  })
})
