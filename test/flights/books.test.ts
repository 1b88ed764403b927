import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Job, JobInput } from '../../src/index.ts'
import { chats, contents, field, messages, until } from './field.ts'
import { DAY_FAST } from './fly-through.ts'
import { nano } from './judge.ts'

/** Long enough to be cached; OpenAI and Gemini do so unasked, Anthropic where it is told to. */
const shared = 'You are careful. '.repeat(600)

const inputs = {
  openai: (count: number, cached: boolean, first: number) =>
    chats(count, {}, first).map((line) => ({
      ...line,
      body: { ...line.body, messages: [...(cached ? [{ role: 'system', content: shared }] : []), ...messagesOf(line)] },
    })),
  anthropic: (count: number, cached: boolean, first: number) =>
    messages(
      count,
      cached ? { system: [{ type: 'text', text: shared, cache_control: { type: 'ephemeral', ttl: '1h' } }] } : {},
      first,
    ),
  gemini: (count: number, cached: boolean, first: number) =>
    contents(count, cached ? { systemInstruction: { parts: [{ text: shared }] } } : {}, first),
} as const
type Vendor = keyof typeof inputs
const messagesOf = ({ body }: ReturnType<typeof chats>[number]) => body['messages'] as object[]

/** Lanes beyond batch that the models of the inputs are sold on. */
const tiers = {
  openai: ['batch', 'flex', 'standard', 'priority'],
  anthropic: ['batch', 'standard'],
  gemini: ['batch', 'flex', 'standard', 'priority'],
} as const

const jobs = fc.constantFrom<Vendor>('openai', 'anthropic', 'gemini').chain((vendor) =>
  fc.record({
    vendor: fc.constant(vendor),
    tier: fc.constantFrom(...tiers[vendor]),
    count: fc.integer({ min: 1, max: 24 }),
    cached: fc.boolean(),
    cancelled: fc.boolean(),
    shardRequests: fc.constantFrom(undefined, 7),
  }),
)
const troubles = fc.constantFrom('', 'expire-partial:0.5', 'rows-500:share=0.3', 'openai/rows-mix:share=0.15')

test('the books close against the vendors’ bill over any jobs, lanes, caches, cancels and expiries, and stay closed', {
  timeout: 300_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(jobs, { minLength: 1, maxLength: 3 }), troubles, async (planned, scenario) => {
      const expires = scenario.startsWith('expire')
      await using on = await field({ scenario, speed: expires ? DAY_FAST : 600, latency: { medianSeconds: 120 } })
      const redeye = await on.open({ env: { ...on.env, OPENAI_ADMIN_KEY: 'a', ANTHROPIC_ADMIN_KEY: 'a' } })
      const flown: Job[] = []
      for (const [index, { vendor, tier, count, cached, cancelled, shardRequests }] of planned.entries()) {
        const job = await redeye.submit(inputs[vendor](count, cached, index * 100) as unknown as JobInput, {
          ladder: [expires ? 'batch' : tier],
          tags: { vendor },
          ...(shardRequests === undefined ? {} : { shardRequests }),
        })
        flown.push(job)
        const waiting = job.wait()
        if (cancelled) {
          await until(async () => (await job.status()).receipt.submissions > 0)
          await job.cancel()
        }
        await waiting
      }

      const bill = BigInt((await on.emulator.bill()).nanoUsd)
      const { total } = await redeye.bill()
      const firm = nano(total.usd.charged ?? '') + nano(total.usd.duplicate)
      expect(firm).toBeLessThanOrEqual(bill)
      expect(firm + nano(total.usd.unproven)).toBeGreaterThanOrEqual(bill)

      const { recorded, computed, differences } = await redeye.recompute()
      expect(differences).toEqual([])
      expect([nano(recorded), nano(computed)]).toEqual([firm, firm])
      for (const per of ['job', 'model', 'lane', 'day', 'tag:vendor'] as const) {
        const { lines } = await redeye.bill({ per })
        expect(lines.reduce((sum, { usd }) => sum + nano(usd.charged ?? ''), 0n)).toBe(nano(total.usd.charged ?? ''))
      }
      expect((await redeye.prove('live')).unexplained).toBe('0')

      const ledger = await redeye.ledger()
      const again = await on.open()
      for (const job of flown) await again.job(job.id).wait()
      expect(await again.ledger()).toEqual(ledger)
    }),
    { numRuns: 8 },
  )
})
