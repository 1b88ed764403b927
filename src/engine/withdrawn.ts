import { lowerBound, readOrdinals } from '../delivery/windows.ts'
import type { JobOptions } from './options.ts'
import { ordinalsOf } from './plan.ts'
import type { Ports } from './ports.ts'
import type { RowSet } from './rows.ts'

/** Rows of a set that the user has withdrawn. */
export async function withdrawnIn(ports: Ports, { withdrawn }: JobOptions, rows: RowSet): Promise<ReadonlySet<number>> {
  const found = new Set<number>()
  if (withdrawn === undefined) return found
  const ordinals = await readOrdinals(ports.blobs, withdrawn)
  const ordinalAt = await ordinalsOf(ports, rows)
  let at = lowerBound(ordinals, rows.firstOrdinal)
  for (let row = 0; row < rows.count && at < ordinals.length; row++) {
    const ordinal = ordinalAt(row)
    while (at < ordinals.length && (ordinals[at] as number) < ordinal) at++
    if (ordinals[at] === ordinal) found.add(row)
  }
  return found
}
