import { exit } from '../exit-codes.ts'
import { Rejects } from '../rejects.ts'
import { deadlineOf, type JobFlags, settingsOf } from '../settings.ts'
import { intake } from '../take-off.ts'
import { clear, out, say } from '../terminal.ts'
import { quoteText } from '../text/quote.ts'
import { withHome } from '../with-home.ts'

export const quote = (input: readonly string[], flags: JobFlags): Promise<number> =>
  withHome(flags, async (redeye) => {
    const deadline = deadlineOf(flags, redeye.now())
    if (deadline !== undefined) say(`To land by ${deadline.text}.`)
    const rejects = new Rejects(flags.rejects ?? 'redeye.rejects.jsonl')
    const settings = { ...(await settingsOf(flags)), ...intake(flags, rejects) }
    const quoted = await redeye.quote(input, deadline === undefined ? settings : { ...settings, by: deadline.at })
    clear()
    rejects.close()
    out(flags.json === true ? JSON.stringify(quoted) : quoteText(quoted, redeye.now()))
    return exit.done
  })
