import { UsageError } from '../../domain/errors.ts'
import { type Advice, advise as adviceFor, openPrices } from '../../index.ts'
import { durationOf } from '../../kit/wall-time.ts'
import { exit } from '../exit-codes.ts'
import { out } from '../terminal.ts'
import { columns } from '../text/columns.ts'
import { money } from '../text/figures.ts'

interface AdviseFlags {
  readonly latency: string
  readonly monthlySpend: number
  readonly offlineShare: number
  readonly model?: string
  readonly home?: string
  readonly json?: boolean
}

export async function advise({ latency, home, json, ...situation }: AdviseFlags): Promise<number> {
  const latencyMs = durationOf(latency)
  if (latencyMs === undefined)
    throw new UsageError(`--latency ${latency} is no duration.`, 'Say 100ms, 30s, 15m, 8h or 1d.')
  const advice = adviceFor({ latencyMs, ...situation }, await openPrices(home))
  out(json === true ? JSON.stringify(advice) : adviceText(advice))
  return exit.done
}

function adviceText({ recommended, reason, ways, notWhen }: Advice): string {
  const rows = ways.map(({ way, multiplier, fits, saved, promise }) => [
    way === recommended ? '→' : ' ',
    way,
    `${Math.round(multiplier * 100)} % `,
    fits ? 'yes' : 'no',
    saved > 0 ? `${money(String(saved))} ` : '',
    promise,
  ])
  return [
    ...columns(['', 'way', 'price ', 'in time', 'USD a month ', 'promise'], rows),
    '',
    reason,
    'Do not wait for a batch when',
    ...notWhen.map((case_) => `· ${case_}.`),
  ].join('\n')
}
