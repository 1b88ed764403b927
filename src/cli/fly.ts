import { setTimeout as sleep } from 'node:timers/promises'
import type { Job, JobEvent, Receipt, Redeye } from '../index.ts'
import { exit } from './exit-codes.ts'
import { onInterrupt } from './interrupts.ts'
import { clear, onTerminal, out, say, show } from './terminal.ts'
import { eventText, isLoud } from './text/events.ts'
import { progressFacts, progressTimes } from './text/progress.ts'
import { receiptText } from './text/receipt.ts'
import { sameHome } from './text/same-home.ts'
import type { Flags } from './with-home.ts'

const LOOK_MS = 250
/** Looking takes at most one part in so many of the time. */
const LOOK_SHARE = 50
/** Between two plain lines, where there is no terminal. */
const PLAIN_MS = 3000

/** Attends the job with its progress on stderr, until it is home or the user leaves; then undefined. */
export async function fly(redeye: Redeye, job: Job, flags: Flags): Promise<Receipt | undefined> {
  return leavable(job, flags, async (signal) => {
    const progress = await Progress.of(redeye, job)
    try {
      await job.wait({ signal })
    } finally {
      await progress.stop()
    }
    const receipt = await job.receipt()
    await progress.end(receipt)
    return receipt
  })
}

/** Work that Ctrl-C leaves: bought work goes on at the vendor, and it is said how to come back. */
export async function leavable<T>(
  job: Job,
  flags: Flags,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const leaving = new AbortController()
  const unheard = onInterrupt(() => {
    say('Leaving … (Ctrl-C again ends at once)')
    leaving.abort()
  })
  try {
    return await work(leaving.signal)
  } catch (error) {
    if (!leaving.signal.aborted) throw error
    await sayDetached(job, flags)
    return undefined
  } finally {
    unheard()
    clear()
  }
}

async function sayDetached(job: Job, flags: Flags): Promise<void> {
  say('Detached. What is bought goes on at the vendor.')
  await sayWhoAttends(job, flags)
}

/** Nobody, mostly: then nothing is collected, retried or bought until somebody comes back. */
export async function sayWhoAttends(job: Job, flags: Flags): Promise<void> {
  const { attendants } = await job.status()
  const [other] = attendants.filter(({ pid }) => pid !== process.pid)
  const back = `redeye watch ${job.id}`
  if (other !== undefined) say(`Process ${other.pid} (${other.command}) on ${other.host} attends it. To follow it:`)
  else say('Nobody attends this job now: nothing is collected, retried or rescued until somebody does. To come back:')
  say(`  ${sameHome(back, flags.home)}`)
}

/** The receipt, for people or machines, where results leave room for it. */
export function printReceipt(
  receipt: Receipt,
  { json, to = out }: { json?: boolean | undefined; to?: (text: string) => void },
): void {
  to(json === true ? JSON.stringify(receipt) : receiptText(receipt))
}

/** Shows how a job flies: one line that changes on a terminal, a line per change elsewhere, and what is worth telling. */
class Progress {
  readonly #redeye: Redeye
  readonly #job: Job
  readonly #stopped = new AbortController()
  #looking: Promise<void> = Promise.resolve()
  #seq = 0
  #facts = ''
  #said = ''
  #saidAt = 0

  private constructor(redeye: Redeye, job: Job) {
    this.#redeye = redeye
    this.#job = job
  }

  static async of(redeye: Redeye, job: Job): Promise<Progress> {
    const progress = new Progress(redeye, job)
    for await (const { seq } of job.events({ follow: false })) progress.#seq = seq // `show` tells what was before
    progress.#looking = progress.#run()
    return progress
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#looking
    clear()
  }

  /** The last word: who brought it home, when it was not us. */
  async end({ job, state }: Receipt): Promise<void> {
    const events = await this.#tell()
    const landed = events.findLast(({ type }) => type === 'landed' || type === 'cancelled')
    const { pid } = (landed?.data ?? {}) as { pid?: number }
    if (state === 'cancelled') say(`${job} was cancelled: what the vendor had finished is kept and charged.`)
    else if (pid !== undefined && pid !== process.pid) say(`Another redeye process (${pid}) landed it.`)
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      const began = performance.now()
      await this.#look().catch(() => {}) // whoever waits for the job hears of it
      // A job of hundreds of shards takes milliseconds to count, which are better spent on flying it.
      const took = performance.now() - began
      await sleep(Math.max(LOOK_MS, took * LOOK_SHARE), undefined, { signal }).catch(() => {})
    }
  }

  async #look(): Promise<void> {
    await this.#tell()
    const status = await this.#job.status()
    if (this.#stopped.signal.aborted) return
    const facts = progressFacts(status)
    const line = `${facts} · ${progressTimes(status, this.#redeye.now())}`
    if (onTerminal()) return show(line)
    if (facts === this.#facts || Date.now() - this.#saidAt < PLAIN_MS) return
    this.#facts = facts
    this.#saidAt = Date.now()
    say(line)
  }

  async #tell(): Promise<JobEvent[]> {
    const events: JobEvent[] = []
    for await (const event of this.#job.events({ follow: false, after: this.#seq })) {
      this.#seq = event.seq
      events.push(event)
      const text = eventText(event)
      if (!isLoud(event) || text === this.#said) continue
      this.#said = text
      say(text)
    }
    return events
  }
}

/** What `run`, `watch`, `retry` and `cancel` end with. */
export const detachedOr = (receipt: Receipt | undefined, then: (receipt: Receipt) => number): number =>
  receipt === undefined ? exit.detached : then(receipt)
