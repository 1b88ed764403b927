import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Refused, UsageError } from '../../domain/errors.ts'
import type { Lane } from '../../domain/usage.ts'
import {
  allBatchPrices,
  homeOf,
  type LandingSeen,
  lanes,
  openPrices,
  type PriceRefresh,
  prices as priceListOf,
  refreshPrices,
} from '../../index.ts'
import { exit } from '../exit-codes.ts'
import { ask, canAsk, out, say } from '../terminal.ts'
import { lanesText } from '../text/lanes.ts'
import { batchPricesText, priceListText } from '../text/prices.ts'
import { refreshText } from '../text/refresh.ts'
import { type Flags, withHome } from '../with-home.ts'

interface PricesFlags extends Flags {
  readonly models?: boolean
  readonly refresh?: string
  readonly yes?: boolean
}

export async function prices(model: string | undefined, flags: PricesFlags): Promise<number> {
  const { json, refresh, yes, models } = flags
  if (refresh !== undefined) return refreshFrom(refresh, flags)
  if (yes === true) throw new UsageError('--yes agrees to what --refresh would change.', 'Name a map by --refresh.')
  const home = homeFor(flags)
  const book = await openPrices(home)
  const now = Date.now()
  if (model !== undefined) {
    const list = priceListOf(model, now, book)
    out(json === true ? JSON.stringify(list) : priceListText(list))
  } else if (models === true) {
    const all = allBatchPrices(now, book)
    out(json === true ? JSON.stringify(all) : batchPricesText(all))
  } else {
    const table = lanes({ at: now, book, seen: await seenIn(home, flags) })
    out(json === true ? JSON.stringify(table) : lanesText(table))
  }
  return exit.done
}

const homeFor = ({ home }: Flags): string => (home === undefined ? homeOf(process.env) : resolve(home))

/** Asking for a price makes no home. */
const seenIn = async (home: string, flags: Flags): Promise<ReadonlyMap<Lane, LandingSeen>> =>
  existsSync(home) ? withHome(flags, (redeye) => redeye.landingsSeen()) : new Map()

async function refreshFrom(from: string, flags: PricesFlags): Promise<number> {
  const refresh = await refreshPrices(from, { home: homeFor(flags) })
  const { save, ...found } = refresh
  out(flags.json === true ? JSON.stringify(found) : refreshText(refresh))
  if (!(await agreed(refresh, flags))) {
    say('Nothing was changed.')
    return exit.done
  }
  await save()
  say(`Used from now on: ${refresh.path}`)
  return exit.done
}

/** What changes no price needs nobody's consent. */
async function agreed({ changed, added }: PriceRefresh, { yes }: PricesFlags): Promise<boolean> {
  if (yes === true || changed.length + added.length === 0) return true
  if (canAsk()) return ask('Use these prices from now on?')
  throw new Refused(
    'not_confirmed',
    'These prices would be used from now on, and nobody can be asked; nothing was changed.',
    'Agree to them by --yes.',
  )
}
