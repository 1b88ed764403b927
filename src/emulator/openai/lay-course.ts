import { between, chanceOf } from '../chance.ts'
import { runMsOf } from '../latency.ts'
import { type Course, windowMs } from './course.ts'
import type { BatchRecord, Desk } from './desk.ts'
import type { BatchFaults } from './faults.ts'

/** Draws how long each state lasts, once, from the seed and the batch's own name. */
export function layCourse(desk: Desk, id: string, now: number, bytes: number, faults: BatchFaults): Course {
  const chance = chanceOf('course', desk.seed, id)
  const runMs = runMsOf(desk.latency, chance, bytes, faults.runSeconds)
  const stretch = between(chance, 80, 120) / 100
  const forever = (faults.stuckSeconds ?? Number.POSITIVE_INFINITY) * 1000
  const validating = faults.stuck === 'validating' ? forever : desk.latency.validatingSeconds * 1000 * stretch
  const validatedAt = now + validating
  const running = faults.stuck === 'in_progress' ? forever : runMs
  const finalizingAt = validatedAt + running
  const finalizing = faults.stuck === 'finalizing' ? forever : desk.latency.finalizingSeconds * 1000 * stretch
  return {
    createdAt: now,
    expiresAt: desk.likeness.neverExpires ? Number.POSITIVE_INFINITY : now + windowMs,
    validatedAt,
    runMs,
    finalizingAt,
    completedAt: finalizingAt + finalizing,
    stallShare: faults.stallShare ?? 1,
    failure: null,
    cancel: null,
  }
}

/** How long a cancel takes for this batch. */
export function cancelLagMs(desk: Desk, batch: BatchRecord): number {
  const lag = batch.faults.cancelLagSeconds
  if (lag !== undefined) return lag * 1000
  return (desk.latency.cancellingSeconds * 1000 * between(chanceOf('cancel', desk.seed, batch.id), 50, 150)) / 100
}
