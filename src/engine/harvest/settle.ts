import {
  type Collected,
  emptyUsage,
  isBilled,
  readUsage,
  USAGE_BYTES,
  type UsageRow,
} from '../../delivery/result-index.ts'
import { makesNumbers } from '../../domain/endpoints.ts'
import { emptyTally, outcomes } from '../../domain/outcome.ts'
import { type Lane, tierOf, type Usage, vendorOf } from '../../domain/usage.ts'
import { type Bucket, type Entry, entriesOf, worstCase } from '../../ledger/entries.ts'
import { isLong, type ModelRow } from '../../pricing/catalogue.ts'
import { type Price, priceFor, tierAnswered } from '../../pricing/price.ts'
import type { JobRow, LedgerRow, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'
import { readWhole } from '../rows/read-whole.ts'
import { courseAfter, grownOf, isSteered } from '../shards/course.ts'
import { commit, eventOf, type ShardFlight, type Then } from '../shards/flight.ts'
import { grownLimit } from '../shards/growth.ts'
import { keepSubmission, moveShard, moveSubmission } from '../shards/move.ts'
import { ordinalsOf, subShard } from '../shards/plan.ts'
import { noteReason, rowsIn, type ShardTally } from '../shards/tally.ts'
import { type EngineCharge, engineCharge } from './engine-charge.ts'
import { eachFate, mayRetry, retryPause } from './fates.ts'

/** Writes the ledger, once, in the transaction of the state change. */
export async function settle(flight: ShardFlight, submission: SubmissionRow): Promise<Then> {
  const { ports, job, shard } = flight
  const ledger = await chargesOf(flight, submission)
  const tally = await tallyOf(flight, submission)
  const stray = submission.duplicate || submission.abandoned
  const children = stray || !isSteered(job) ? [] : await restOf(flight, submission)
  ports.step('settling')
  const now = ports.clock.now()
  await commit(flight, {
    submissions: [moveSubmission(submission, 'settle', { settledAt: now })],
    shards: stray ? [] : [moveShard(shard, 'settle', { tally, held: null })],
    insertShards: children,
    ledger,
    events: [eventOf(flight, 'settled', { ...tally.own, again: rowsIn(tally.again) }, submission)],
  })
  ports.step('settled')
  return null
}

/** What of a flight its charges depend on. */
export type Charged = Pick<ShardFlight, 'ports' | 'job' | 'shard' | 'manifest' | 'input'>

/** All that a submission is charged: from what it left here alone, so that it is the same whenever it is asked. */
export async function chargesOf(flight: Charged, submission: SubmissionRow): Promise<LedgerRow[]> {
  if (submission.collected === null) return unproven(flight, submission, submission.rows, 'lost at the vendor')
  const usage = await readWhole(flight.ports, (submission.collected as Collected).usage)
  // What was given up for another purchase is paid for besides.
  const part = submission.duplicate || submission.abandoned ? 'duplicate' : 'proven'
  const proven = ledgerOf(flight.ports, flight.job, submission, usage, part)
  return [...proven, ...unprovenOf(flight, submission, billedIn(usage))]
}

/** The vendor lost the whole submission: every row missing, the money perhaps gone; an upper bound is written down. */
export async function settleLost(flight: ShardFlight, submission: SubmissionRow): Promise<Then> {
  const { ports, shard, job, options } = flight
  const own = { ...emptyTally(), missing: submission.rows }
  const again = mayRetry(job, shard, options) ? own : emptyTally()
  const handsOn = isSteered(job) && mayRetry(job, shard, options)
  const tally: ShardTally = { own, again, ...(handsOn ? { handedOn: true } : {}) }
  await commit(flight, {
    submissions: [keepSubmission(submission, { settledAt: ports.clock.now() })],
    shards: [moveShard(shard, 'settle', { tally, held: null })],
    insertShards: handsOn ? [await wholeAgain(flight)] : [],
    ledger: await chargesOf(flight, submission),
    events: [eventOf(flight, 'settled', { ...own, again: rowsIn(again) }, submission)],
  })
  return null
}

/** All rows of a shard anew, for the policy to find a place for. */
async function wholeAgain({ ports, job, shard, input, options }: ShardFlight): Promise<ShardRow> {
  const ordinalAt = await ordinalsOf(ports, shard)
  const ordinals = Uint32Array.from({ length: shard.count }, (_, row) => ordinalAt(row))
  const of = { jobId: job.id, manifest: input, options, deadline: job.deadline, round: shard.round + 1 }
  return { ...(await subShard(ports, of, shard, ordinals)), wakeAt: null, course: courseAfter(shard) }
}

/** Cancelled before anything of it was bought. */
export async function settleCancelled(flight: ShardFlight): Promise<Then> {
  const { shard } = flight
  const tally: ShardTally = { own: { ...emptyTally(), cancelled: shard.count }, again: emptyTally() }
  await commit(flight, {
    shards: [moveShard(shard, 'settle', { tally, held: null })],
    events: [eventOf(flight, 'settled', tally.own)],
  })
  return null
}

/** Of a model whose catalogue row states no limit. */
export const OUTPUT_MAX = 16_384

/** What the vendor may charge of a collected submission beside the rows that it is seen to charge. */
function unprovenOf(flight: Charged, submission: SubmissionRow, billed: number): LedgerRow[] {
  const { perhapsBilled, unproven: calls } = submission.collected as Collected
  const counted = completedOf(submission) - billed
  if (tierOf(submission.lane) !== 'batch') {
    // An answer may come without a word about its tokens, as embeddings do.
    if (counted > 0) {
      const most = calls && { ...calls, inputTokens: submission.tokens + calls.inputTokens }
      return unproven(flight, submission, counted + (calls?.attempts ?? 0), 'answered without its tokens', most)
    }
    return calls === undefined ? [] : unproven(flight, submission, calls.attempts, 'sent, and no answer came', calls)
  }
  const unseen = perhapsBilled === true ? submission.rows - billed : counted
  const why = unseen > counted ? 'perhaps run, never seen' : 'counted as completed, never seen'
  return unseen > 0 ? unproven(flight, submission, unseen, why) : []
}

/** Rows that were perhaps billed and that nobody saw, at their worst. Entry 1: what is proven of the submission is 0. */
function unproven(
  flight: Charged,
  submission: SubmissionRow,
  rows: number,
  reason: string,
  sent?: { readonly inputTokens: number; readonly outputMax: number },
): LedgerRow[] {
  const { shard, job, manifest, input, ports } = flight
  const group = manifest.groups[shard.group]
  const { resident = false } = input.routes[shard.group] ?? {}
  const [vendor, tier] = [vendorOf(submission.lane), tierOf(submission.lane)]
  const row = ports.vendors.prices.find(submission.model, vendor)
  const [model, at] = [row ?? submission.model, submission.createdAt]
  const rates = ports.vendors.engine(submission.accountId)?.rates
  const price = priceFor({ model, vendor, tier, at, reading: 'high', resident, rates })
  const embeddings = group === undefined || makesNumbers(group.endpoint)
  const stated = group !== undefined && group.outputMaxStated === group.requests
  const most = row?.maxOutput ?? undefined
  const outputTokensMax = embeddings
    ? 0
    : stated
      ? grownLimit(Math.ceil(group.outputMax / group.requests), grownOf(shard), most)
      : (most ?? OUTPUT_MAX)
  const bucket: Bucket = {
    model: row?.id ?? submission.model,
    tier,
    usage: worstCase(
      sent === undefined
        ? // All the input of the submission: which of its rows are meant is not known, and they may be the longest.
          { inputTokens: submission.tokens, outputTokens: rows * outputTokensMax }
        : { inputTokens: sent.inputTokens, outputTokens: sent.outputMax },
      price?.perToken ?? {},
    ),
    price,
    standardPrice: undefined,
  }
  return entriesOf([bucket]).map((entry) => ({
    ...ledgerRow(entry, job, submission, 'unproven', ports.clock.now(), reason),
    entry: 1,
  }))
}

/** How long what is tried again waits: no more than a small share of the time that is left. */
function pauseIn({ ports, job, shard }: ShardFlight): number {
  const left = job.deadline === null ? Number.POSITIVE_INFINITY : job.deadline - ports.clock.now()
  return Math.min(retryPause(shard.round), Math.max(0, left) * PAUSE_SHARE)
}
const PAUSE_SHARE = 0.02

/** The rows that fly again, as shards that the policy has to find a place for. */
async function restOf(flight: ShardFlight, submission: SubmissionRow): Promise<ShardRow[]> {
  const { ports, job, shard, input, options } = flight
  const ordinalAt = await ordinalsOf(ports, shard)
  const rows = { same: [] as number[], next: [] as number[], grown: [] as number[] }
  await eachFate(flight, submission, (_, fate, row) => {
    if (fate !== 'final' && fate !== 'withdrawn') rows[fate].push(ordinalAt(row))
  })
  const notBefore = ports.clock.now() + pauseIn(flight)
  const children: ShardRow[] = []
  for (const [fate, ordinals] of Object.entries(rows)) {
    if (ordinals.length === 0) continue
    const round = fate === 'same' ? shard.round : shard.round + 1
    const grown = grownOf(shard) + (fate === 'grown' ? 1 : 0)
    const of = { jobId: job.id, manifest: input, options, deadline: job.deadline, round, grown }
    const child = await subShard(ports, of, shard, Uint32Array.from(ordinals))
    const course = courseAfter(shard, grown)
    children.push({ ...child, wakeAt: null, course: fate === 'same' ? course : { ...course, notBefore } })
  }
  return children
}

async function tallyOf(flight: ShardFlight, submission: SubmissionRow): Promise<ShardTally> {
  const own = emptyTally()
  const again = emptyTally()
  await eachFate(flight, submission, ({ outcome, reason }, fate) => {
    const name = outcomes[outcome]
    if (name === undefined) return
    if (fate === 'withdrawn') {
      own.cancelled++
      if (name === 'succeeded') own.discarded++
      return
    }
    for (const tally of fate === 'final' ? [own] : [own, again]) {
      tally[name]++
      noteReason(tally, reason)
    }
  })
  return { own, again, ...(isSteered(flight.job) ? { handedOn: true } : {}) }
}

/** Ledger rows from the usage records alone, so that the same files always give the same total. */
function ledgerOf(
  ports: Ports,
  job: JobRow,
  submission: SubmissionRow,
  usage: Uint8Array<ArrayBuffer>,
  part: LedgerRow['part'],
): LedgerRow[] {
  const buckets = bucketsOf(ports, submission, usage)
  const at = ports.clock.now()
  return entriesOf(buckets).map((entry) => ledgerRow(entry, job, submission, part, at, null))
}

/** What the vendor says it has answered; of no more rows than we sent. */
const completedOf = ({ counts, rows }: SubmissionRow): number =>
  Math.min(rows, (counts as { completed?: number } | null)?.completed ?? 0)

function billedIn(usage: Uint8Array): number {
  let billed = 0
  for (let at = 0; at < usage.length; at += USAGE_BYTES) if (isBilled(usage, at)) billed++
  return billed
}

function bucketsOf(ports: Ports, submission: SubmissionRow, usage: Uint8Array<ArrayBuffer>): Bucket[] {
  const engine = engineCharge(ports, submission, usage)
  const collected = submission.collected as Collected
  const vendor = vendorOf(submission.lane)
  const view = new DataView(usage.buffer)
  const row = emptyUsage()
  const sums = new Map<string, { usage: Usage; rate: Rate; long: boolean }>()
  const rates = new Map<number, Rate>()
  for (let at = 0; at < usage.length; at += USAGE_BYTES) {
    readUsage(view, at, row)
    if (!row.billed) continue
    const pair = (row.model * 256 + row.tier) * 2 + (row.resident ? 1 : 0)
    let rate = rates.get(pair)
    if (rate === undefined) {
      const [answered, word] = [collected.models[row.model] ?? '', collected.tiers[row.tier] ?? '']
      const priced = ports.vendors.prices.resolve({ requested: submission.model, answered, vendor })
      rate = rateOf(submission, { answered, word, resident: row.resident, row: priced }, engine)
      rates.set(pair, rate)
    }
    const long = rate.row !== undefined && isLong(rate.row, promptOf(row))
    const name = `${pair} ${long}`
    let sum = sums.get(name)
    if (sum === undefined) {
      sum = { usage: {}, rate, long }
      sums.set(name, sum)
    }
    addUsage(sum.usage, row)
  }
  return [...sums.values()].map(({ usage: tokens, rate, long }) => ({
    model: rate.model,
    tier: rate.tier,
    usage: tokens,
    price: rate.price(long),
    standardPrice: rate.standard(long),
  }))
}

const addUsage = (sum: Usage, row: UsageRow): void => {
  sum.input = (sum.input ?? 0) + row.input
  sum.cachedInput = (sum.cachedInput ?? 0) + row.cachedInput
  sum.cacheWriteDefault = (sum.cacheWriteDefault ?? 0) + row.cacheWrite
  sum.cacheWrite5m = (sum.cacheWrite5m ?? 0) + row.cacheWrite5m
  sum.cacheWrite1h = (sum.cacheWrite1h ?? 0) + row.cacheWrite1h
  sum.output = (sum.output ?? 0) + row.output
  sum.webSearch = (sum.webSearch ?? 0) + row.webSearches
}

/** Tokens of the whole prompt. */
const promptOf = (row: UsageRow): number =>
  row.input + row.cachedInput + row.cacheWrite + row.cacheWrite5m + row.cacheWrite1h

interface Rate {
  readonly model: string
  readonly tier: string
  readonly row: ModelRow | undefined
  price(long: boolean): Price | undefined
  standard(long: boolean): Price | undefined
}

function rateOf(
  submission: SubmissionRow,
  { answered, word, resident, row }: { answered: string; word: string; resident: boolean; row: ModelRow | undefined },
  engine: EngineCharge,
): Rate {
  const lane: Lane = submission.lane
  const vendor = vendorOf(lane)
  const tier = tierAnswered(lane, word)
  // Prices go by request date: when it was sent, not when it was settled.
  const at = submission.sentAt ?? submission.createdAt
  const priced = (of: NonNullable<typeof tier>, long: boolean): Price | undefined =>
    row === undefined && of !== 'idle'
      ? undefined
      : priceFor({ model: row ?? submission.model, vendor, tier: of, at, long, resident, ...engine })
  return {
    model: answered === '' ? submission.model : answered,
    tier: tier ?? word,
    row,
    price: (long) => (tier === undefined ? undefined : priced(tier, long)),
    standard: (long) => priced('standard', long),
  }
}

const ledgerRow = (
  entry: Entry,
  job: JobRow,
  submission: SubmissionRow,
  part: LedgerRow['part'],
  at: number,
  reason: string | null,
): LedgerRow => ({ ...entry, submissionId: submission.id, jobId: job.id, entry: 0, part, reason, tags: job.tags, at })
