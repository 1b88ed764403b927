import { Refused, UsageError } from '../../domain/errors.ts'
import { terminalJobStates } from '../../domain/states.ts'
import { randomId } from '../../kit/ids.ts'
import type { Quote } from '../../pricing/quote.ts'
import type { JobRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { ordinalIn, trialsOf } from '../quote/adopt-trials.ts'
import { digestOfJob } from '../quote/job-digest.ts'
import { sampleOf } from '../quote/pilot-rows.ts'
import { quoteJob } from '../quote/quote.ts'
import type { RoutedManifest } from '../rows/routing.ts'
import { everyRequest, recordsOf } from '../rows/rows.ts'
import { sampleAs } from './part-of.ts'
import { checkPrice, forget, type TakenIn } from './submit.ts'
import { checkSold, flyTrial, trialLadder } from './trial.ts'

export interface PilotOf {
  /** How many, of all models together. */
  readonly requests: number
  /** Of the job that it is for: budgets of the home count it among theirs. */
  readonly tags: JobRow['tags']
  /** Asked with what the sample would cost, before anything is bought. */
  readonly confirm?: ((quote: Quote) => Promise<boolean> | boolean) | undefined
}

/**
 * A job of random requests of an input, drawn all over it and of every model, that flies at once. Its answers are those
 * of the input's own job, which does not buy them again; a pilot that was flown before is not flown again, and one that
 * was left half-way goes on. Undefined: as many requests have been measured already.
 * @throws Refused (not agreed to, over the budget) · PriceMissing · UsageError where a model is not sold request by request
 */
export async function createPilot(
  ports: Ports,
  taken: TakenIn,
  options: JobOptions,
  { requests, tags, confirm }: PilotOf,
): Promise<JobRow | undefined> {
  const { manifest } = taken
  if (manifest.rows !== undefined)
    throw new UsageError(
      'A pilot tells how long answers are, and embeddings of input arrays have none.',
      'Quote them without --pilot.',
    )
  const digest = digestOfJob(manifest, options)
  const trials = await trialsOf(ports, digest)
  const pilots = trials.filter((job) => sampleOf(job) !== undefined)
  const underWay = pilots.find(({ state }) => !terminalJobStates.includes(state))
  if (underWay !== undefined) return underWay
  const missing = requests - pilots.reduce((sum, job) => sum + job.requests, 0)
  const bought = new Set(trials.flatMap((job) => Array.from({ length: job.requests }, (_, at) => ordinalIn(job)(at))))
  const sample = missing > 0 ? await drawn(ports, manifest, missing, bought) : []
  if (sample.length === 0) return undefined
  await checkSold(ports, taken)
  const folder = `intake/${randomId('pilot')}`
  const part = await sampleAs(ports, manifest, sample, folder)
  const own: JobOptions = { ...options, ladder: trialLadder, sample, cache: 'off' }
  try {
    const quote = await quoteJob(ports, part.manifest, own, null)
    checkPrice(quote, own)
    if ((await confirm?.(quote)) === false)
      throw new Refused(
        'not_confirmed',
        'The pilot was not confirmed; nothing was sent.',
        'Confirm by --yes, set a wall by --budget USD, or leave out --pilot.',
      )
    return await flyTrial(ports, part.manifest, own, { digest, quote, tags })
  } catch (error) {
    await forget(ports, { folder })
    throw error
  }
}

/** Fewer of a model tell nothing, as far as the sample has room for so many of each. */
const OF_EACH_MIN = 10

/** Ordinals of random requests: of each group in turn by its share, one out of every stretch of the input. */
async function drawn(
  ports: Ports,
  manifest: RoutedManifest,
  requests: number,
  except: ReadonlySet<number>,
): Promise<number[]> {
  const left = manifest.groups.map(() => 0)
  for await (const { group } of requestsBut(ports, manifest, except)) left[group] = (left[group] as number) + 1
  const counts = shares(left, requests)
  const wanted = counts.map((count, group) => positions(left[group] as number, count))
  const [sample, seen, taken]: [number[], number[], number[]] = [[], left.map(() => 0), left.map(() => 0)]
  for await (const { ordinal, group } of requestsBut(ports, manifest, except)) {
    const place = seen[group] as number
    seen[group] = place + 1
    if (wanted[group]?.[taken[group] as number] !== place) continue
    taken[group] = (taken[group] as number) + 1
    sample.push(ordinal)
  }
  return sample
}

async function* requestsBut(
  { blobs }: Ports,
  manifest: RoutedManifest,
  except: ReadonlySet<number>,
): AsyncGenerator<{ readonly ordinal: number; readonly group: number }> {
  let ordinal = 0
  for await (const records of recordsOf(blobs, manifest, everyRequest(manifest))) {
    for (const { group } of records) {
      if (!except.has(ordinal)) yield { ordinal, group }
      ordinal++
    }
  }
}

/** How many of each group, of which so many are left: some of each, then by what is left of them. */
export function shares(left: readonly number[], requests: number): number[] {
  const least = Math.max(1, Math.min(OF_EACH_MIN, Math.floor(requests / left.length)))
  const counts = left.map((one) => Math.min(one, least))
  const sum = (of: readonly number[]): number => of.reduce((all, one) => all + one, 0)
  const [room, more] = [sum(left) - sum(counts), Math.max(0, requests - sum(counts))]
  if (room === 0) return counts
  // Rounding the sums, not the parts, so that the parts come to the whole.
  let before = 0
  return counts.map((count, at) => {
    const after = before + (left[at] as number) - count
    const part = Math.round((more * after) / room) - Math.round((more * before) / room)
    before = after
    return Math.min(left[at] as number, count + part)
  })
}

/** So many of `of` places in rising order, one at random out of each of as many stretches. */
export function positions(of: number, count: number, chance: () => number = Math.random): number[] {
  return Array.from({ length: count }, (_, at) => {
    const from = Math.floor((at * of) / count)
    const to = Math.floor(((at + 1) * of) / count)
    return from + Math.floor(chance() * (to - from))
  })
}
