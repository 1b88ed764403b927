import type { ShardState } from '../../domain/states.ts'
import type { Lane } from '../../domain/usage.ts'
import { type Clock, MINUTE, SECOND } from '../../kit/clock.ts'
import type { BatchLane, Remote } from '../../providers/contract.ts'
import type { Move, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import type { Flight } from '../shards/flight.ts'
import { keepShard, keepSubmission } from '../shards/move.ts'

export const POLL_MIN_MS = 2 * SECOND
export const POLL_MAX_MS = MINUTE
/** However fast the clock, the vendor is not asked more often than this in real time. */
export const POLL_REAL_MIN_MS = 40
/** More open submissions of an account than this are looked at together, by its list. */
const LIST_ABOVE = 20
/** What a page of a list holds at most vendors, and how long one lasts at least, so that thousands are no storm. */
const PAGE = 100
const PAGE_MS = SECOND / 2
/** Changes in one commit. */
const BLOCK = 200
/** Where nothing is looked at together, whether there is now is seen so often, in real time at most. */
const IDLE_REAL_MS = 250
/** What is known is too old to decide by after this: a process slept, or the vendor cannot be read. */
const CURRENT_MS = 5 * MINUTE
const CURRENT_REAL_MS = 4 * SECOND

export interface Look {
  /** undefined: the vendor does not know it. */
  readonly remote: Remote | undefined
  /** Submissions that are looked at one after the other, this one among them. */
  readonly inTurn: number
  /** The list is read for it, and wakes its shard when something has changed. */
  readonly listed: boolean
}

/** One reading of an account's list. */
interface Board {
  readonly at: number
  /** Null: it could not be read. Without it each is asked for by id, which is slower and as good. */
  readonly remotes: ReadonlyMap<string, Remote> | null
}

/**
 * Looks at submissions for all flights of this process. Few open ones of an account are asked for one by one, each by
 * its shard. Many are looked at together: their list is read again and again, what changed wakes its shard, and the
 * others sleep. Absence in a list is never proof, so what it does not show is asked for by id.
 */
export class Watcher {
  readonly #ports: Ports
  readonly #jobs: readonly string[] | 'all'
  readonly #changed: (jobIds: ReadonlySet<string>) => void
  /** By account and lane. */
  readonly #boards = new Map<string, Board>()
  readonly #stopped = new AbortController()
  #pass: Promise<void> | undefined
  #passedAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  /** @param changed  hears of the jobs of which something was written, or is to be looked at */
  constructor(ports: Ports, jobs: readonly string[] | 'all', changed: (jobIds: ReadonlySet<string>) => void) {
    this.#ports = ports
    this.#jobs = jobs
    this.#changed = changed
  }

  start(): void {
    void this.#look()
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('Nobody watches any more.'))
    clearTimeout(this.#timer)
    await this.#pass
  }

  /** Whether what sleeps while others are looked at with it was looked at lately. */
  isCurrent(): boolean {
    const { clock } = this.#ports
    return clock.now() - this.#passedAt < Math.max(CURRENT_MS, CURRENT_REAL_MS * clock.speed)
  }

  async look({ ports, lane, call }: Flight, submission: SubmissionRow): Promise<Look> {
    const id = submission.remoteId ?? ''
    const place = placeOf(submission)
    if (!this.#boards.has(place)) {
      const open = (await openOf(ports, submission.accountId)).filter((one) => one.lane === submission.lane)
      if (open.length <= LIST_ABOVE) return { remote: await lane.poll(call, id), inTurn: open.length, listed: false }
      await this.#look()
    }
    const board = this.#boards.get(place)
    const told = board?.remotes?.get(id)
    if (told?.state === 'open') return { remote: told, inTurn: 1, listed: true }
    // What changed, or is about to be acted on, is read by itself: lists may lag behind. What was bought since the list
    // was read, the next one will show.
    const isNew = board?.remotes != null && (submission.openedAt ?? 0) >= board.at
    const remote = await lane.poll(call, id)
    return { remote, inTurn: 1, listed: isNew && remote?.state === 'open' }
  }

  /** One pass over all accounts, and another when it is time; whoever asks for one meanwhile gets the same. */
  #look(): Promise<void> {
    this.#pass ??= this.#passOver().finally(() => {
      this.#pass = undefined
    })
    return this.#pass
  }

  async #passOver(): Promise<void> {
    const { clock } = this.#ports
    clearTimeout(this.#timer)
    let pause = Math.max(MINUTE, IDLE_REAL_MS * clock.speed)
    try {
      pause = await this.#passOnce(pause)
    } catch (error) {
      this.#failed(error)
    }
    this.#passedAt = clock.now()
    if (this.#stopped.signal.aborted) return
    this.#timer = setTimeout(() => void this.#look(), pause / clock.speed)
  }

  /** What goes wrong in one place is tried again with the next pass, and keeps no other from its turn. */
  #failed(error: unknown): undefined {
    if (!this.#stopped.signal.aborted)
      this.#ports.log.warn({ error: String(error) }, 'the submissions could not be looked at')
  }

  /** @returns how long until the next, ms of our clock */
  async #passOnce(idle: number): Promise<number> {
    const { store, vendors } = this.#ports
    const changed = new Set<string>()
    const listed = new Map<string, number>()
    const isFirst = this.#passedAt < 0
    for (const { id } of await store.accounts()) {
      for (const [lane, open] of Map.groupBy(await openOf(this.#ports, id), (one) => one.lane)) {
        const mine = open.filter(({ jobId }) => this.#jobs === 'all' || this.#jobs.includes(jobId))
        if (mine.length === 0 || vendors.sync(lane) !== undefined) continue
        const place = placeOf({ accountId: id, lane })
        if (isFirst) for (const { jobId } of mine) changed.add(jobId) // nothing was decided before they were looked at
        if (open.length > LIST_ABOVE) {
          const next = this.#passPlace(place, lane, { open, mine, changed })
          listed.set(place, (await next.catch((error) => this.#failed(error))) ?? idle)
        }
        // What slept while there were many, here or in a process before, looks for itself again.
        else if (isFirst || this.#boards.has(place)) await this.#write({ wake: mine }, changed)
      }
    }
    for (const place of this.#boards.keys()) if (!listed.has(place)) this.#boards.delete(place)
    if (changed.size > 0 && !this.#stopped.signal.aborted) this.#changed(changed)
    return listed.size === 0 ? idle : Math.max(...listed.values())
  }

  async #passPlace(
    place: string,
    lane: Lane,
    { open, mine, changed }: { open: readonly SubmissionRow[]; mine: readonly SubmissionRow[]; changed: Set<string> },
  ): Promise<number> {
    const { clock, vendors } = this.#ports
    const at = clock.now()
    const oldest = Math.min(...open.map(({ sentAt, createdAt }) => sentAt ?? createdAt))
    const remotes = await this.#read(vendors.batch(lane), mine[0]?.accountId ?? '', oldest)
    this.#boards.set(place, { at, remotes })
    const pages = Math.ceil((remotes?.size ?? 0) / PAGE)
    const age = clock.now() - Math.max(...mine.map(({ openedAt, createdAt }) => openedAt ?? createdAt))
    const pause = Math.min(POLL_MAX_MS, Math.max(POLL_MIN_MS, age / 10, pages * PAGE_MS))
    const next = Math.max(pause, pages * looksApart(vendors.batch(lane)), POLL_REAL_MIN_MS * clock.speed)
    if (remotes !== null) {
      const restless = await this.#restlessOf(mine)
      const { same, ...differences } = compared(mine, { at, remotes, restless })
      await this.#write(differences, changed)
      await this.#sleep(same, 2 * next)
    }
    return next
  }

  /** Jobs with requests that were withdrawn: what that means for a submission its shard has to see. */
  async #restlessOf(rows: readonly SubmissionRow[]): Promise<Set<string>> {
    const restless = new Set<string>()
    for (const jobId of new Set(rows.map((row) => row.jobId))) {
      const { withdrawn } = ((await this.#ports.store.job(jobId))?.options ?? {}) as Partial<JobOptions>
      if (withdrawn !== undefined) restless.add(jobId)
    }
    return restless
  }

  /** This pass was the look that their wake-ups before the one after the next would have been. */
  async #sleep(rows: readonly SubmissionRow[], within: number): Promise<void> {
    const { clock, store } = this.#ports
    const shardIds = rows.map(({ shardId }) => shardId)
    const before = clock.now() + within
    await store.sleepShards({ shardIds, before, until: asleepUntil(clock), real: clock.real() })
  }

  async #read(lane: BatchLane, accountId: string, since: number): Promise<Map<string, Remote> | null> {
    const remotes = new Map<string, Remote>()
    try {
      const call = this.#ports.vendors.call(accountId, this.#stopped.signal)
      for await (const remote of lane.list(call, since - MINUTE)) remotes.set(remote.id, remote)
      return remotes
    } catch (error) {
      this.#ports.log.warn({ account: accountId, error: String(error) }, 'the vendor could not be listed')
      return null
    }
  }

  /**
   * Guarded by the rows' states alone, for nothing here is bought or ended: a block that meets another's change is left
   * to the next pass.
   */
  async #write({ wake, counts = [], doubt = [] }: Differences, changed: Set<string>): Promise<void> {
    const { store, clock } = this.#ports
    const now = clock.now()
    const shards: Move<ShardRow, ShardState>[] = []
    for (const [rows, after] of [
      [wake, now],
      [doubt, now + Math.max(POLL_MAX_MS, POLL_REAL_MIN_MS * clock.speed)], // they ask for themselves till then
    ] as const) {
      for (const { shardId } of rows) {
        const shard = await store.shard(shardId)
        if (shard === undefined || shard.state === 'settled' || (shard.wakeAt ?? now) <= after) continue
        shards.push(keepShard(shard, { wakeAt: now }))
        changed.add(shard.jobId)
      }
    }
    for (let at = 0; at < shards.length; at += BLOCK) await store.commit({ shards: shards.slice(at, at + BLOCK) })
    for (let at = 0; at < counts.length; at += BLOCK) {
      const block = counts.slice(at, at + BLOCK)
      await store.commit({ submissions: block.map(([row, told]) => keepSubmission(row, { counts: told })) })
      for (const [{ jobId }] of block) changed.add(jobId)
    }
  }
}

interface Differences {
  /** Of these something has changed. */
  readonly wake: readonly SubmissionRow[]
  /** Of these nothing but how far they are. */
  readonly counts?: readonly (readonly [SubmissionRow, Remote['counts']])[]
  /** These are to look for themselves once a minute: the list does not show them, or is not all that they look at. */
  readonly doubt?: readonly SubmissionRow[]
}

/** What a list says that the rows do not. What is being cancelled looks for itself. */
function compared(
  rows: readonly SubmissionRow[],
  {
    at,
    remotes,
    restless,
  }: { readonly at: number; readonly remotes: ReadonlyMap<string, Remote>; readonly restless: ReadonlySet<string> },
): Required<Differences> & { readonly same: readonly SubmissionRow[] } {
  const wake: SubmissionRow[] = []
  const doubt: SubmissionRow[] = []
  const same: SubmissionRow[] = []
  const counts: [SubmissionRow, Remote['counts']][] = []
  for (const row of rows) {
    if (row.state !== 'open') continue
    const told = remotes.get(row.remoteId ?? '')
    if (told === undefined) {
      if ((row.openedAt ?? 0) < at) doubt.push(row)
      continue
    }
    const isSame = told.state === 'open' && told.vendorState === row.vendorState && row.progress === null
    if (!isSame) wake.push(row)
    else (restless.has(row.jobId) ? doubt : same).push(row)
    if (isSame && JSON.stringify(told.counts) !== JSON.stringify(row.counts)) counts.push([row, told.counts])
  }
  return { wake, counts, doubt, same }
}

const openOf = ({ store }: Ports, accountId: string): Promise<SubmissionRow[]> =>
  store.submissions({ accountId, states: ['open', 'cancelling'] })

const placeOf = ({ accountId, lane }: Pick<SubmissionRow, 'accountId' | 'lane'>): string => `${accountId} ${lane}`

/** What is looked at together wakes by itself so seldom. */
export const asleepUntil = (clock: Clock): number => clock.now() + Math.max(ASLEEP_MS, ASLEEP_REAL_MS * clock.speed)
const ASLEEP_MS = 15 * MINUTE
const ASLEEP_REAL_MS = SECOND

/** Where looks are counted, each takes its turn. */
export const looksApart = ({ limits }: BatchLane): number =>
  MINUTE / (limits.looksPerMinuteMax ?? Number.POSITIVE_INFINITY)
