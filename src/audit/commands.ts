import type { PicoUsd } from '../domain/money.ts'
import type { Move, PricedGroup } from './price-group.ts'
import type { Group } from './tally.ts'

interface Moved {
  readonly group: Group
  readonly priced: PricedGroup
  readonly saved: PicoUsd
  /** That the log covers. */
  readonly days: number
}

/** What to type: to know the price of a month of it, and to buy a day of it so. */
export function commandsFor(move: Move, { group, priced, saved, days }: Moved): { command: string; check: string } {
  const model = `${priced.model.vendor}/${priced.model.id}`
  const { requests, input, output } = priced.use
  const month = (count: number): number => Math.round((count * 30) / days)
  const cached = move.endsWith('cache') ? Math.max(priced.shared.share * 0.9, 0) : 0
  const check = [
    `redeye quote --model ${model} --input-tokens ${month(input)}`,
    ...(output > 0 ? [`--output-tokens ${month(output)}`] : []),
    ...(requests === null ? [] : [`--requests ${month(requests)}`]),
    ...(cached > 0 ? [`--cached-share ${cached.toFixed(2)}`] : []),
  ].join(' ')
  if (move === 'cache')
    return {
      check,
      command:
        'Send what the prompts share first and unchanged, and ask for it to be cached where the vendor wants that.',
    }
  const lanes = move.startsWith('flex') ? '--ladder flex,standard --by 1h' : '--by 24h'
  return {
    check,
    command: `redeye run REQUESTS.jsonl -o RESULTS.jsonl --model ${model} ${lanes} --budget ${budget(priced.movable - saved, group)}`,
  }
}

/** A wall for one day's work: what it would have cost, and half as much again. */
function budget(cost: PicoUsd, { hoursOf }: Group): string {
  const usd = (Number(cost) / 1e12 / Math.max(1, hoursOf.size)) * 1.5
  return usd >= 1 ? String(Math.ceil(usd)) : Math.max(0.01, Math.ceil(usd * 100) / 100).toFixed(2)
}
