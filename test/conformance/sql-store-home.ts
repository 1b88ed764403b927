import { afterEach, beforeEach } from 'vitest'
import type { ControlStore } from '../../src/stores/contract.ts'
import type { Home, SqlStoreUnderTest } from './implementations.ts'
import { jobRow, shardRow, submissionRow } from './sql-store-rows.ts'

/** What a test of a control store has at hand; made anew for each. */
export interface Here {
  home: Home
  store: ControlStore
  /** Real time of the store; a test turns it. */
  real: number
  /** As another process would: closes the store and opens it again. */
  reopen(): Promise<void>
  /** A job with one shard and one submission. */
  seed(): Promise<void>
}

/** Makes a home with its store before each test of the suite, and removes it afterwards. */
export function freshStore(implementation: SqlStoreUnderTest): Here {
  const here = {
    async reopen() {
      await here.store.close()
      here.store = await implementation.open(here.home.at, () => here.real)
    },
    async seed() {
      await here.store.createJob(jobRow(), [shardRow()], [])
      await here.store.commit({ insertSubmissions: [submissionRow()] })
    },
  } as Here
  beforeEach(async () => {
    here.real = 1_764_000_000_000
    here.home = await implementation.newHome()
    here.store = await implementation.open(here.home.at, () => here.real)
  })
  afterEach(async () => {
    await here.store.close()
    await here.home.remove()
  })
  return here
}
