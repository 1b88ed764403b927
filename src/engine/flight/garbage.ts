import { DAY } from '../../kit/clock.ts'
import type { Ports } from '../ports.ts'
import { blobsOf, type RoutedManifest } from '../rows/routing.ts'

/**
 * Removes what crashed intakes left: blobs that no job refers to and that are older than a day. Younger ones may belong
 * to an intake under way in another process.
 */
export async function collectGarbage(ports: Pick<Ports, 'store' | 'blobs' | 'clock'>): Promise<number> {
  const before = ports.clock.real() - DAY
  const old: string[] = []
  for await (const { name, modifiedAt } of ports.blobs.list('intake/')) if (modifiedAt < before) old.push(name)
  if (old.length === 0) return 0
  const kept = new Set<string>()
  for (const job of await ports.store.jobs()) {
    for (const name of blobsOf(job.input as RoutedManifest)) kept.add(name)
  }
  const garbage = old.filter((name) => !kept.has(name))
  for (const name of garbage) await ports.blobs.delete(name)
  return garbage.length
}
