import { setTimeout as sleep } from 'node:timers/promises'
import { terminalJobStates } from '../../domain/states.ts'
import type { JobSummary } from '../../index.ts'
import { exit } from '../exit-codes.ts'
import { onInterrupt } from '../interrupts.ts'
import { out, say } from '../terminal.ts'
import { outcomeText } from '../text/receipt.ts'
import { type Flags, withHome } from '../with-home.ts'

const LOOK_MS = 1000

/** Attends every job of the home, also those that come, until it is stopped. Says what each comes to. */
export const worker = (flags: Flags): Promise<number> =>
  withHome(flags, async (redeye) => {
    const stop = new AbortController()
    const unheard = onInterrupt(() => stop.abort())
    const attending = await redeye.attendAll('worker')
    say(`Attending all jobs of ${redeye.home}. Ctrl-C stops; bought work goes on at the vendor.`)
    const seen = new Map<string, string>()
    for (const job of await redeye.jobs()) seen.set(job.id, stateOf(job))
    try {
      while (!stop.signal.aborted) {
        const failure = attending.failure()
        if (failure !== undefined) throw failure
        for (const job of await redeye.jobs()) {
          if (seen.get(job.id) === stateOf(job)) continue
          seen.set(job.id, stateOf(job))
          const receipt = await redeye.job(job.id).receipt()
          if (flags.json === true) out(JSON.stringify(receipt))
          else out(terminalJobStates.includes(job.state) ? outcomeText(receipt) : `${job.id} ${stateOf(job)}`)
        }
        await sleep(LOOK_MS, undefined, { signal: stop.signal }).catch(() => {})
      }
    } finally {
      await attending.stop()
      unheard()
    }
    return exit.done
  })

const stateOf = ({ state, held }: JobSummary): string => (held === null ? state : `held (${held})`)
