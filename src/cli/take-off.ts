import { Refused } from '../domain/errors.ts'
import type { Job, Quote, Redeye } from '../index.ts'
import { exit } from './exit-codes.ts'
import { onInterrupt } from './interrupts.ts'
import { Rejects } from './rejects.ts'
import { type Deadline, deadlineOf, type JobFlags, settingsOf } from './settings.ts'
import { ask, canAsk, clear, onTerminal, say, show } from './terminal.ts'
import { bytes, some } from './text/figures.ts'
import { costText, quoteText } from './text/quote.ts'

export interface TakenOff {
  readonly job: Job
  /** The key named a job that is there already. */
  readonly resumed: boolean
}

/** Reads the input, shows the quote, has it agreed to, and makes the job; or finds the job of the key. */
export async function takeOff(redeye: Redeye, input: readonly string[], flags: JobFlags): Promise<TakenOff> {
  const settings = await settingsOf(flags)
  const deadline = deadlineOf(flags, redeye.now())
  if (deadline !== undefined) say(`To land by ${deadline.text}.`)
  const rejects = new Rejects(flags.rejects ?? `${settings.output ?? 'redeye'}.rejects.jsonl`)
  let asked = false
  const heard = onInterrupt(() => {
    say(`${onTerminal() ? '\n' : ''}Interrupted; nothing was sent.`)
    process.exit(exit.detached)
  })
  try {
    const job = await redeye.submit(input, {
      ...settings,
      ...(deadline === undefined ? {} : { by: deadline.at }),
      ...intake(flags, rejects),
      ...pilot(flags, input),
      confirm: async (quote) => {
        asked = true
        clear()
        rejects.close()
        say(quoteText(quote, redeye.now()))
        say('')
        return agreed(quote, flags, { deadline, now: redeye.now(), input })
      },
    })
    if (!asked) await resume(job, flags)
    return { job, resumed: !asked }
  } finally {
    heard()
    rejects.close()
    clear()
  }
}

/** How the input is read: bad lines set aside when asked to, progress shown on a terminal. */
export const intake = (flags: JobFlags, rejects: Rejects) => ({
  ...(flags.skipInvalid === true ? { skipInvalid: true, onReject: rejects.add } : {}),
  ...(onTerminal()
    ? { onProgress: (read: number, requests: number) => show(`Reading: ${bytes(read)}, ${some(requests, 'request')}`) }
    : {}),
})

/** What a pilot costs is agreed to before it is bought. */
export const pilot = (flags: JobFlags, input: readonly string[]) =>
  flags.pilot === undefined
    ? {}
    : {
        pilot: flags.pilot,
        confirmPilot: async (quote: Quote) => {
          clear()
          const lanes = quote.lanes.filter(({ flyable }) => flyable).map(({ lane, model }) => `${model} on ${lane}`)
          say(`A pilot goes first, of random requests: ${lanes.join(', ')}, for ${costText(quote)}.`)
          return agreedTo(`Buy the pilot for ${costText(quote)}?`, quote, flags, input)
        },
      }

/** Somebody says yes: at the terminal, or by a flag. */
async function agreed(
  quote: Quote,
  flags: JobFlags,
  { deadline, now, input }: { deadline: Deadline | undefined; now: number; input: readonly string[] },
): Promise<boolean> {
  if (deadline !== undefined && deadline.at.getTime() <= now)
    throw new Refused('deadline_impossible', `${deadline.text} has passed.`, 'Nothing was sent. Name a later --by.')
  return agreedTo(`Fly for ${costText(quote)}?`, quote, flags, input)
}

async function agreedTo(question: string, quote: Quote, flags: JobFlags, input: readonly string[]): Promise<boolean> {
  if (flags.yes === true) return true
  if (canAsk() && !input.includes('-')) return ask(question)
  if (flags.budget !== undefined) return true
  throw new Refused(
    'not_confirmed',
    `This would cost ${costText(quote)}, and nobody can be asked; nothing was sent.`,
    'Agree to it by --yes, or set a wall by --budget USD.',
  )
}

async function resume(job: Job, { key, budget }: JobFlags): Promise<void> {
  const { receipt } = await job.status()
  say(`Key "${key}" names ${job.id}, which is ${receipt.state}: going on with it.`)
  if (budget !== undefined) await job.setBudget(budget)
}
