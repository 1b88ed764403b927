import { UsageError } from '../../domain/errors.ts'
import type { BudgetOf, BudgetStatus } from '../../index.ts'
import { exit } from '../exit-codes.ts'
import { out, say } from '../terminal.ts'
import { columns } from '../text/columns.ts'
import { money } from '../text/figures.ts'
import { type Flags, withHome } from '../with-home.ts'

/** @param usd  an amount, or `none`; without, budgets are only listed */
export function budget(usd: string | undefined, { tag, per, ...flags }: Flags & BudgetOf): Promise<number> {
  if (usd === undefined && (tag !== undefined || per !== undefined))
    throw new UsageError('Which amount?', 'Say it before the flags: redeye budget 100 --tag team=search.')
  return withHome(flags, async (redeye) => {
    if (usd !== undefined)
      await redeye.setBudget(usd === 'none' ? null : usd, {
        ...(tag === undefined ? {} : { tag }),
        ...(per === undefined ? {} : { per }),
      })
    const budgets = await redeye.budgets()
    if (flags.json === true) out(JSON.stringify(budgets))
    else if (budgets.length === 0) say('There is no budget: redeye budget 500 --per month makes one for all jobs.')
    else out(columns(['budget', 'USD ', 'spent ', 'in the air ', 'left ', ''], budgets.map(cells)).join('\n'))
    return exit.done
  })
}

const cells = ({ name, month, usd, spent, inAir, left }: BudgetStatus): string[] => [
  name,
  ...[usd, spent, inAir, left].map(money),
  month === null ? '' : `in ${month}`,
]
