import { exitOf } from '../exit-codes.ts'
import { detachedOr, fly, printReceipt } from '../fly.ts'
import { amountOf } from '../settings.ts'
import { type Flags, withHome } from '../with-home.ts'

export const watch = (name: string, flags: Flags & { readonly budget?: string }): Promise<number> =>
  withHome(flags, async (redeye) => {
    const job = await redeye.find(name)
    if (flags.budget !== undefined) await job.setBudget(amountOf(flags.budget))
    return detachedOr(await fly(redeye, job, flags), (receipt) => {
      printReceipt(receipt, flags)
      return exitOf(receipt)
    })
  })
