import { UsageError } from '../../domain/errors.ts'
import { openPrices, quoteTokens, type WhatIf } from '../../index.ts'
import { exit } from '../exit-codes.ts'
import { Rejects } from '../rejects.ts'
import { deadlineOf, type JobFlags, settingsOf } from '../settings.ts'
import { intake, pilot } from '../take-off.ts'
import { clear, out, say } from '../terminal.ts'
import { quoteText } from '../text/quote.ts'
import { withHome } from '../with-home.ts'

type QuoteFlags = JobFlags & Partial<Omit<WhatIf, 'model'>>

export const quote = async (input: readonly string[], flags: QuoteFlags): Promise<number> =>
  input.length > 0 ? quoteInput(input, flags) : quoteNothing(flags)

/** Tokens that are in no file yet. */
async function quoteNothing({ model, inputTokens, json, home, ...more }: QuoteFlags): Promise<number> {
  if (inputTokens === undefined)
    throw new UsageError('There is nothing to quote.', 'Name an input, or say --model and --input-tokens.')
  if (model === undefined) throw new UsageError('Tokens cost what their model costs.', 'Name it by --model.')
  const now = Date.now()
  const book = await openPrices(home)
  const quoted = quoteTokens({ model, inputTokens, ...more }, now, book)
  out(json === true ? JSON.stringify(quoted) : quoteText(quoted, now))
  return exit.done
}

const quoteInput = (input: readonly string[], flags: JobFlags): Promise<number> =>
  withHome(flags, async (redeye) => {
    const deadline = deadlineOf(flags, redeye.now())
    if (deadline !== undefined) say(`To land by ${deadline.text}.`)
    const rejects = new Rejects(flags.rejects ?? 'redeye.rejects.jsonl')
    const settings = { ...(await settingsOf(flags)), ...intake(flags, rejects), ...pilot(flags, input) }
    const quoted = await redeye.quote(input, deadline === undefined ? settings : { ...settings, by: deadline.at })
    clear()
    rejects.close()
    out(flags.json === true ? JSON.stringify(quoted) : quoteText(quoted, redeye.now()))
    return exit.done
  })
