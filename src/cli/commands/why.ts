import { exit } from '../exit-codes.ts'
import { out } from '../terminal.ts'
import { type Flags, withHome } from '../with-home.ts'

export const why = (name: string, flags: Flags): Promise<number> =>
  withHome(flags, async (redeye) => {
    const job = await redeye.find(name)
    const told = await job.why()
    out(flags.json === true ? JSON.stringify(told) : [`Job ${told.job}: ${told.state}.`, ...told.reasons].join('\n'))
    return exit.done
  })
