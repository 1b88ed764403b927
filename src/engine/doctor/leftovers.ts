import { terminalJobStates } from '../../domain/states.ts'
import type { Manifest } from '../../intake/manifest.ts'
import { DAY } from '../../kit/clock.ts'
import type { Ports } from '../ports.ts'

/** What lies about in a home that no job needs, or that nobody looks after. */
export interface Leftovers {
  /** Blobs that no job refers to, older than a day: of intakes that were broken off. */
  readonly blobs: number
  readonly bytes: number
  /** Jobs on their way that no process attends. */
  readonly unattended: readonly string[]
}

export async function leftoversOf(ports: Ports): Promise<Leftovers> {
  const jobs = await ports.store.jobs()
  const folders = new Set(jobs.flatMap(({ id, input }) => [`jobs/${id}`, folderOf((input as Manifest).index)]))
  const before = ports.clock.real() - DAY
  const found = { blobs: 0, bytes: 0 }
  for await (const { name, bytes, modifiedAt } of ports.blobs.list('')) {
    if (folders.has(folderOf(name)) || modifiedAt > before) continue
    found.blobs++
    found.bytes += bytes
  }
  const attendants = await ports.store.attendants(ports.clock.real())
  const attended = (id: string): boolean => attendants.some(({ jobs }) => jobs === 'all' || jobs.includes(id))
  const unattended = jobs.filter(({ id, state }) => !terminalJobStates.includes(state) && !attended(id))
  return { ...found, unattended: unattended.map(({ id }) => id) }
}

/** `intake/in_x/segment-0` lies in `intake/in_x`. */
const folderOf = (name: string): string => name.split('/').slice(0, 2).join('/')
