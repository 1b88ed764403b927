import { terminalJobStates } from '../../domain/states.ts'
import type { Job } from '../../index.ts'
import { exit } from '../exit-codes.ts'
import { detachedOr, fly, printReceipt, sayWhoAttends } from '../fly.ts'
import { idsIn } from '../ids-in.ts'
import { out, say } from '../terminal.ts'
import { withdrawalText } from '../text/withdrawal.ts'
import { type Flags, withHome } from '../with-home.ts'

interface CancelFlags extends Flags {
  readonly wait: boolean
  readonly ids?: string
}

export const cancel = (name: string, flags: CancelFlags): Promise<number> =>
  withHome(flags, async (redeye) => {
    const job = await redeye.find(name)
    if (flags.ids !== undefined) return withdraw(job, flags.ids, flags)
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

/** Some of its requests; the others fly on. */
async function withdraw(job: Job, path: string, flags: Flags): Promise<number> {
  const withdrawal = await job.cancel({ ids: idsIn(path) })
  if (flags.json === true) out(JSON.stringify(withdrawal))
  else out(withdrawalText(withdrawal))
  if (withdrawal.withdrawn > 0) await sayWhoAttends(job, flags)
  return exit.done
}
