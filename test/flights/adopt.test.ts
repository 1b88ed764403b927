import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'vitest'
import type { AdoptedBatch, Redeye, Refused } from '../../src/index.ts'
import { providers } from '../../src/providers/registry.ts'
import { chats, contents, eventTypes, type Field, field, idOf, messages, outputLines, until } from './field.ts'
import { DAY_FAST, SLOW } from './fly-through.ts'
import { nano } from './judge.ts'
import {
  type ByOthers,
  byAlike,
  byAnthropic,
  byGemini,
  byGeminiInline,
  byOpenai,
  byVertex,
  openaiAt,
  vertexClaudeRows,
  vertexRows,
} from './of-others.ts'

/** Taken over by a home, and followed to its end. */
async function followed(on: Field, vendor: string, { id }: ByOthers) {
  const redeye = await on.open()
  const adopted = await redeye.adopt(`${vendor}:${id}`)
  const job = redeye.job(adopted.job)
  const receipt = await job.wait()
  return { redeye, adopted, job, receipt }
}

/** Inputs of batches that are there. */
async function theirFilesOf(on: Field): Promise<number> {
  const { data } = await openaiAt(on).files.list({ purpose: 'batch' })
  return data.length
}

/** The official client says it in words of its own. */
const isGone = (error: unknown): boolean => String(error).includes('No batch `results_url`')

const ids = (count: number) => Array.from({ length: count }, (_, index) => `q-${index}`)
const numberIn = (id = '') => Number(id.slice(id.indexOf('-') + 1))

describe.concurrent('a batch that others have made with the official client', { timeout: 60_000 }, () => {
  test('OpenAI: lands with the rows that the client reads, in the order of its input', async ({ expect }) => {
    await using on = await field()
    const theirs = await byOpenai(on)
    const { adopted, job, receipt } = await followed(on, 'openai', theirs)
    expect(adopted).toMatchObject({ created: true, own: false, input: true, requests: 20 })
    const rows = (await theirs.results()).toSorted((a, b) => numberIn(a.id) - numberIn(b.id))
    expect(await outputLines(job)).toEqual(rows.map(({ row }) => row))
    expect(nano(receipt.usd.charged ?? '')).toBe(BigInt((await on.emulator.bill()).nanoUsd))
    expect(receipt).toMatchObject({ adopted: `openai:${theirs.id}`, requests: { total: 20, succeeded: 20 } })
    expect((await on.emulator.log()).purchases).toHaveLength(1)
  })

  test('Anthropic: lands with the rows that the client reads, in their order, for it gives no requests back', async ({
    expect,
  }) => {
    await using on = await field()
    const theirs = await byAnthropic(on)
    const { redeye, adopted, job, receipt } = await followed(on, 'anthropic', theirs)
    expect(adopted).toMatchObject({ created: true, input: false, requests: 20 })
    expect(await outputLines(job)).toEqual((await theirs.results()).map(({ row }) => row))
    expect(nano(receipt.usd.charged ?? '')).toBe(BigInt((await on.emulator.bill()).nanoUsd))
    expect((await job.submissions())[0]).toMatchObject({ rows: 20, state: 'settled' })
    expect(await redeye.recompute()).toMatchObject({ recorded: receipt.usd.charged, differences: [] })
    expect(receipt.requests).toMatchObject({ total: 20, succeeded: 20 })
  })

  test('Gemini: lands with the rows of its result file, in their order, for it gives no upload back', async ({
    expect,
  }) => {
    await using on = await field()
    const theirs = await byGemini(on)
    const { adopted, job, receipt } = await followed(on, 'gemini', theirs)
    expect(adopted).toMatchObject({ created: true, input: false, why: expect.stringContaining('cannot be downloaded') })
    expect(await outputLines(job)).toEqual((await theirs.results()).map(({ row }) => row))
    expect(nano(receipt.usd.charged ?? '')).toBe(BigInt((await on.emulator.bill()).nanoUsd))
    expect(receipt.requests).toMatchObject({ total: 20, succeeded: 20 })
  })

  test('Gemini: requests inside of the call, which nobody named, are told by their number', async ({ expect }) => {
    await using on = await field()
    const theirs = await byGeminiInline(on)
    const { job, receipt } = await followed(on, 'gemini', theirs)
    const lines = await outputLines(job)
    expect(lines.map(idOf as never)).toEqual(['0', '1', '2', '3', '4'])
    const answers = (await theirs.results()).map(({ row }) => (row as { response: unknown }).response)
    expect(lines.map(({ response }) => response)).toEqual(answers.map((answer) => JSON.parse(JSON.stringify(answer))))
    expect(nano(receipt.usd.charged ?? '')).toBe(BigInt((await on.emulator.bill()).nanoUsd))
  })

  test('Vertex: rows without a name are told by what they echo, and come in the order of the input', async ({
    expect,
  }) => {
    await using on = await field({ cloud: true })
    const theirs = await byVertex(on, vertexRows(20))
    const { adopted, job, receipt } = await followed(on, 'vertex', theirs)
    expect(adopted).toMatchObject({ created: true, input: true, requests: 20 })
    const asked = new Map(
      (await theirs.results()).map(({ row }) => {
        const { request, response } = row as { request: { contents: unknown }; response: unknown }
        return [JSON.stringify(request.contents), response]
      }),
    )
    const lines = await outputLines(job)
    expect(lines.map(idOf as never)).toEqual(Array.from({ length: 20 }, (_, index) => String(index)))
    expect(lines.map(({ response }) => response)).toEqual(
      contents(20).map(({ request }) => asked.get(JSON.stringify(request.contents))),
    )
    expect(nano(receipt.usd.charged ?? '')).toBe(BigInt((await on.emulator.bill()).nanoUsd))
  })

  test('Vertex: rows of Claude have names, and keep them', async ({ expect }) => {
    await using on = await field({ cloud: true })
    const { job, receipt } = await followed(
      on,
      'vertex',
      await byVertex(on, vertexClaudeRows(10), 'anthropic/claude-haiku-4-5'),
    )
    expect((await outputLines(job)).map(idOf as never)).toEqual(ids(10))
    expect(receipt.requests).toMatchObject({ total: 10, succeeded: 10 })
    expect(nano(receipt.usd.charged ?? '')).toBe(BigInt((await on.emulator.bill()).nanoUsd))
  })

  test.for([
    ['/v1/responses', { model: 'gpt-5.4-mini', input: 'Say something.' }],
    ['/v1/embeddings', { model: 'text-embedding-3-small', input: ['one', 'two'] }],
  ] as const)('OpenAI: of %s, too', async ([url, body], { expect }) => {
    await using on = await field()
    const lines = Array.from({ length: 4 }, (_, index) => ({ custom_id: `q-${index}`, method: 'POST', url, body }))
    const theirs = await byOpenai(on, lines)
    const { job, receipt } = await followed(on, 'openai', theirs)
    const rows = (await theirs.results()).toSorted((a, b) => numberIn(a.id) - numberIn(b.id))
    expect(await outputLines(job)).toEqual(rows.map(({ row }) => row))
    const { nanoUsd } = await on.emulator.bill()
    expect(nano(receipt.usd.charged ?? '')).toBe(BigInt(nanoUsd))
  })

  test('is named by the account of the config that it is in, and found again by any name', async ({ expect }) => {
    await using on = await field()
    const accounts = [{ provider: 'openai', name: 'team', apiKeyEnv: 'TEAM_KEY' }] as const
    const redeye = await on.open({ config: { accounts }, env: { ...on.env, TEAM_KEY: 'sk-test-team' } })
    const theirs = await byOpenai(on, chats(3))
    const { job } = await redeye.adopt(`team:${theirs.id}`)
    expect(await redeye.adopt(`openai:${theirs.id}`)).toMatchObject({ job, created: false, own: false })
    expect((await redeye.job(job).wait()).adopted).toBe(`team:${theirs.id}`)
    expect((await redeye.adoptable({ account: 'openai' })).map((one) => [one.by, one.job])).toEqual([['others', job]])
  })

  test('OpenAI: without its input file it lands in the order of its results', async ({ expect }) => {
    await using on = await field()
    const theirs = await byOpenai(on, chats(12))
    const rows = await theirs.results()
    const headers = { authorization: 'Bearer sk-test-flight' }
    await fetch(`${on.emulator.baseUrls.openai}/files/${theirs.file}`, { method: 'DELETE', headers })
    const { adopted, job } = await followed(on, 'openai', theirs)
    expect(adopted).toMatchObject({ input: false, why: expect.stringContaining(theirs.file) })
    expect(await outputLines(job)).toEqual(rows.map(({ row }) => row))
  })
})

describe.concurrent('a batch that others have made at a vendor like OpenAI', { timeout: 60_000 }, () => {
  test.for(['groq', 'mistral', 'together', 'xai'] as const)(
    '%s: lands in the order of its input while it runs and when it has ended, and the books close in tokens',
    { timeout: 60_000 },
    async (vendor, { expect }) => {
      await using on = await field({ speed: 600, latency: { medianSeconds: 3600, sigma: 0 } })
      const { apiKey, baseUrl } = (providers[vendor] as (typeof providers)[string]).environment
      const url = on.emulator.alikeUrls[vendor] as string
      const redeye = await on.open({ env: { [apiKey[0] as string]: 'test-flight', [baseUrl[0] as string]: url } })
      const id = await byAlike(on, vendor, 15)
      await until(async () => ((await on.emulator.log()).purchases[0]?.executed ?? 0) > 0)
      const adopted = await redeye.adopt(`${vendor}:${id}`)
      expect(adopted).toMatchObject({ created: true, input: true, requests: 15 })
      const job = redeye.job(adopted.job)
      const { requests, tokens } = await job.wait()
      expect(requests).toMatchObject({ total: 15, succeeded: 15 })
      expect((await outputLines(job)).map(idOf as never)).toEqual(ids(15))
      const billed = { input: 0, output: 0, ...tokens }
      for (const { kind, tokens: count } of (await on.emulator.bill()).entries)
        billed[kind as 'input' | 'output'] -= Number(count)
      expect(Object.values(billed).every((left) => left === 0)).toBe(true)
    },
  )
})

describe.concurrent('a batch that has become a job', { timeout: 60_000 }, () => {
  test('is the same job when it is taken over again, also by two processes at once', async ({ expect }) => {
    await using on = await field()
    const theirs = await byOpenai(on)
    const homes = await Promise.all([on.open(), on.open(), on.open()])
    const at = `openai:${theirs.id}`
    const all = await Promise.all(homes.map((redeye) => redeye.adopt(at)))
    expect(new Set(all.map(({ job }) => job)).size).toBe(1)
    expect(all.filter(({ created }) => created)).toHaveLength(1)
    const redeye = homes[0] as Redeye
    const job = redeye.job((all[0] as AdoptedBatch).job)
    const { usd } = await job.wait()
    expect(await redeye.adopt(at)).toMatchObject({ job: job.id, created: false, input: true })
    expect((await redeye.bill()).total.usd.charged).toBe(usd.charged)
    expect(await redeye.jobs()).toMatchObject([{ id: job.id, adopted: at, state: 'landed' }])
  })

  test('leaves what is at the vendor as it was', async ({ expect }) => {
    await using on = await field()
    const theirs = [await byOpenai(on), await byAnthropic(on)] as const
    const redeye = await on.open()
    for (const [index, vendor] of ['openai', 'anthropic'].entries())
      await redeye.job((await redeye.adopt(`${vendor}:${theirs[index]?.id}`)).job).wait()
    expect((await redeye.remoteLeftovers({ remove: true })).leftovers).toEqual([])
    expect(await theirs[0].results()).toHaveLength(20)
    expect(await theirs[1].results()).toHaveLength(20)
    expect((await openaiAt(on).files.retrieve(theirs[0].file)).id).toBe(theirs[0].file)
  })

  test('counts in the tokens that its account has in the queue, until it has ended', async ({ expect }) => {
    await using on = await field({ speed: 60, latency: { medianSeconds: 7200, sigma: 0 } })
    const { id } = await byOpenai(on)
    const redeye = await on.open()
    await redeye.adopt(`openai:${id}`)
    const own = await redeye.submit(chats(20))
    await own.untilBought()
    using store = new DatabaseSync(join(on.home, 'redeye.sqlite'), { readOnly: true })
    const held = store.prepare("select account_id, model, lane, tokens from submission where state = 'open'").all()
    expect(held).toHaveLength(2)
    expect(held[0]).toEqual(held[1])
  })

  test('is never bought again: what expired stays so, and a retry says how it could be otherwise', async ({
    expect,
  }) => {
    await using on = await field({ speed: DAY_FAST, scenario: 'openai/expire-partial:0.6' })
    const theirs = await byOpenai(on)
    const { job, receipt, redeye } = await followed(on, 'openai', theirs)
    expect(receipt.requests).toMatchObject({ total: 20, succeeded: 12, expired: 8 })
    const refusal = await job.retry().catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'adopted', exitCode: 3 })
    expect((refusal as Refused).hint).toContain(`redeye adopt openai:${theirs.id} --rescue`)
    expect((await on.emulator.log()).purchases).toHaveLength(1)
    expect(await redeye.adopt(`openai:${theirs.id}`, { rescue: true })).toMatchObject({ job: job.id, created: false })
    expect(await job.retry()).toBe(8)
    expect((await job.wait()).requests).toMatchObject({ total: 20, succeeded: 20 })
    expect((await on.emulator.log()).purchases).toHaveLength(2)
    expect(nano((await job.receipt()).usd.charged ?? '')).toBe(BigInt((await on.emulator.bill()).nanoUsd))
    expect((await outputLines(job)).map(idOf as never)).toEqual(ids(20))
  })

  test('with a rescue agreed to, what expired is bought again by itself, within the budget', async ({ expect }) => {
    await using on = await field({ speed: DAY_FAST, scenario: 'openai/expire-partial:0.6' })
    const { id } = await byOpenai(on)
    const redeye = await on.open()
    const { job } = await redeye.adopt(`openai:${id}`, { rescue: true, budget: '5' })
    expect((await redeye.job(job).wait()).requests).toMatchObject({ total: 20, succeeded: 20 })
    expect((await on.emulator.tally()).repeated).toEqual([])
    expect(await theirFilesOf(on)).toBe(1) // the rescue's own are gone
  })

  test('is rescued with the rows of its own vendor, and the books close', async ({ expect }) => {
    await using on = await field({ cloud: true, scenario: 'vertex/rows-503:share=0.4' })
    const redeye = await on.open()
    const { job } = await redeye.adopt(`vertex:${(await byVertex(on, vertexRows(20))).id}`, { rescue: true })
    const { requests, usd } = await redeye.job(job).wait()
    expect(requests).toMatchObject({ total: 20, succeeded: 20 })
    expect((await on.emulator.log()).purchases).toHaveLength(2)
    expect(nano(usd.charged ?? '')).toBe(BigInt((await on.emulator.bill()).nanoUsd))
    const { adopted } = await redeye.bill()
    expect([adopted, nano(adopted ?? '') < nano(usd.charged ?? '')]).toEqual([expect.any(String), true])
  })

  test('whose price nobody knows is rescued only where that is agreed to', async ({ expect }) => {
    await using on = await field({ scenario: 'mistral/rows-500:0.4' })
    const env = { MISTRAL_API_KEY: 'test-flight', MISTRAL_BASE_URL: on.emulator.alikeUrls['mistral'] as string }
    const redeye = await on.open({ env })
    const batch = `mistral:${await byAlike(on, 'mistral', 20)}`
    const refusal = await redeye.adopt(batch, { rescue: true }).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'price_missing', hint: expect.stringContaining('--allow-unpriced') })
    const { job } = await redeye.adopt(batch, { rescue: true, allowUnpriced: true })
    expect((await redeye.job(job).wait()).requests).toMatchObject({ total: 20, succeeded: 20 })
  })

  test('cannot be rescued where what was asked is not there any more', async ({ expect }) => {
    await using on = await field()
    const { id } = await byAnthropic(on)
    const redeye = await on.open()
    const refusal = await redeye.adopt(`anthropic:${id}`, { rescue: true }).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'no_input', exitCode: 3 })
    expect(await redeye.jobs()).toEqual([])
  })

  test('that failed its validation says why, row by row where it can, and nothing is tried instead', async ({
    expect,
  }) => {
    await using on = await field()
    const theirs = await byOpenai(on, [...chats(3), { ...chats(1)[0], custom_id: 'odd', url: '/v1/responses' }])
    const { job, receipt } = await followed(on, 'openai', theirs)
    expect(receipt.requests).toMatchObject({ total: 4, failed: 4 })
    expect(receipt.usd).toMatchObject({ charged: '0', unproven: '0' })
    const lines = await outputLines(job)
    expect(lines.map(idOf as never)).toEqual(['q-0', 'q-1', 'q-2', 'odd'])
    expect(lines[3]?.error?.message ?? JSON.stringify(lines[3]?.response)).toContain(
      'does not match the batch endpoint',
    )
    expect((await job.submissions())[0]).toMatchObject({ state: 'refused', error: { message: expect.any(String) } })
    expect((await on.emulator.log()).purchases).toHaveLength(1)
  })

  test('whose input nobody can read as batch lines is followed by its ids', async ({ expect }) => {
    await using on = await field()
    const lines = chats(4)
    const theirs = await byOpenai(on, [...lines.slice(0, 3), { ...lines[3], custom_id: 'q-0' }])
    const { adopted, receipt } = await followed(on, 'openai', theirs)
    expect(adopted).toMatchObject({ input: false, why: expect.stringContaining('q-0') })
    expect(receipt.state).toBe('landed')
  })

  test('whose results are gone already lands with them missing, and without a price', async ({ expect }) => {
    await using on = await field({ speed: DAY_FAST, scenario: 'anthropic/archived-early:days=1' })
    const theirs = await byAnthropic(on, messages(6))
    await until(() => theirs.results().then(() => false, isGone))
    const { receipt, job } = await followed(on, 'anthropic', theirs)
    expect(receipt.requests).toMatchObject({ total: 6, missing: 6 })
    expect(receipt.usd.charged).toBeNull() // no result tells of which model it was
    expect(await eventTypes(job)).toContain('output-late')
  })

  test('that vanishes at the vendor is lost in words, not in silence', async ({ expect }) => {
    await using on = await field({ speed: DAY_FAST / 4, scenario: ['openai/slow', 'openai/vanish:36000'] })
    const redeye = await on.open()
    const { job: id } = await redeye.adopt(`openai:${(await byOpenai(on)).id}`)
    const job = redeye.job(id)
    expect((await job.wait()).requests).toMatchObject({ total: 20, missing: 20 })
    expect(await eventTypes(job)).toContain('lost')
  })

  test('in a state that no contract explains is waited for', async ({ expect }) => {
    await using on = await field({ scenario: 'openai/unknown-status:paused' })
    const { receipt, job } = await followed(on, 'openai', await byOpenai(on))
    expect(receipt.requests).toMatchObject({ succeeded: 20 })
    expect(await eventTypes(job)).toContain('taken-over')
  })

  test('of which nothing is counted yet can be looked at, and is followed to its end', async ({ expect }) => {
    await using on = await field({ speed: DAY_FAST, scenario: 'gemini/stuck-pending:hours=20' })
    const redeye = await on.open()
    const { job: id, requests } = await redeye.adopt(`gemini:${(await byGemini(on, contents(6))).id}`)
    expect(requests).toBe(0)
    const job = redeye.job(id)
    expect((await job.status()).receipt).toMatchObject({ state: 'flying', requests: { total: 0 } })
    expect((await job.why()).reasons.join(' ')).toContain('On gemini/batch: 1 submission')
    expect((await job.wait()).requests).toMatchObject({ total: 6, succeeded: 6 })
  })

  test('is in the books when the vendor reports what it charged', async ({ expect }) => {
    await using on = await field()
    const redeye = await on.open({ env: { ...on.env, OPENAI_ADMIN_KEY: 'sk-admin-flight' } })
    const { job } = await redeye.adopt(`openai:${(await byOpenai(on)).id}`)
    const { usd } = await redeye.job(job).wait()
    on.emulator.advance(2 * 86_400)
    const { unexplained, vendors } = await redeye.prove('live')
    expect(unexplained).toBe('0')
    expect(vendors).toMatchObject([{ usd: { charged: usd.charged, billed: usd.charged, because: {} } }])
  })

  test('is cancelled when the user says so, and what had run is kept', async ({ expect }) => {
    await using on = await field({ speed: SLOW, latency: { medianSeconds: 7200, sigma: 0 } })
    const { id } = await byOpenai(on, chats(40))
    const redeye = await on.open()
    const job = redeye.job((await redeye.adopt(`openai:${id}`)).job)
    await until(async () => ((await on.emulator.log()).purchases[0]?.executed ?? 0) > 0)
    const { requests, usd } = await job.cancel()
    expect(requests.succeeded).toBeGreaterThan(0)
    expect(requests.succeeded + requests.cancelled).toBe(40)
    expect(nano(usd.charged ?? '')).toBe(BigInt((await on.emulator.bill()).nanoUsd))
  })
})
