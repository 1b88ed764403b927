import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { describe, test } from 'vitest'
import { chats, eventTypes, type Field, field, outputLines } from './field.ts'
import { judge } from './judge.ts'

const idsOf = (lines: readonly { custom_id: string }[]): string[] => lines.map(({ custom_id }) => custom_id)

/** Copies the home away. The returned act puts the copy back, except for the witness, which no backup holds. */
async function backedUp(on: Field): Promise<() => Promise<void>> {
  await cp(on.home, on.path('backup'), { recursive: true })
  return async () => {
    const witness = await readFile(`${on.home}/witness.json`)
    await rm(on.home, { recursive: true })
    await cp(on.path('backup'), on.home, { recursive: true })
    await writeFile(`${on.home}/witness.json`, witness)
  }
}

/** Nothing is deleted at the vendor: what was collected before the restore can be collected again. */
const kept = { keepRemote: true }

describe.concurrent('a home that was put back from a backup', () => {
  test('takes over what it bought since', { timeout: 90_000 }, async ({ expect }) => {
    await using on = await field({ speed: 600, latency: { medianSeconds: 3600, sigma: 0 } })
    const first = await on.open()
    const { id } = await first.submit(chats(20), { key: 'night' })
    await first.close()
    const restore = await backedUp(on)
    const second = await on.open()
    await second.job(id).untilBought()
    await second.close()
    await restore()
    const restored = await on.open()
    const again = await restored.submit(chats(20), { key: 'night' })
    expect(again.id).toBe(id)
    const receipt = await again.wait()
    expect(receipt.requests.succeeded).toBe(20)
    expect(await eventTypes(again)).toContain('adopted')
    expect((await on.emulator.log()).purchases).toHaveLength(1)
  })

  test('takes over a job that it has never heard of, also after another has flown', { timeout: 90_000 }, async ({
    expect,
  }) => {
    await using on = await field({ speed: 600, latency: { medianSeconds: 600, sigma: 0 } })
    const first = await on.open()
    const a = await first.submit(chats(20), { key: 'a' })
    await first.close()
    const restore = await backedUp(on)
    const second = await on.open()
    await second.job(a.id).untilBought()
    const b = await second.submit(chats(30, {}, 100), { key: 'b', shardRequests: 10 })
    await b.untilBought()
    await second.close()
    await restore()
    const restored = await on.open()
    await restored.job(a.id).wait()
    const again = await restored.submit(chats(30, {}, 100), { key: 'b', shardRequests: 10 })
    expect(again.id).toBe(b.id)
    const receipt = await again.wait()
    expect(receipt.requests.succeeded).toBe(30)
    const verdict = await judge(on.emulator, [
      {
        ids: idsOf(chats(20)),
        receipt: await restored.job(a.id).receipt(),
        lines: await outputLines(restored.job(a.id)),
      },
      { ids: idsOf(chats(30, {}, 100)), receipt, lines: await outputLines(again) },
    ])
    expect(verdict).toMatchObject({ faults: [], purchases: 4 })
  })

  test('takes over the retries that it bought since', { timeout: 90_000 }, async ({ expect }) => {
    await using on = await field({ scenario: 'openai/rows-500:share=0.3' })
    const requests = chats(60)
    const first = await on.open()
    const job = await first.submit(requests, { key: 'night', shardRequests: 20, ...kept })
    await first.close()
    const restore = await backedUp(on)
    const second = await on.open()
    const { submissions } = await second.job(job.id).wait()
    await second.close()
    await restore()
    const restored = await on.open()
    const again = await restored.submit(requests, { key: 'night', shardRequests: 20, ...kept })
    const receipt = await again.wait()
    expect(receipt).toMatchObject({ submissions, requests: { succeeded: 60 } })
    const verdict = await judge(on.emulator, [{ ids: idsOf(requests), receipt, lines: await outputLines(again) }])
    expect(verdict).toMatchObject({ faults: [], purchases: submissions, paidTwice: 0, nanoUsd: { unproven: 0n } })
  })

  test('says what was paid for and is gone, and flies that again, where the results are no longer at the vendor', {
    timeout: 90_000,
  }, async ({ expect }) => {
    await using on = await field()
    const requests = chats(20)
    const first = await on.open()
    const job = await first.submit(requests, { key: 'night' })
    await first.close()
    const restore = await backedUp(on)
    const second = await on.open()
    await second.job(job.id).wait()
    await second.close()
    await restore()
    const restored = await on.open()
    const again = restored.job(job.id)
    const receipt = await again.wait()
    expect(receipt.requests.succeeded).toBe(20)
    expect(await eventTypes(again)).toEqual(expect.arrayContaining(['adopted', 'short-file', 'retry']))
    const verdict = await judge(on.emulator, [{ ids: idsOf(requests), receipt, lines: await outputLines(again) }])
    expect(verdict).toMatchObject({ purchases: 2, paidTwice: 20 })
    expect(verdict.faults.filter((fault) => fault.includes('books'))).toEqual([])
    expect(verdict.nanoUsd.unproven).toBeGreaterThan(0n)
  })
})
