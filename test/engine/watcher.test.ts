import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Ports } from '../../src/engine/ports.ts'
import { Watcher } from '../../src/engine/purchase/watcher.ts'
import type { Flight } from '../../src/engine/shards/flight.ts'
import { type Clock, HOUR, MINUTE } from '../../src/kit/clock.ts'
import type { BatchLane, Remote } from '../../src/providers/contract.ts'
import type { ControlStore, SubmissionRow } from '../../src/stores/contract.ts'
import { openSqliteStore } from '../../src/stores/sql/sqlite.ts'
import { jobRow, shardRow, submissionRow } from '../conformance/sql-store-rows.ts'

const NOW = Date.UTC(2026, 10, 24)
const clock: Clock = { speed: 1, now: () => NOW, real: () => NOW, sleep: async () => {} }
const counts = { total: 50, completed: 0, failed: 0 }

describe('looking at submissions', () => {
  let folder: string
  let store: ControlStore
  let watchers: Watcher[]
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'redeye-watcher-'))
    store = await openSqliteStore(folder)
    watchers = []
  })
  afterEach(async () => {
    await Promise.all(watchers.map((watcher) => watcher.stop()))
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at).padStart(2, '0'))

  /** So many open submissions, whose shards would wake in half a minute; the vendor says the same of each. */
  async function open(count: number, change: Partial<SubmissionRow> = {}): Promise<Map<string, Remote>> {
    const ids = numbered(count)
    const shards = ids.map((id) => shardRow({ id: `shd_${id}`, state: 'flying', wakeAt: NOW + MINUTE / 2 }))
    await store.createJob(jobRow({ state: 'flying' }), shards, [])
    await store.commit({
      accounts: [{ id: 'acc_a', vendor: 'vendor', baseUrl: 'https://vendor.test', scope: '', createdAt: 1 }],
      insertSubmissions: ids.map((id) => ({
        ...submissionRow({ id: `sub_${id}`, shardId: `shd_${id}`, remoteId: `remote_${id}`, state: 'open' }),
        vendorState: 'in_progress',
        counts,
        duplicate: false,
        progress: null,
        sentAt: NOW - HOUR,
        openedAt: NOW - HOUR,
        createdAt: NOW - HOUR,
        ...change,
      })),
    })
    const remotes = ids.map((id): [string, Remote] => [
      `remote_${id}`,
      {
        id: `remote_${id}`,
        state: 'open',
        vendorState: 'in_progress',
        key: null,
        fileId: null,
        createdAt: NOW - HOUR,
        counts,
        files: [],
      },
    ])
    return new Map(remotes)
  }

  function watching(remotes: ReadonlyMap<string, Remote>, shown = remotes, jobs: readonly string[] | 'all' = 'all') {
    const polled: string[] = []
    let lists = 0
    const lane = {
      limits: {},
      poll: async (_: unknown, id: string) => {
        polled.push(id)
        return remotes.get(id)
      },
      async *list() {
        lists += 1
        yield* shown.values()
      },
    } as unknown as BatchLane
    const vendors = { batch: () => lane, sync: () => undefined, call: () => ({}) }
    const ports = { store, clock, vendors, log: { info() {}, warn() {} } } as unknown as Ports
    const changed: string[] = []
    const watcher = new Watcher(ports, jobs, (ids) => changed.push(...ids))
    watchers.push(watcher)
    const flight = { ports, lane, call: {} } as unknown as Flight
    const look = async (id: string) => watcher.look(flight, (await store.submission(`sub_${id}`)) as SubmissionRow)
    const pass = async () => {
      watcher.start()
      await vi.waitFor(() => expect(watcher.isCurrent()).toBe(true))
      await sleep(0)
    }
    return { look, pass, polled, changed, lists: () => lists, watcher }
  }
  const wakes = async () => new Map((await store.shards('job_a')).map(({ id, wakeAt }) => [id, (wakeAt ?? 0) - NOW]))

  test('few are asked for one by one', async () => {
    const { look, pass, polled, lists } = watching(await open(20))
    await pass()
    expect(await look('03')).toMatchObject({ inTurn: 20, listed: false })
    expect([polled, lists()]).toEqual([['remote_03'], 0])
  })

  test('many are listed once, and those that are as they were sleep', async () => {
    const { look, pass, polled, lists } = watching(await open(25))
    await pass()
    expect(await look('03')).toMatchObject({ remote: { state: 'open' }, listed: true })
    expect([polled, lists()]).toEqual([[], 1])
    expect(new Set((await wakes()).values())).toEqual(new Set([15 * MINUTE]))
  })

  test('many are listed as soon as one is looked at, whoever asks first', async () => {
    const { look, polled, lists } = watching(await open(25))
    const looks = await Promise.all(['01', '02', '03'].map(look))
    expect(looks.every(({ listed }) => listed)).toBe(true)
    expect([polled, lists()]).toEqual([[], 1])
  })

  test('what ended is woken, and asked for by itself before anything is done about it', async () => {
    const remotes = await open(25)
    remotes.set('remote_07', { ...(remotes.get('remote_07') as Remote), state: 'ended', vendorState: 'completed' })
    const { look, pass, polled, changed } = watching(remotes)
    await pass()
    expect([...(await wakes())].filter(([, wakeAt]) => wakeAt === 0).map(([id]) => id)).toEqual(['shd_07'])
    expect(changed).toContain('job_a')
    expect(await look('07')).toMatchObject({ remote: { state: 'ended' }, listed: false })
    expect(polled).toEqual(['remote_07'])
  })

  test('counts are written down without waking anybody', async () => {
    const remotes = await open(25)
    const further = { total: 50, completed: 31, failed: 0 }
    remotes.set('remote_07', { ...(remotes.get('remote_07') as Remote), counts: further })
    const { pass } = watching(remotes)
    await pass()
    expect((await store.submission('sub_07'))?.counts).toEqual(further)
    expect((await wakes()).get('shd_07')).toBe(15 * MINUTE)
  })

  test('absence in the list proves nothing: it is asked for by id, by its own shard', async () => {
    const remotes = await open(25)
    const shown = new Map([...remotes].filter(([id]) => id !== 'remote_07'))
    const { look, pass, polled } = watching(remotes, shown)
    await store.commit({ shards: [{ id: 'shd_07', from: 'flying', set: { wakeAt: NOW + HOUR } }] })
    await pass()
    expect((await wakes()).get('shd_07')).toBe(0)
    expect(await look('07')).toMatchObject({ remote: { state: 'open' }, listed: false })
    expect(polled).toEqual(['remote_07'])
  })

  test('what is to be cancelled is not put to sleep', async () => {
    const { pass } = watching(await open(25, { cancelWanted: true }))
    await pass()
    expect(new Set((await wakes()).values())).toEqual(new Set([MINUTE / 2]))
  })

  test('nor what is in a job with requests that were withdrawn: its shards look whether any are left', async () => {
    const { pass } = watching(await open(25))
    await store.commit({
      job: { id: 'job_a', from: 'flying', set: { options: { withdrawn: 'jobs/job_a/withdrawn-1' } } },
      shards: [{ id: 'shd_07', from: 'flying', set: { wakeAt: NOW + HOUR } }],
    })
    await pass()
    const told = await wakes()
    expect(told.get('shd_07')).toBe(0)
    expect(told.get('shd_08')).toBe(MINUTE / 2)
  })

  test('jobs that others attend are left alone', async () => {
    const { pass, lists } = watching(await open(25), undefined, ['job_b'])
    await pass()
    expect(lists()).toBe(0)
    expect(new Set((await wakes()).values())).toEqual(new Set([MINUTE / 2]))
  })

  test('few that slept while there were many look for themselves again when somebody comes', async () => {
    const remotes = await open(3)
    await store.sleepShards({
      shardIds: numbered(3).map((id) => `shd_${id}`),
      before: NOW + MINUTE,
      until: NOW + HOUR,
      real: NOW,
    })
    const { pass } = watching(remotes)
    await pass()
    expect(new Set((await wakes()).values())).toEqual(new Set([0]))
  })
})
