import { endpointFor } from '../../dialects/endpoint-for.ts'
import { KeyConflict, PriceMissing, Refused } from '../../domain/errors.ts'
import { parseUsd } from '../../domain/money.ts'
import { type Lane, vendorOf } from '../../domain/usage.ts'
import { type IntakeOptions, type IntakePorts, intakeRequests } from '../../intake/intake.ts'
import { intakeTable, type TableSource } from '../../intake/intake-table.ts'
import type { Manifest } from '../../intake/manifest.ts'
import type { Source } from '../../intake/sources.ts'
import { derivedId, randomId } from '../../kit/ids.ts'
import type { Quote } from '../../pricing/quote.ts'
import type { JobRow, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import { answerReader } from '../../tables/answer.ts'
import { outputColumns } from '../../tables/output.ts'
import { type RequestOptions, tableEndpoint } from '../../tables/request.ts'
import { answerColumns, answerSchema } from '../../tables/schema.ts'
import { waysOf } from '../flight/offers.ts'
import type { JobOptions, TableOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { budgetsFor, roomOf, withBudgets } from '../purchase/budgets.ts'
import { adoptTrials } from '../quote/adopt-trials.ts'
import { digestOfJob } from '../quote/job-digest.ts'
import { quoteJob } from '../quote/quote.ts'
import { termsOf } from '../rows/lane-terms.ts'
import { type RoutedManifest, routed } from '../rows/routing.ts'
import { everyRow } from '../rows/rows.ts'
import { markedManifest } from '../savings/marked-manifest.ts'
import { primerShards } from '../savings/prime.ts'
import { bucketOf, sharedPrefixes } from '../savings/shared-prefixes.ts'
import { spareRows } from '../savings/spare-rows.ts'
import { checkLadder, ladderOf } from '../shards/ladder.ts'
import { ordinalsIn, planShards } from '../shards/plan.ts'
import { newJob } from './new-job.ts'
import { preflightShards } from './preflight.ts'

export type Input =
  | { readonly kind: 'requests'; readonly sources: readonly Source[] }
  | { readonly kind: 'table'; readonly sources: readonly TableSource[] }

export interface TakenIn {
  readonly manifest: RoutedManifest
  readonly folder: string
}

/**
 * Reads the input into segment and index, and words it for the vendors it will fly to; nothing is sent, no job is made.
 * @throws BadInput with the lines that are wrong or that a vendor cannot be given; nothing is left behind then
 */
export async function takeIn(
  ports: Ports,
  input: Input,
  options: JobOptions,
  how: IntakeOptions & Pick<IntakePorts, 'onProgress'> = {},
): Promise<TakenIn> {
  const folder = `intake/${randomId('in')}`
  const { onProgress, ...intakeOptions } = how
  const intake: IntakePorts = {
    blobs: ports.blobs,
    pool: ports.pool,
    folder,
    scratch: `${ports.scratch}/${folder.replace('/', '-')}-ids`,
    fetchFile: ports.fetchFile,
    ...(onProgress === undefined ? {} : { onProgress }),
  }
  const manifest =
    input.kind === 'requests'
      ? await intakeRequests(input.sources, intake, intakeOptions)
      : await takeInTable(ports, input.sources, options, intake, intakeOptions)
  try {
    return { folder, manifest: await routed(ports, manifest, options, folder, intakeOptions) }
  } catch (error) {
    await forget(ports, { folder })
    throw error
  }
}

async function takeInTable(
  ports: Ports,
  sources: readonly TableSource[],
  { table }: JobOptions,
  intake: IntakePorts,
  how: IntakeOptions,
): Promise<Manifest> {
  if (table === undefined) throw new Error('A table needs its prompt.')
  const schema = table.schema === null ? undefined : answerSchema(table.schema)
  await answerReader(schema) // a wrong schema is said before anything is read
  answerColumns(schema, table.answerColumn ?? undefined) // likewise a name that cannot be given
  const checkColumns = (columns: readonly string[]): void => {
    outputColumns(columns, answerColumns(schema, table.answerColumn ?? undefined, columns), {
      withCost: table.withCost,
    })
  }
  const request = requestOptions(table, schema)
  if (table.attachments === undefined) return intakeTable(sources, { request, checkColumns }, intake, how)
  // Before a file is encoded that is too large for its vendor; of requests without files the plan has the exact size.
  const { lane, model } = await ports.vendors.choose({ endpoint: tableEndpoint, model: table.model })
  return intakeTable(sources, { request, checkColumns }, intake, { ...how, ...filesAt(ports, lane, model) })
}

/** What the vendor takes of files, at the endpoint that the requests will go to. */
function filesAt(
  ports: Ports,
  lane: Lane,
  model: string,
): Pick<IntakeOptions, 'bodyBytesMax' | 'files' | 'keepsNames'> {
  const { limits, attach } = termsOf(ports.vendors, lane)
  const { rowBytesMax: bodyBytesMax } = limits
  const endpoint = endpointFor(tableEndpoint, limits.endpointsOf?.(model) ?? limits.endpoints) ?? tableEndpoint
  const files = limits.files?.(endpoint, ports.vendors.prices.find(model, vendorOf(lane))?.contextWindow ?? null)
  if (files === undefined) return { bodyBytesMax }
  const { referred, ...inline } = files
  return {
    bodyBytesMax,
    files: attach === undefined || referred === undefined ? inline : files,
    keepsNames: endpoint !== tableEndpoint, // a translator makes a title of it
  }
}

const requestOptions = (table: TableOptions, schema: ReturnType<typeof answerSchema> | undefined): RequestOptions => ({
  prompt: table.prompt,
  model: table.model,
  params: table.params,
  ...(table.system === null ? {} : { system: table.system }),
  ...(schema === undefined ? {} : { schema }),
  ...(table.attachments === undefined ? {} : { attachments: table.attachments }),
})

/** Forgets what was taken in, where no job came of it. */
export async function forget(ports: Ports, { folder }: Pick<TakenIn, 'folder'>): Promise<void> {
  for await (const { name } of ports.blobs.list(folder)) await ports.blobs.delete(name)
}

export interface Submission {
  readonly key: string | null
  readonly deadline: number | null
  readonly tags: Readonly<Record<string, string>>
  /** Asked with the quote before the job is made. */
  readonly confirm?: (quote: Quote) => Promise<boolean> | boolean
}

export const jobIdOf = (ports: Ports, key: string | null): string =>
  key === null ? randomId('job') : derivedId('job', ports.store.homeId, key)

/**
 * Makes the job and its shards in one transaction, or finds the one that this key names already. Nothing is bought yet.
 * @throws KeyConflict · PriceMissing · Refused (budget)
 */
export async function createJob(
  ports: Ports,
  taken: TakenIn,
  asked: JobOptions,
  submission: Submission,
): Promise<{ job: JobRow; created: boolean }> {
  const id = jobIdOf(ports, submission.key)
  const digest = digestOfJob(taken.manifest, asked)
  const { deadline } = submission
  const choice = taken.manifest.groups.some(
    (_, group) => waysOf(ports, { input: taken.manifest, options: asked, deadline }, group).length > 1,
  )
  const options: JobOptions = choice ? { ...asked, choice } : asked
  const known = await ports.store.job(id)
  if (known !== undefined) return { job: await same(ports, taken, known, digest, submission.key), created: false }
  const plan = { id, digest }
  const { manifest, quote, shards, reused } = await planned(ports, taken, options, submission, plan).catch(
    async (error: unknown) => {
      await forget(ports, taken)
      // Under a key another process may be making the very job, and its plan lies in the same place.
      if (submission.key === null) await forget(ports, { folder: `jobs/${id}/` })
      throw error
    },
  )
  const now = ports.clock.now()
  const { requests, rows } = manifest
  const { key, tags } = submission
  const of = { id, key, deadline, digest, tags, requests, createdAt: now }
  const job = newJob({ ...of, input: manifest, options, quote })
  const data = { requests, ...(rows && { rows: rows.count }), shards: shards.length }
  const events = [{ jobId: id, at: now, type: 'submitted', data }]
  const created = await ports.store.createJob(job, shards, events, reused)
  if (created) {
    ports.step('job-created')
    return { job, created }
  }
  const winner = (await ports.store.job(id)) as JobRow
  return { job: await same(ports, taken, winner, digest, submission.key), created: false }
}

interface Planned {
  readonly manifest: RoutedManifest
  readonly quote: Quote
  readonly shards: readonly ShardRow[]
  /** What other jobs have bought. */
  readonly reused: readonly SubmissionRow[]
}

/**
 * A cache that is paid for and not found could take more than a budget has room for: then none is asked for, and the job is not held
 * for the sake of a saving.
 */
const couldPass = ({ lanes, recommended }: Quote, room: bigint | null): boolean =>
  room !== null && lanes.some(({ lane, usd }) => lane === recommended && usd.most !== null && parseUsd(usd.most) > room)

/** Larger inputs are not read once more for a figure that nobody asked for. */
const LOOKED_THROUGH_MAX = 256 << 20

/** A quote that price and budget allow and the user agrees to, and the shards of the first round. */
async function planned(
  ports: Ports,
  { manifest: taken, folder }: TakenIn,
  options: JobOptions,
  submission: Submission,
  { id: jobId, digest }: { readonly id: string; readonly digest: string },
): Promise<Planned> {
  checkLadder(ports.vendors, taken, ladderOf(options, submission.deadline))
  const adopted = await adoptTrials(ports, jobId, digest)
  const tried = new Set(adopted.ordinals)
  const asked = options.dedupe === true || options.reuse === true
  const sparing =
    asked || taken.bodyBytes <= LOOKED_THROUGH_MAX
      ? await spareRows(ports, { jobId, manifest: taken, options, folder, bought: tried })
      : undefined
  const had = { has: (row: number) => tried.has(row) || sparing?.ordinals.has(row) === true }
  const spared = sparing?.spared === undefined ? taken : { ...taken, spared: sparing.spared }
  const shared = await sharedPrefixes(ports, spared, options, submission.deadline, had)
  const quoted = await quoteJob(ports, spared, options, submission.deadline, { sparing, shared })
  const budgets = await budgetsFor(ports, submission.tags)
  const asPlan = quoted.cache?.isMarked === true && couldPass(quoted, roomOf(budgets, options))
  const cache = asPlan ? 'plan' : (options.cache ?? 'auto')
  const priced = asPlan
    ? await quoteJob(ports, spared, { ...options, cache }, submission.deadline, { sparing, shared })
    : quoted
  const quote = withBudgets(priced, budgets, options)
  checkPrice(quote, options)
  checkDeadline(quote, options, { deadline: submission.deadline, now: ports.clock.now() })
  const manifest = await markedManifest(ports, spared, { cache }, shared, folder)
  const of = { jobId, manifest, options, deadline: submission.deadline, round: 0 }
  const tests = await preflightShards(ports, of, had)
  const tested = new Set(await ordinalsIn(ports, tests))
  const primers = await primerShards(ports, of, shared, { has: (row) => tested.has(row) || had.has(row) })
  const ahead = [...tests, ...primers]
  const gone = new Set(await ordinalsIn(ports, ahead))
  const together = { ...of, bucketOf: bucketOf(shared, { cache }) }
  const others = await planShards(ports, together, everyRow(manifest), { has: (row) => gone.has(row) || had.has(row) })
  const shards = [
    ...adopted.shards,
    ...(sparing?.shards ?? []),
    ...ahead,
    ...(ahead.length === 0 ? others : others.map((shard) => ({ ...shard, wakeAt: null }))),
  ]
  if ((await submission.confirm?.(quote)) === false) {
    throw new Refused(
      'not_confirmed',
      'Not confirmed; nothing was sent.',
      'Confirm by --yes, or set a wall by --budget USD.',
    )
  }
  return { manifest, quote, shards, reused: [...adopted.submissions, ...(sparing?.submissions ?? [])] }
}

async function same(ports: Ports, taken: TakenIn, job: JobRow, digest: string, key: string | null): Promise<JobRow> {
  await forget(ports, taken)
  if (job.digest !== digest) throw new KeyConflict(key ?? '', job.id, job.digest, digest)
  return job
}

/** Refuses what cannot be priced, and what cannot be paid: before anything is sent. */
export function checkPrice(quote: Quote, options: JobOptions): void {
  const flown = quote.lanes.filter(({ flyable }) => flyable)
  const unpriced = flown.find(({ usd }) => usd.high === null)
  if (unpriced !== undefined && !options.allowUnpriced)
    throw new PriceMissing(unpriced.model, `the ${unpriced.lane} lane`, unpriced.refused)
  if (options.budget === null) return
  const models = Map.groupBy(flown, ({ model }) => model)
  const cheapest = [...models.values()].map((lanes) => lanes.toSorted((a, b) => compare(lowOf(a), lowOf(b)))[0])
  const low = cheapest.reduce((sum, line) => sum + (line === undefined ? 0n : lowOf(line)), 0n)
  if (low > parseUsd(options.budget)) {
    const least = flown.map(({ lane, usd }) => `${lane} ${usd.low} USD`).join(', ')
    throw new Refused(
      'over_budget',
      `The budget is ${options.budget} USD; the least this job can cost is ${least}.`,
      'Raise --budget, or send fewer requests.',
    )
  }
}

/** Refuses a deadline that no lane of the ladder can be relied upon to meet. */
function checkDeadline(
  { earliest }: Quote,
  { bestEffort, ladder }: JobOptions,
  { deadline, now }: { deadline: number | null; now: number },
): void {
  if (deadline === null || bestEffort === true) return
  if (deadline <= now)
    throw new Refused(
      'deadline_impossible',
      `${new Date(deadline).toISOString()} has passed.`,
      'Nothing was sent. Name a later --by.',
    )
  if (earliest === null || deadline >= Date.parse(earliest)) return
  const fewer = ladder === undefined ? '' : 'allow it more lanes by --ladder, '
  throw new Refused(
    'deadline_impossible',
    `It cannot be relied upon that this lands by ${new Date(deadline).toISOString()}; the earliest that can be is ${earliest}.`,
    `Nothing was sent. Name that as --by, ${fewer}say by --rpm how many requests a minute your account may send, or take the chance by --best-effort.`,
  )
}

const lowOf = ({ usd }: Quote['lanes'][number]): bigint => parseUsd(usd.low ?? '0')
const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)
