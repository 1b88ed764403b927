import { exitOf } from '../exit-codes.ts'
import { printReceipt } from '../fly.ts'
import { writable } from '../settings.ts'
import { pour, say } from '../terminal.ts'
import { type Flags, withHome } from '../with-home.ts'

interface ResultsFlags extends Flags {
  readonly output: string
  readonly format?: 'csv' | 'tsv' | 'jsonl'
}

export const results = (name: string, flags: ResultsFlags): Promise<number> =>
  withHome(flags, async (redeye) => {
    const job = await redeye.find(name)
    if (flags.output === '-') {
      await pour(job.output(flags.format === undefined ? {} : { format: flags.format }))
      const receipt = await job.receipt()
      printReceipt(receipt, { json: flags.json, to: say })
      return exitOf(receipt)
    }
    await job.deliver(writable(flags.output))
    const receipt = await job.receipt()
    printReceipt(receipt, flags)
    return exitOf(receipt)
  })
