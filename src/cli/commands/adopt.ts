import { RedeyeError, UsageError } from '../../domain/errors.ts'
import type { AdoptableBatch, AdoptedBatch, AdoptSettings, Redeye } from '../../index.ts'
import { exit, worstOf } from '../exit-codes.ts'
import { amountOf, sinceOf, tagsOf } from '../settings.ts'
import { out, say } from '../terminal.ts'
import { adoptableText, adoptedText } from '../text/adopt.ts'
import { sameHome } from '../text/same-home.ts'
import { type Flags, withHome } from '../with-home.ts'

interface AdoptFlags extends Flags {
  readonly account?: string
  readonly since?: string
  readonly dryRun?: boolean
  readonly rescue?: boolean
  readonly budget?: string
  readonly allowUnpriced?: boolean
  readonly tag?: readonly string[]
}

export async function adopt(batches: readonly string[], flags: AdoptFlags): Promise<number> {
  const { account, since, dryRun = false, json = false } = flags
  if (batches.length > 0 === (account !== undefined))
    throw new UsageError(
      'Say which batches: by their ids, or all of an account.',
      '`redeye adopt --account openai --dry-run` lists those of an account.',
    )
  if (since !== undefined && account === undefined) throw new UsageError('--since goes with --account.')
  if (flags.budget !== undefined && flags.rescue !== true)
    throw new UsageError('Nothing is bought without --rescue, so there is nothing for --budget to be a wall to.')
  const options = optionsOf(flags)
  return withHome(flags, async (redeye) => {
    const from = since === undefined ? {} : { since: new Date(sinceOf(since, redeye.now())) }
    if (dryRun) {
      const found = await redeye.adoptable(account === undefined ? { batches } : { account, ...from })
      out(json ? JSON.stringify({ batches: found }) : adoptableText(found))
      return exit.done
    }
    if (account === undefined) return takeOver(redeye, batches, options, flags)
    const found = await redeye.adoptable({ account, ...from })
    const free = found.filter(isFree)
    if (free.length < found.length)
      say(`Passed over ${found.length - free.length}: of this home or another, or out of reach.`)
    return takeOver(
      redeye,
      free.map(({ batch }) => batch),
      options,
      flags,
    )
  })
}

/** Whoever wants another's has to name it. */
const isFree = ({ job, by, obstacle }: AdoptableBatch): boolean => job === null && by === 'others' && obstacle === null

/** More are not named one by one. */
const FEW = 5

/** One after the other; what goes wrong with one keeps none of the others back. */
async function takeOver(
  redeye: Redeye,
  batches: readonly string[],
  options: AdoptSettings,
  { json, home }: AdoptFlags,
): Promise<number> {
  const adopted: (AdoptedBatch & { readonly batch: string })[] = []
  const failed: { readonly batch: string; readonly error: Pick<RedeyeError, 'code' | 'message' | 'hint'> }[] = []
  const codes: number[] = []
  for (const batch of batches) {
    try {
      const one = { batch, ...(await redeye.adopt(batch, options)) }
      adopted.push(one)
      if (json !== true) out(adoptedText(one))
      if (options.rescue === true && !one.created && !one.own)
        say(sameHome(`What failed or expired in it may be bought again now: redeye retry ${one.job}`, home))
    } catch (error) {
      if (!(error instanceof RedeyeError)) throw error
      const { code, message, hint, exitCode } = error
      failed.push({ batch, error: { code, message, hint } })
      codes.push(exitCode)
      say(`${batch}: ${message}\n  ${sameHome(hint, home)}`)
    }
  }
  if (json === true) out(JSON.stringify({ adopted, failed }))
  else if (adopted.length === 0 && failed.length === 0) say('There is nothing to take over.')
  else if (adopted.length > FEW) say(sameHome('To follow them: redeye worker', home))
  else if (adopted.length > 0)
    say(sameHome(`To follow them: redeye wait ${adopted.map(({ job }) => job).join(' ')}`, home))
  return worstOf(codes)
}

const optionsOf = ({ rescue, budget, allowUnpriced, tag }: AdoptFlags): AdoptSettings => ({
  ...(rescue === true ? { rescue } : {}),
  ...(allowUnpriced === true ? { allowUnpriced } : {}),
  ...(budget === undefined ? {} : { budget: amountOf(budget) }),
  ...(tag === undefined ? {} : { tags: tagsOf(tag) }),
})
