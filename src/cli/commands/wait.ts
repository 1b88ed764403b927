import { UsageError } from '../../domain/errors.ts'
import type { Job } from '../../index.ts'
import { durationOf } from '../../kit/wall-time.ts'
import { exit, exitOf, worstOf } from '../exit-codes.ts'
import { sayWhoAttends } from '../fly.ts'
import { onInterrupt } from '../interrupts.ts'
import { reportError } from '../report-error.ts'
import { out, say } from '../terminal.ts'
import { outcomeText } from '../text/receipt.ts'
import { type Flags, withHome } from '../with-home.ts'

interface WaitFlags extends Flags {
  readonly timeout?: string
}

/** Attends without a word until all are home, or the time is up. */
export async function wait(names: readonly string[], flags: WaitFlags): Promise<number> {
  const timeout = timeoutOf(flags.timeout)
  return withHome(flags, async (redeye) => {
    const jobs: Job[] = []
    for (const name of names) jobs.push(await redeye.find(name))
    const over = new AbortController()
    let left = false
    const timer = timeout === undefined ? undefined : setTimeout(() => over.abort(), timeout)
    const unheard = onInterrupt(() => {
      left = true
      over.abort()
    })
    try {
      const codes = await Promise.all(jobs.map((job) => waitFor(job, over.signal, flags)))
      return left && codes.includes(exit.stillFlying) ? exit.detached : worstOf(codes)
    } finally {
      clearTimeout(timer)
      unheard()
    }
  })
}

async function waitFor(job: Job, over: AbortSignal, flags: WaitFlags): Promise<number> {
  try {
    await job.wait({ signal: over })
  } catch (error) {
    if (!over.aborted) return reportError(error, flags)
  }
  const receipt = await job.receipt()
  out(flags.json === true ? JSON.stringify(receipt) : outcomeText(receipt))
  const code = exitOf(receipt)
  if (code === exit.stillFlying) {
    say(`${job.id} is still ${receipt.state}.`)
    await sayWhoAttends(job, flags)
  }
  return code
}

/** Real time, unlike all else: a scheduler's patience does not run faster in a demo. */
function timeoutOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = durationOf(text)
  if (ms === undefined) throw new UsageError(`--timeout ${text} is no duration.`, 'Say 90m, 2h or 1h30m.')
  return Math.min(ms, 2 ** 31 - 1) // what a timer can hold: 24 days
}
