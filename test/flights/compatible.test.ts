import { describe, expect, test } from 'vitest'
import { compatibles } from '../../src/providers/openai/compatible.ts'
import { chats, field, fly, outputLines } from './field.ts'

describe.concurrent('vendors like OpenAI', () => {
  test.for(Object.entries(compatibles))(
    '%s is flown by its name, with its own key, and asked for nothing twice',
    {
      timeout: 60_000,
    },
    async ([vendor, { apiKey, baseUrl }], { expect }) => {
      await using on = await field({ scenario: `${vendor}/create-response-lost` })
      const env = {
        [apiKey[0] as string]: 'test-flight',
        [baseUrl[0] as string]: on.emulator.alikeUrls[vendor] as string,
      }
      const redeye = await on.open({ env })
      const requests = chats(30)
      const job = await fly(redeye, requests, { model: `${vendor}/gpt-5.4-mini`, allowUnpriced: true })
      expect((await outputLines(job)).map(({ custom_id }) => custom_id)).toEqual(
        requests.map(({ custom_id }) => custom_id),
      )
      expect((await job.submissions()).map(({ lane, model }) => [lane, model])).toEqual([
        [`${vendor}/batch`, 'gpt-5.4-mini'],
      ])
      const { purchases } = await on.emulator.log()
      expect(purchases.map(({ vendor: at, lines }) => [at, lines])).toEqual([[vendor, 30]])
    },
  )

  test('one whose price nobody knows is not bought from without being told to', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open({ env: { GROQ_API_KEY: 'gsk-flight' } })
    await expect(redeye.submit(chats(3), { model: 'groq/llama-4-maverick' })).rejects.toMatchObject({
      code: 'price_missing',
    })
  })
})

test('a base URL may be told with its path or without', async () => {
  await using on = await field()
  const bare = (on.emulator.alikeUrls['groq'] as string).replace(/\/openai\/v1$/, '/')
  const redeye = await on.open({ env: { GROQ_API_KEY: 'gsk-flight', GROQ_BASE_URL: bare } })
  const job = await fly(redeye, chats(3), { model: 'groq/gpt-5.4-mini', allowUnpriced: true })
  expect((await job.receipt()).requests.succeeded).toBe(3)
})
