import { StoreUnavailable } from '../domain/errors.ts'
import { SECOND } from '../kit/clock.ts'
import { Journal } from './journal.ts'
import { recover } from './read-journal.ts'
import { Run } from './run.ts'
import type { Ended, Progress, Work } from './work.ts'

const progressMs = SECOND

/**
 * Runs requests on a lane that takes them one by one. Each answer is on the disk before it counts, and each request
 * before it leaves, so that a run can end at any moment: the next one, given the journals of those before, buys again
 * only what was in flight, and that is counted as unproven.
 *
 * Yields views of the progress; whoever stops asking for them stops the run.
 * @throws StoreUnavailable when the journal cannot be written
 */
export async function* execute(work: Work): AsyncGenerator<Progress, Ended> {
  const recovered = await recover(work.earlier ?? [])
  const journal = await Journal.create(work.journal).catch((error: unknown) => {
    throw unwritable(error)
  })
  const run = new Run(work, journal, recovered)
  const ended = run.fly().catch((error: unknown) => {
    throw error === journal.fault ? unwritable(error) : error
  })
  try {
    for (;;) {
      const tick = Promise.withResolvers<undefined>()
      const timer = setTimeout(() => tick.resolve(undefined), work.progressMs ?? progressMs)
      const done = await Promise.race([ended, tick.promise]).finally(() => clearTimeout(timer))
      yield done?.progress ?? run.progress()
      if (done !== undefined) return done
    }
  } finally {
    run.stop()
    await ended
  }
}

function unwritable(cause: unknown): StoreUnavailable {
  return new StoreUnavailable(
    `The journal of a run cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`,
    'Make room on the disk and run the same command again: what was answered is kept.',
    { cause },
  )
}
