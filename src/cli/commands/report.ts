import { writeFileWhole } from '../../kit/write-file-whole.ts'
import { exit } from '../exit-codes.ts'
import { monthPage } from '../html/month-page.ts'
import { monthOf, writable } from '../settings.ts'
import { out, say } from '../terminal.ts'
import { moneyOr } from '../text/figures.ts'
import { type Flags, withHome } from '../with-home.ts'

interface ReportFlags extends Flags {
  readonly month?: string
  readonly output: string
}

export const report = (flags: ReportFlags): Promise<number> =>
  withHome(flags, async (redeye) => {
    const month = monthOf(flags.month ?? new Date(redeye.now()).toISOString().slice(0, 7))
    const output = flags.output === '-' ? undefined : writable(flags.output)
    const found = await redeye.month(month)
    const page = monthPage(found)
    if (output === undefined) out(page.trimEnd())
    else await writeFileWhole(output, (write) => write(Buffer.from(page)))
    if (flags.json === true && output !== undefined) out(JSON.stringify(found))
    else if (output !== undefined) {
      const { charged, saved } = found.total.usd
      say(`${month}: ${moneyOr(charged)} USD charged, ${moneyOr(saved)} saved. Written to ${output}`)
    }
    return exit.done
  })
