import { UsageError } from '../../domain/errors.ts'
import { exit } from '../exit-codes.ts'
import { onInterrupt } from '../interrupts.ts'
import { Rejects } from '../rejects.ts'
import { deadlineOf, type JobFlags, settingsOf } from '../settings.ts'
import { intake } from '../take-off.ts'
import { clear, out, say } from '../terminal.ts'
import { trialText } from '../text/trial.ts'
import { withHome } from '../with-home.ts'

interface TryFlags extends Omit<JobFlags, 'model'> {
  readonly requests: number
  /** Several: each is tried. */
  readonly model?: readonly string[]
}

/** Named so because `try` is a word of the language. */
export const tryOut = (input: readonly string[], { model, requests, ...flags }: TryFlags): Promise<number> =>
  withHome(flags, async (redeye) => {
    if (input.includes('-') && (model ?? []).length > 1)
      throw new UsageError('Standard input can be read for one model only.', 'Write it to a file first.')
    const deadline = deadlineOf(flags, redeye.now())
    const leaving = new AbortController()
    const unheard = onInterrupt(() => leaving.abort())
    const trials = []
    try {
      for (const name of model ?? [undefined]) {
        const settings = await settingsOf(name === undefined ? flags : { ...flags, model: name })
        const rejects = new Rejects(flags.rejects ?? 'redeye.rejects.jsonl')
        say(`Calling ${requests} of the requests${name === undefined ? '' : ` with ${name}`} …`)
        const trial = await redeye.try([...input], {
          ...settings,
          ...(deadline === undefined ? {} : { by: deadline.at }),
          ...intake(flags, rejects),
          requests,
          signal: leaving.signal,
        })
        rejects.close()
        clear()
        trials.push(trial)
        if (flags.json !== true) out(trialText(trial, redeye.now()))
      }
    } finally {
      unheard()
      clear()
    }
    if (flags.json === true) out(JSON.stringify(trials))
    return trials.every((trial) => trial.requests.every(({ outcome }) => outcome === 'succeeded'))
      ? exit.done
      : exit.someFailed
  })
