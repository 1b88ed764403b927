import { UsageError } from '../../domain/errors.ts'
import { terminalJobStates } from '../../domain/states.ts'
import type { Job, Receipt } from '../../index.ts'
import { exit, exitOf } from '../exit-codes.ts'
import { fly, printReceipt } from '../fly.ts'
import { type JobFlags, writable } from '../settings.ts'
import { takeOff } from '../take-off.ts'
import { pour, say } from '../terminal.ts'
import { withHome } from '../with-home.ts'

export async function run(input: readonly string[], flags: JobFlags): Promise<number> {
  const { output } = flags
  if (output === undefined)
    throw new UsageError('Where should the results go?', 'Name a file, -o results.jsonl; or -o - for standard output.')
  return withHome(flags, async (redeye) => {
    const { job, resumed } = await takeOff(redeye, input, flags)
    const landedBefore = resumed && terminalJobStates.includes((await job.receipt()).state)
    if (!resumed) say(`This is ${job.id}.`)
    const receipt = await fly(redeye, job, flags)
    if (receipt === undefined) return exit.detached
    if (output === '-') {
      await pour(job.output(flags.format === undefined ? {} : { format: flags.format }))
      printReceipt(receipt, { json: flags.json, to: say })
    } else printReceipt(await delivered(job, receipt, writable(output), landedBefore), flags)
    return exitOf(receipt)
  })
}

/** Landing wrote it where the job was first told to; a later run of the same key may want it elsewhere, or anew. */
async function delivered(job: Job, receipt: Receipt, output: string, landedBefore: boolean): Promise<Receipt> {
  if (!landedBefore && receipt.outputs.includes(output)) return receipt
  await job.deliver(output)
  return job.receipt()
}
