import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { JobHeld, KeyConflict, NotReady, PriceMissing, Refused, UsageError } from '../../src/index.ts'
import {
  chats,
  field,
  fly,
  inPieces,
  jsonl,
  outputLines,
  outputText,
  type RequestLine,
  readLines,
  until,
} from './field.ts'
import { judge, nano } from './judge.ts'

const ids = (lines: readonly { custom_id: string }[]): string[] => lines.map(({ custom_id }) => custom_id)

describe.concurrent('a job', () => {
  test('of mixed endpoints and models is split, and comes back in order', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const requests = Array.from({ length: 90 }, (_, index) => {
      const custom_id = `mixed-${index}`
      if (index % 3 === 0)
        return chats(1, { model: index % 2 === 0 ? 'gpt-5.4-mini' : 'gpt-4.1' }, index).map((line) => ({
          ...line,
          custom_id,
        }))[0] as object
      if (index % 3 === 1)
        return {
          custom_id,
          method: 'POST',
          url: '/v1/responses',
          body: { model: 'gpt-5.4-mini', input: `question ${index}` },
        }
      return {
        custom_id,
        method: 'POST',
        url: '/v1/embeddings',
        body: { model: 'text-embedding-3-small', input: [`a ${index}`, `b ${index}`] },
      }
    })
    const job = await fly(redeye, requests)
    const lines = await outputLines(job)
    expect(ids(lines)).toEqual(requests.map((_, index) => `mixed-${index}`))
    expect(lines.map(({ response }) => response?.body['object'])).toEqual(
      requests.map((_, index) => ['chat.completion', 'response', 'list'][index % 3]),
    )
    const receipt = await job.receipt()
    expect(receipt.submissions).toBe(4)
    expect(
      (await judge(on.emulator, [{ ids: requests.map((_, index) => `mixed-${index}`), receipt, lines }])).faults,
    ).toEqual([])
  })

  test('keeps strange ids and strange bytes, from any kind of source', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const strange = ['new\nline', 'a/b\\c', '😀', 'x'.repeat(2048), ' ', 'quote"', 'tab\t']
    const requests = strange.map((custom_id, index) => ({ ...(chats(1, {}, index)[0] as object), custom_id }))
    const text = `\uFEFF${requests.map((line) => JSON.stringify(line)).join('\r\n\r\n')}`
    const job = await fly(redeye, inPieces(text, 37))
    expect(ids(await outputLines(job))).toEqual(strange)
    const results: string[] = []
    for await (const { id, outcome } of job.results()) results.push(`${id} ${outcome}`)
    expect(results).toEqual(strange.map((id) => `${id} succeeded`))
  })

  test('under a key is one job however often it is started, and refuses another input', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field()
    const redeye = await on.open()
    const other = await on.open()
    const [first, second] = await Promise.all([
      redeye.submit(chats(30), { key: 'k' }),
      other.submit(chats(30), { key: 'k' }),
    ])
    expect(first.id).toBe(second.id)
    const [one, two] = await Promise.all([first.wait(), second.wait()])
    expect(one.usd).toEqual(two.usd)
    expect((await on.emulator.log()).purchases).toHaveLength(1)
    await expect(redeye.submit(chats(31), { key: 'k' })).rejects.toThrow(KeyConflict)
    await expect(redeye.submit(chats(30), { key: 'k', model: 'gpt-5.4' })).rejects.toThrow(
      /digest [0-9a-f]{64}.* have [0-9a-f]{64}/,
    )
    expect((await redeye.submit(chats(30), { key: 'k', by: new Date(Date.now() + 86_400_000), budget: 9 })).id).toBe(
      first.id,
    )
  })

  test('that is cancelled keeps and pays what was finished, and nothing else', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field({ speed: 600, latency: { medianSeconds: 7200, sigma: 0 } })
    const redeye = await on.open()
    const requests = chats(200)
    const job = await redeye.submit(requests, { shardRequests: 100 })
    await job.untilBought()
    await until(async () => (await on.emulator.log()).purchases.some(({ executed }) => executed > 10))
    const receipt = await job.cancel()
    expect(receipt.state).toBe('cancelled')
    expect(receipt.requests.succeeded).toBeGreaterThan(0)
    expect(receipt.requests.cancelled).toBe(200 - receipt.requests.succeeded)
    const lines = await outputLines(job)
    expect(ids(lines)).toEqual(ids(requests))
    expect(lines.filter(({ error }) => error?.code === 'batch_cancelled')).toHaveLength(receipt.requests.cancelled)
    expect((await judge(on.emulator, [{ ids: ids(requests), receipt, lines }])).faults).toEqual([])
  })

  test('that is cancelled before anything is bought costs nothing', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const job = await redeye.submit(chats(10))
    const receipt = await job.cancel()
    expect(receipt.requests).toMatchObject({ total: 10, cancelled: 10 })
    expect(receipt.usd.charged).toBe('0')
    expect((await on.emulator.log()).purchases).toEqual([])
    expect(await outputLines(job)).toHaveLength(10)
  })

  test('that has landed flies its missing rows again when asked to', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field({ scenario: 'openai/incident-885' })
    const redeye = await on.open()
    const requests = chats(885)
    const job = await fly(redeye, requests, { retries: 0 })
    expect((await job.receipt()).requests).toMatchObject({ succeeded: 758, failed: 97, missing: 30 })
    expect(await job.retry()).toBe(30)
    const receipt = await job.wait()
    expect(receipt.requests).toMatchObject({ succeeded: 788, failed: 97, missing: 0 })
    expect((await judge(on.emulator, [{ ids: ids(requests), receipt, lines: await outputLines(job) }])).faults).toEqual(
      [],
    )
    await expect(job.retry()).rejects.toThrow(Refused)
    expect(await job.retry({ all: true })).toBe(97)
    await job.wait()
  })

  test('stops at its budget, is kept, and goes on with more', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const requests = chats(60, { max_completion_tokens: 2000 })
    const usd = (await redeye.quote(requests)).lanes.find(({ flyable }) => flyable)?.usd
    // The least that the job may cost is within the budget, the most that its first shard may cost is not.
    const budget = (Number(usd?.low) * 1.01).toFixed(6)
    const job = await redeye.submit(requests, { shardRequests: 30, budget })
    const held = await job.wait().catch((error: unknown) => error)
    expect(held).toBeInstanceOf(JobHeld)
    expect(held).toMatchObject({ code: 'held_budget', exitCode: 3, hint: expect.stringContaining('--budget') })
    expect((held as JobHeld).message).toContain(`the budget is ${budget} USD`)
    expect((await on.emulator.log()).purchases).toEqual([])
    await job.setBudget(String(Number(usd?.most) * 2))
    const receipt = await job.wait()
    expect(receipt.requests.succeeded).toBe(60)
    await expect(redeye.submit(requests, { budget: '0.000001' })).rejects.toMatchObject({
      code: 'over_budget',
      exitCode: 3,
    })
  })

  test('never has more in the air than its budget allows, however many buy at once', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field({ speed: 600, latency: { medianSeconds: 50_000, sigma: 0 } })
    const [one, two] = [await on.open(), await on.open()]
    const requests = chats(120, { max_completion_tokens: 2000 })
    const quote = await one.quote(requests)
    const high = Number(quote.lanes.find(({ flyable }) => flyable)?.usd.most)
    const job = await one.submit(requests, { shardRequests: 10, budget: ((high / 12) * 2.5).toFixed(6) })
    const leave = new AbortController()
    const attending = [job, two.job(job.id)].map((each) => each.wait({ signal: leave.signal }).catch(() => {}))
    const bought = async (): Promise<number> => (await on.emulator.log()).purchases.length
    await until(async () => (await job.status()).shards.held >= 10 && (await bought()) >= 2)
    expect(await bought()).toBe(2)
    leave.abort()
    await Promise.all(attending)
    const receipt = await job.cancel()
    expect(receipt.requests).toMatchObject({ total: 120, cancelled: expect.toSatisfy((count: number) => count >= 100) })
    const lines = await outputLines(job)
    expect((await judge(on.emulator, [{ ids: ids(requests), receipt, lines }])).faults).toEqual([])
  })

  test('that was cancelled flies again when asked to', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const job = await redeye.submit(chats(10))
    await job.cancel()
    expect(await job.retry()).toBe(10)
    expect(await job.wait()).toMatchObject({ state: 'landed', requests: { succeeded: 10 } })
  })

  test('of a model without a price is refused, unless that is allowed; never zero', { timeout: 60_000 }, async ({
    expect,
  }) => {
    await using on = await field()
    const redeye = await on.open()
    const requests = chats(3, { model: 'gpt-of-tomorrow' })
    await expect(redeye.submit(requests)).rejects.toThrow(PriceMissing)
    const job = await redeye.submit(requests, { allowUnpriced: true })
    const receipt = await job.wait()
    expect(receipt.requests.failed).toBe(3) // the vendor does not know it either
  })

  test('shows results only when it is home', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const job = await redeye.submit(chats(3))
    await expect(job.results({ wait: false }).next()).rejects.toThrow(NotReady)
    const seen: string[] = []
    for await (const { type } of job.events()) seen.push(type)
    expect(seen).toEqual(expect.arrayContaining(['submitted', 'bought', 'settled', 'landed']))
    const results = job.results({ wait: false })
    expect((await results.next()).value).toMatchObject({
      index: 0,
      id: 'q-0',
      outcome: 'succeeded',
    })
    await results.return(undefined)
  })

  test('is finished by another process than the one that began it', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const output = on.path('out.jsonl')
    const job = await redeye.submit(chats(40), { output, shardRequests: 10 })
    await job.untilBought()
    await redeye.close()
    const other = await on.open()
    const receipt = await other.job(job.id).wait()
    expect(receipt.outputs).toEqual([output])
    expect(ids(await readLines(output))).toEqual(ids(chats(40)))
    expect((await on.emulator.log()).purchases).toHaveLength(4)
  })

  test('whose upload the vendor will not take is held with its words, and not cut to pieces', {
    timeout: 60_000,
  }, async ({ expect }) => {
    await using on = await field()
    let uploads = 0
    const door = createServer((request, response) => {
      if (request.method === 'POST') uploads++
      request.resume().on('end', () => {
        response.writeHead(400, { 'content-type': 'application/json' })
        response.end('{"error":{"message":"Only PDF is taken here.","type":"invalid_request_error","code":null}}')
      })
    })
    door.listen(0, '127.0.0.1')
    await once(door, 'listening')
    const { port } = door.address() as AddressInfo
    const redeye = await on.open({ env: { ...on.env, OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` } })
    const job = await redeye.submit(chats(40))
    await expect(job.wait()).rejects.toMatchObject({
      code: 'held_vendor',
      message: expect.stringContaining('Only PDF is taken here.'),
    })
    expect(uploads).toBe(1)
    door.close()
  })

  test('that the user does not agree to leaves nothing behind', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const mixed = chats(40).map((line, index) =>
      index % 2 === 0 ? line : chats(1, { model: 'gpt-4.1-mini' }, index)[0],
    )
    const asked: unknown[] = []
    const refuse = (quote: unknown) => asked.push(quote) < 0
    await expect(redeye.submit(mixed as RequestLine[], { confirm: refuse })).rejects.toMatchObject({
      code: 'not_confirmed',
    })
    expect(asked).toHaveLength(1)
    const left = await readdir(`${on.home}/blobs`, { recursive: true, withFileTypes: true })
    expect(left.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual([])
  })

  test('without a key of the vendor is held, and flies when there is one', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const keyless = await on.open({ env: { OPENAI_BASE_URL: on.emulator.baseUrls.openai } })
    const job = await keyless.submit(chats(5))
    const held = await job.wait().catch((error: unknown) => error)
    expect(held).toMatchObject({ code: 'held_credentials', exitCode: 4 })
    expect(String((held as JobHeld).message)).toContain('OPENAI_API_KEY')
    await keyless.close()
    const redeye = await on.open()
    expect((await redeye.job(job.id).wait()).requests.succeeded).toBe(5)
  })
})

describe.concurrent('a table', () => {
  const topics = {
    type: 'object',
    properties: { topic: { enum: ['billing', 'delivery'] }, sure: { type: 'boolean' } },
    required: ['topic', 'sure'],
  }

  test('keeps its columns and adds typed ones', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const input = on.path('in.csv')
    const output = on.path('out.csv')
    await writeFile(input, 'id,text\r\n1,"where is ""it""?"\r\n2,"two\nlines, {{id}}"\r\n3,plain')
    const job = await fly(redeye, input, {
      prompt: 'Topic? {{text}}',
      model: 'gpt-5.4-mini',
      schema: topics,
      output,
      withCost: true,
    })
    const [head, ...rows] = (await readFile(output, 'utf8')).trimEnd().split(/\n(?=\d)/)
    expect(head).toBe('id,text,topic,sure,_outcome,_error,_model,_lane,_usd')
    expect(rows).toHaveLength(3)
    expect(rows[0]).toMatch(
      /^1,"where is ""it""\?",(billing|delivery),(true|false),succeeded,,gpt-5\.4-mini[^,]*,openai\/batch,0\.\d+$/,
    )
    expect(rows[1]).toContain('"two\nlines, {{id}}"')
    const receipt = await job.receipt()
    const sum = rows.reduce((total, row) => total + nano(row.slice(row.lastIndexOf(',') + 1)), 0n)
    expect(Math.abs(Number(sum - nano(receipt.usd.charged ?? '0')))).toBeLessThanOrEqual(3) // each row is rounded by itself
  })

  test('gives typed results by a zod schema', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const schema = z.object({ topic: z.enum(['billing', 'delivery']) })
    const job = await redeye.submit([{ text: 'one' }, { text: 'two' }], {
      prompt: '{{text}}',
      model: 'gpt-5.4-mini',
      schema,
    })
    const topics: string[] = []
    for await (const { answer, row } of job.results({ schema }))
      topics.push(`${String(row?.['text'])} ${answer?.topic}`)
    expect(topics).toEqual([
      expect.stringMatching(/^one (billing|delivery)$/),
      expect.stringMatching(/^two (billing|delivery)$/),
    ])
  })

  test('refuses a column that is not there, a clash of names, and a prompt without a model', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const rows = [{ text: 'x', answer: 'y' }]
    await expect(redeye.submit([{ text: 'x' }], { prompt: '{{txet}}', model: 'm' })).rejects.toThrow(
      /"txet", which the input does not have/,
    )
    await expect(redeye.submit(rows, { prompt: '{{text}}', model: 'm' })).rejects.toThrow(
      /"answer" would be in the output twice/,
    )
    await expect(redeye.submit(rows, { prompt: '{{text}}' })).rejects.toThrow(UsageError)
    expect(await redeye.jobs()).toEqual([])
  })

  test('comes out as JSON lines when asked to', { timeout: 60_000 }, async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open()
    const job = await fly(redeye, [{ n: 12345678901234567890n, list: [1, { a: null }] }], {
      prompt: '{{n}}',
      model: 'gpt-5.4-mini',
    })
    const [row] = (await outputText(job)).trimEnd().split('\n')
    expect(row).toMatch(
      /^\{"n":12345678901234567890,"list":\[1,\{"a":null\}\],"answer":".*","_outcome":"succeeded","_error":null\}$/,
    )
  })
})

test('two homes with the same key and input are two jobs, and never meet at the vendor', {
  timeout: 60_000,
}, async () => {
  await using on = await field()
  const one = await on.open()
  const two = await on.open({ home: on.path('other-home') })
  const [a, b] = await Promise.all([fly(one, chats(5), { key: 'k' }), fly(two, chats(5), { key: 'k' })])
  expect(a.id).not.toBe(b.id)
  expect((await on.emulator.log()).purchases).toHaveLength(2)
  expect(jsonl(await outputLines(a))).not.toBe('')
})
