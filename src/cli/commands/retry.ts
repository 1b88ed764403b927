import { exit, exitOf } from '../exit-codes.ts'
import { detachedOr, fly, printReceipt, sayWhoAttends } from '../fly.ts'
import { say } from '../terminal.ts'
import { some } from '../text/figures.ts'
import { type Flags, withHome } from '../with-home.ts'

export const retry = (
  name: string,
  flags: Flags & { readonly all?: boolean; readonly wait: boolean },
): Promise<number> =>
  withHome(flags, async (redeye) => {
    const job = await redeye.find(name)
    const again = await job.retry({ all: flags.all === true })
    say(`${some(again, 'request')} of ${job.id} fly again.`)
    if (!flags.wait) {
      await sayWhoAttends(job, flags)
      printReceipt(await job.receipt(), flags)
      return exit.done
    }
    return detachedOr(await fly(redeye, job, flags), (receipt) => {
      printReceipt(receipt, flags)
      return exitOf(receipt)
    })
  })
