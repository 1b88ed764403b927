import { terminalJobStates } from '../../domain/states.ts'
import type { JobRow } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'

/**
 * Asks for a job to end: what was not bought never is; what was bought is cancelled at the vendor and what it finished
 * is collected and charged. Idempotent. Attend the job to see it through.
 */
export async function cancelJob(ports: Ports, jobId: string): Promise<JobRow | undefined> {
  for (;;) {
    const job = await ports.store.job(jobId)
    if (job === undefined || job.cancelWanted || terminalJobStates.includes(job.state)) return job
    const now = ports.clock.now()
    const shards = (await ports.store.shards(jobId)).filter(({ state }) => state !== 'settled')
    const done = await ports.store.commit({
      job: { id: job.id, from: job.state, rev: job.rev, set: { cancelWanted: true } },
      events: [{ jobId, at: now, type: 'cancel', data: { shards: shards.length } }],
    })
    if (!done) continue
    // One by one: a shard that settles meanwhile needs no waking.
    for (const { id, state } of shards)
      await ports.store.commit({ shards: [{ id, from: state, set: { wakeAt: now } }] })
  }
}
