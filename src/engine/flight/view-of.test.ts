import { expect, test } from 'vitest'
import { HOUR } from '../../kit/clock.ts'
import type { JobRow, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'
import { viewOf } from './view-of.ts'

const now = Date.UTC(2026, 10, 24)
const ports = {
  clock: { now: () => now },
  vendors: { sync: () => undefined, batch: () => ({ limits: { countsWhileOpen: false } }) },
} as unknown as Ports

const lane = { lane: 'openai/batch', accountId: 'openai', model: 'm' } as const
const course = { from: null, tried: [], assignedAt: now - 20 * HOUR, cancelledAt: null, done: 0, movedAt: null }
const shard = {
  id: 'shd_1',
  group: 0,
  count: 10,
  state: 'planned',
  held: null,
  wakeAt: now,
  ...lane,
  course,
} as unknown
const job = { deadline: now + 20 * HOUR, createdAt: now - 21 * HOUR } as JobRow

/** What the policy knows of a shard that was told twenty hours ago where to fly. */
function seen(submission?: Partial<SubmissionRow>) {
  const live = new Map(submission === undefined ? [] : [['shd_1', submission as SubmissionRow]])
  const sight = { job, shards: [shard as ShardRow], submissions: [...live.values()], live }
  return viewOf(ports, sight, 0, [], null).shards[0]?.flight?.since
}

test('what waits to be bought is not slow, however long it waits', () => {
  expect(seen()).toBe(now)
  expect(seen({ state: 'prepared', openedAt: null })).toBe(now)
  expect(seen({ state: 'open', openedAt: now - 19 * HOUR })).toBe(now - 19 * HOUR)
  expect(seen({ state: 'unsure', openedAt: null })).toBe(now - 20 * HOUR)
})
