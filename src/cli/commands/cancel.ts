import { terminalJobStates } from '../../domain/states.ts'
import { exit } from '../exit-codes.ts'
import { detachedOr, fly, printReceipt, sayWhoAttends } from '../fly.ts'
import { say } from '../terminal.ts'
import { type Flags, withHome } from '../with-home.ts'

export const cancel = (name: string, flags: Flags & { readonly wait: boolean }): Promise<number> =>
  withHome(flags, async (redeye) => {
    const job = await redeye.find(name)
    const { state } = await job.receipt()
    if (terminalJobStates.includes(state)) {
      say(`${job.id} is ${state} already; there is nothing to cancel.`)
      printReceipt(await job.receipt(), flags)
      return exit.done
    }
    await job.cancel({ wait: false })
    if (!flags.wait) {
      say(`${job.id} is asked to end. What was bought is cancelled at the vendor by whoever attends it.`)
      await sayWhoAttends(job, flags)
      printReceipt(await job.receipt(), flags)
      return exit.done
    }
    return detachedOr(await fly(redeye, job, flags), (receipt) => {
      printReceipt(receipt, flags)
      return exit.done
    })
  })
