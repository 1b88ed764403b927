import { hostname } from 'node:os'
import { MINUTE } from '../../kit/clock.ts'
import type { Ports } from '../ports.ts'

/**
 * Frees what processes of this machine held when they died, so that whoever comes next need not wait for their leases to
 * run out. A process that only looks dead from here (another container under our host name) loses a step by it and
 * nothing else: every write and every purchase asks for the lease again.
 */
export async function freeLeasesOfTheDead({ store, clock }: Pick<Ports, 'store' | 'clock'>): Promise<void> {
  for (const { owner, pid, host } of await store.attendants(clock.real() - MINUTE)) {
    if (host !== hostname() || pid === process.pid || isAlive(pid)) continue
    await store.dropLeases(owner)
    await store.leave(owner)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH' // another user's process may not be signalled, but lives
  }
}
