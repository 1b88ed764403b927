import { expect, test } from 'vitest'
import type { Flown } from '../src/delivery/flown.ts'
import { ResultWalk, WINDOW_ORDINALS } from '../src/delivery/windows.ts'
import { outcomes } from '../src/domain/outcome.ts'
import { emptyRecord, type Group, type Manifest, RECORD_BYTES, writeRecord } from '../src/intake/manifest.ts'
import { memoryBlobs } from '../src/stores/blobs/memory.ts'

/** Requests of so many rows each, taken in. */
async function takenIn(inputs: readonly number[]) {
  const blobs = memoryBlobs()
  const index = new Uint8Array(inputs.length * RECORD_BYTES)
  for (const [at, count] of inputs.entries())
    writeRecord(new DataView(index.buffer), at * RECORD_BYTES, { ...emptyRecord(), inputs: count })
  const writer = await blobs.put('index')
  await writer.write(index)
  await writer.commit()
  const count = inputs.reduce((sum, one) => sum + one, 0)
  const manifest = {
    requests: inputs.length,
    index: 'index',
    rows: { count, index: 'unread' },
    groups: [{ split: true } as Group],
  } as unknown as Manifest
  return { blobs, manifest, count }
}

const flown = (firstOrdinal: number, count: number, outcome: 'succeeded' | 'failed'): Flown => ({
  submissionId: '',
  model: 'm',
  lane: 'l/batch',
  firstOrdinal,
  count,
  ordinals: null,
  index: null,
  files: [],
  again: false,
  uniform: { outcome, reason: 'none' },
})

test('requests of any number of rows are walked whole, and in windows of bounded size', async () => {
  const sizes = [...Array<number>(3000).fill(1), 2048, 2048, ...Array<number>(200).fill(700), 60_000, 30_000, 1, 2]
  const { blobs, manifest, count } = await takenIn(sizes)
  // One row in the middle of the largest request has failed.
  const failed = 3000 + 2 * 2048 + 200 * 700 + 55_000
  const walk = new ResultWalk(blobs, manifest, [
    flown(0, failed, 'succeeded'),
    flown(failed, 1, 'failed'),
    flown(failed + 1, count - failed - 1, 'succeeded'),
  ])
  const ended: (string | undefined)[] = []
  for await (const window of walk.outcomes()) {
    expect(window.first).toBe(ended.length)
    ended.push(...Array.from(window.outcome, (outcome) => outcomes[outcome]))
  }
  expect(ended).toEqual(sizes.map((size) => (size === 60_000 ? 'failed' : 'succeeded')))

  let rows = 0
  for await (const window of walk.rows()) {
    expect(window.first).toBe(rows)
    expect(window.count).toBeLessThanOrEqual(WINDOW_ORDINALS)
    rows += window.count
  }
  expect(rows).toBe(count)
  await walk.close()
})
