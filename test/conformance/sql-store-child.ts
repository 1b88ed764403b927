import { writeSync } from 'node:fs'
import { open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ControlStore } from '../../src/stores/contract.ts'
import { named, sqlStores } from './implementations.ts'
import { jobRow } from './sql-store-rows.ts'

/** A process of its own over a shared home: `node sql-store-child.ts <store> <home> <act> <name> [folder]`. */
const [storeName, home = '', act, name = '', folder = ''] = process.argv.slice(2)
const store = await named(sqlStores, storeName).open(home)
const acts = { open: async () => store.homeId, claimShards, claimQuota, commitAloud }
const said = await acts[act as keyof typeof acts](store)
await store.close()
console.log(JSON.stringify(said))

/** Claims what it can and, while it holds a shard, also a file that only one can hold. */
async function claimShards(store: ControlStore): Promise<{ claims: number; collisions: number }> {
  let claims = 0
  let collisions = 0
  for (let idle = 0; idle < 20; ) {
    const real = Date.now()
    const shard = await store.claimShard({ owner: name, jobs: 'all', now: real, real, leaseUntil: real + 10_000 })
    if (shard === undefined) {
      idle += 1
      await sleep(5)
      continue
    }
    claims += 1
    const mark = join(folder, shard.id)
    const file = await open(mark, 'wx').catch(() => undefined)
    if (file === undefined) collisions += 1
    await sleep(2)
    await file?.close()
    if (file !== undefined) await unlink(mark)
    const again = shard.epoch < 10
    await store.releaseShard(shard.id, name, shard.epoch, again ? 0 : null)
  }
  return { claims, collisions }
}

/** Tries to buy every prepared submission within a limit of 5,000 tokens. */
async function claimQuota(store: ControlStore): Promise<Record<string, number>> {
  const said: Record<string, number> = { claimed: 0, full: 0, lost: 0 }
  for (const { id, accountId, lane, model, tokens } of await store.submissions({ states: ['prepared'] })) {
    const answer = await store.claim(
      {
        accountId,
        lane,
        model,
        tokens,
        tokensMax: 5_000,
        inputs: 0,
        inputsMax: null,
        openMax: null,
        createsSince: 0,
        createsMax: null,
        endedHoldSince: 0,
        doubtSince: null,
      },
      { submissions: [{ id, from: 'prepared', set: { state: 'buying', sentAt: 1 } }] },
    )
    said[answer] = (said[answer] ?? 0) + 1
  }
  return said
}

/** Says when a commit begins and when it is done, so that a trace shows what happened in between. */
async function commitAloud(store: ControlStore): Promise<void> {
  await store.createJob(jobRow(), [], [])
  writeSync(1, 'commit begins')
  await store.commit({ job: { id: 'job_a', from: 'planned', set: { state: 'flying' } } })
  writeSync(1, 'commit done')
}
