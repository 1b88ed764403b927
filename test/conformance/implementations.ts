import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Dispatcher, Leases } from '../../src/dispatch/contract.ts'
import { localDispatcher } from '../../src/dispatch/local.ts'
import type { Clock } from '../../src/kit/clock.ts'
import { openFolderBlobs } from '../../src/stores/blobs/fs.ts'
import { memoryBlobs } from '../../src/stores/blobs/memory.ts'
import type { BlobStore, ControlStore } from '../../src/stores/contract.ts'
import { openSqliteStore } from '../../src/stores/sql/sqlite.ts'

/**
 * What the conformance suites run against: one more implementation is one more entry. Homes are named by text, so that
 * child processes can open the same one.
 */

export interface SqlStoreUnderTest {
  readonly name: string
  newHome(): Promise<Home>
  /** @param real  real time, where a test needs to turn it */
  open(home: string, real?: () => number): Promise<ControlStore>
}

export interface BlobStoreUnderTest {
  readonly name: string
  newHome(): Promise<Home>
  open(home: string): BlobStore
  /** Why other processes cannot see its blobs; absent where they can. */
  readonly ownProcessOnly?: string
}

export interface DispatcherUnderTest {
  readonly name: string
  /** The store it runs over. */
  readonly store: SqlStoreUnderTest
  /** With times short enough for tests: leases of 600 ms, renewed every 100, polls every 10, sweeps every 200. */
  dispatcher(
    leases: Leases,
    clock: Clock,
    onError: (error: unknown, shardId?: string) => void,
    concurrency?: number,
  ): Dispatcher
}

export interface Home {
  readonly at: string
  remove(): Promise<void>
}

async function newFolder(): Promise<Home> {
  const at = await mkdtemp(join(tmpdir(), 'redeye-test-'))
  return { at, remove: () => rm(at, { recursive: true, force: true }) }
}

const sqlite: SqlStoreUnderTest = {
  name: 'sqlite',
  newHome: newFolder,
  open: (home, real) => openSqliteStore(home, real && { real }),
}

export const sqlStores: readonly SqlStoreUnderTest[] = [sqlite]

export const blobStores: readonly BlobStoreUnderTest[] = [
  { name: 'folder', newHome: newFolder, open: openFolderBlobs },
  { name: 'memory', newHome: newFolder, open: () => memoryBlobs(), ownProcessOnly: 'memory is not shared' },
]

export const dispatchers: readonly DispatcherUnderTest[] = [
  {
    name: 'local over sqlite',
    store: sqlite,
    dispatcher: (leases, clock, onError, concurrency = 4) =>
      localDispatcher({
        leases,
        clock,
        onError,
        concurrency,
        leaseMs: 600,
        renewMs: 100,
        pollMs: 10,
        sweepMs: 200,
      }),
  },
]

/** For child processes, which are given a name. */
export function named<T extends { readonly name: string }>(list: readonly T[], name: string | undefined): T {
  const found = list.find((entry) => entry.name === name)
  if (found === undefined) throw new Error(`no implementation is called ${name}`)
  return found
}
