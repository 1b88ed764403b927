import { exit } from '../exit-codes.ts'
import { leavable, sayWhoAttends } from '../fly.ts'
import type { JobFlags } from '../settings.ts'
import { takeOff } from '../take-off.ts'
import { out, say } from '../terminal.ts'
import { withHome } from '../with-home.ts'

export const submit = (input: readonly string[], flags: JobFlags): Promise<number> =>
  withHome(flags, async (redeye) => {
    const { job } = await takeOff(redeye, input, flags)
    const bought = await leavable(job, flags, async (signal) => {
      await job.untilBought({ signal })
      return true
    })
    if (bought === undefined) return exit.detached
    const { receipt, shards } = await job.status()
    if (shards.held > 0) say(`${shards.held} of ${shards.total} shards wait; \`redeye show ${job.id}\` says for what.`)
    await sayWhoAttends(job, flags)
    out(flags.json === true ? JSON.stringify(receipt) : job.id)
    return exit.done
  })
