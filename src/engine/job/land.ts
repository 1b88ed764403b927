import type { Manifest } from '../../intake/manifest.ts'
import { SECOND } from '../../kit/clock.ts'
import { writeFileWhole } from '../../kit/write-file-whole.ts'
import type { JobRow, ShardRow } from '../../stores/contract.ts'
import { steer } from '../flight/steer.ts'
import { cleanUpAttached, cleanUpLanded } from '../harvest/clean-up.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import type { Watcher } from '../purchase/watcher.ts'
import { isSteered } from '../shards/course.ts'
import { moveJob } from '../shards/move.ts'
import type { Runs } from '../shards/runs.ts'
import { againOf } from '../shards/tally.ts'
import { countOutcomes, formatFor, outputOf } from './deliver.ts'
import { preflightGate } from './preflight.ts'
import { type Counts, receiptOf } from './receipt.ts'
import { planRetries } from './retry.ts'

/** Who refreshes a job. */
export interface Attendant {
  readonly owner: string
  readonly runs: Runs
  readonly watcher: Watcher
  /** Has the job refreshed again then, our clock; null: not by the time. */
  wake(jobId: string, at: number | null): void
}

/**
 * Brings the job's own state up to what its shards are: held, flying, another round, or home. Safe to call at any time
 * by any process: every write compares the row it saw.
 */
export async function refreshJob(
  ports: Ports,
  jobId: string,
  { owner, runs, watcher, wake }: Attendant,
): Promise<JobRow | undefined> {
  for (;;) {
    const job = await ports.store.job(jobId)
    if (job === undefined || job.state === 'landed' || job.state === 'cancelled' || job.state === 'failed') return job
    const shards = await ports.store.shards(jobId)
    const flying = shards.filter(({ state }) => state !== 'settled')
    if (flying.length > 0) {
      const gate = await preflightGate(ports, job, shards)
      if (gate === 'moved') continue
      if (gate === 'open' && isSteered(job)) wake(jobId, await steer(ports, { runs, watcher }, jobId))
      if (await follow(ports, job, flying)) continue
      return job
    }
    if (job.state !== 'landing') {
      const again = shards.some((shard) => shard.round === job.round && againOf(shard) > 0)
      if (again && !job.cancelWanted) {
        await planRetries(ports, job, shards)
        ports.step('retry-planned')
        continue
      }
      await ports.store.commit({ job: moveJob(job, 'land'), events: [event(ports, job, 'landing')] })
      ports.step('landing')
      continue
    }
    return land(ports, job, owner)
  }
}

/** Real time; the dispatcher renews it with the others. */
const LEASE_MS = 20 * SECOND

/** held ↔ flying, by what the unsettled shards say. True when the row was moved. */
async function follow(ports: Ports, job: JobRow, flying: readonly ShardRow[]): Promise<boolean> {
  const reason = flying.every(({ state }) => state === 'held')
    ? (flying.find(({ held }) => held !== 'quota')?.held ?? 'quota')
    : null
  if (reason === null && job.state !== 'flying') {
    return ports.store.commit({
      job: moveJob(job, 'fly', { held: null }),
      events: [event(ports, job, 'flying')],
    })
  }
  if (reason !== null && job.state !== 'held') {
    return ports.store.commit({
      job: moveJob(job, 'hold', { held: reason }),
      events: [event(ports, job, 'held', { reason })],
    })
  }
  if (reason !== null && job.held !== reason) {
    return ports.store.commit({ job: { id: job.id, from: job.state, rev: job.rev, set: { held: reason } } })
  }
  return false
}

/** Delivers where the job was asked to, writes the receipt. One process does it, under the job's lease, which the dispatcher renews with the others. */
async function land(ports: Ports, job: JobRow, owner: string): Promise<JobRow | undefined> {
  const now = ports.clock.real()
  if (!(await ports.store.claimJob(job.id, owner, now + LEASE_MS, now))) return job
  try {
    ports.step('delivering')
    const { output } = job.options as JobOptions
    const counts = output === null ? await countOutcomes(ports, job) : await deliverTo(ports, job, output)
    ports.step('delivered')
    const outputs = output === null ? job.outputs : [...new Set([...job.outputs, output])]
    const landedAt = ports.clock.now()
    const event1 = job.cancelWanted ? 'cancel' : 'deliver'
    const move = moveJob(job, event1, { landedAt, outputs })
    const receipt = await receiptOf(ports, { ...job, ...move.set }, counts)
    await ports.store.commit({
      job: { ...move, set: { ...move.set, receipt } },
      events: [
        event(ports, job, job.cancelWanted ? 'cancelled' : 'landed', {
          requests: receipt.requests,
          usd: receipt.usd,
          pid: process.pid,
        }),
      ],
    })
    ports.step('landed')
  } finally {
    await ports.store.releaseJob(job.id, owner)
  }
  await cleanUpLanded(ports, job)
  await cleanUpAttached(ports, job)
  return ports.store.job(job.id)
}

/** Writes the whole output under the path, all or nothing. */
export async function deliverTo(ports: Ports, job: JobRow, path: string): Promise<Counts> {
  const blocks = outputOf(ports, job, formatFor(job.input as Manifest, path))
  let counts: Counts | undefined
  await writeFileWhole(path, async (write) => {
    for (;;) {
      const { done, value } = await blocks.next()
      if (done === true) {
        counts = value
        return
      }
      await write(value)
    }
  })
  return counts as Counts
}

const event = (ports: Ports, job: JobRow, type: string, data: object = {}) => ({
  jobId: job.id,
  at: ports.clock.now(),
  type,
  data,
})
