import {
  BadInput,
  NoCredentials,
  Refused,
  UnreadableInput,
  UsageError,
  VendorUnavailable,
} from '../../domain/errors.ts'
import type { SubmissionState } from '../../domain/states.ts'
import { laneOf } from '../../domain/usage.ts'
import { intakeRequests } from '../../intake/intake.ts'
import type { Manifest } from '../../intake/manifest.ts'
import { derivedId, digestOf, randomId } from '../../kit/ids.ts'
import { type BatchLane, type Call, type Remote, ResultsGone } from '../../providers/contract.ts'
import type { AccountRow, JobRow, NewEvent, ShardRow, SubmissionRow } from '../../stores/contract.ts'
import { manifestOfIds } from '../harvest/adopted-rows.ts'
import { type AdoptedFrom, type JobOptions, jobDefaults } from '../options.ts'
import type { Ports, VendorAccount } from '../ports.ts'
import { submissionRow } from '../purchase/submission-row.ts'
import { isOver } from '../purchase/watch.ts'
import { quoteJob } from '../quote/quote.ts'
import type { Route, RoutedManifest } from '../rows/routing.ts'
import { unflown } from '../shards/new-shard.ts'
import { newJob } from './new-job.ts'
import { checkPrice, forget } from './submit.ts'

export interface AdoptOptions {
  /** What failed or expired may be bought again. */
  readonly rescue?: boolean
  /** Decimal USD; a wall for the whole job, what it has cost already included. */
  readonly budget?: string | null
  /** Buys again although a price is unknown. */
  readonly allowUnpriced?: boolean
  readonly tags?: Readonly<Record<string, string>>
}

/** What has become of a submission that was named. */
export interface AdoptedBatch {
  readonly job: string
  readonly requests: number
  /** It has just become that job; else it was one before. */
  readonly created: boolean
  /** This home has bought it. */
  readonly own: boolean
  /** Its requests are here; null: of a job that this home has bought, they are anyway. */
  readonly input: boolean | null
  /** Why there are only ids. */
  readonly why: string | null
}

/** An account where somebody else may have bought, as this process reaches it. */
export interface Desk {
  /** As the user calls it. */
  readonly name: string
  readonly row: AccountRow
  readonly lane: BatchLane
  readonly call: Call
}

/**
 * The account of that name, or the first of that vendor.
 * @throws UsageError · NoCredentials
 */
export function deskOf({ vendors }: Ports, name: string): Desk {
  const accounts = vendors.accounts().filter(({ regional }) => !regional)
  const account = accounts.find((one) => one.name === name) ?? accounts.find(({ row }) => row.vendor === name)
  if (account === undefined) {
    const names = [...new Set(accounts.filter(sellsBatches).map((one) => one.name))].join(', ')
    throw new UsageError(`There is no account "${name}".`, `Name a vendor, or an account of redeye.config: ${names}.`)
  }
  const { provider, call, wants, row } = account
  if (provider.batch === undefined) throw new UsageError(`${row.vendor} has no batches to take over.`)
  if (call === null) throw new NoCredentials(row.vendor, wants[0] ?? '')
  return { name: account.name, row, lane: provider.batch, call }
}

const sellsBatches = ({ provider }: VendorAccount): boolean => provider.batch !== undefined

/** The same submission of the same account is always the same job of a home. */
export const adoptedJobId = ({ store }: Ports, accountId: string, remote: string): string =>
  derivedId('job', store.homeId, 'adopted', accountId, remote)

/**
 * Makes a job of a submission that somebody else has made, with what is left of its requests. Doing it again changes
 * nothing but whether it may be rescued.
 * @throws UsageError where the vendor does not know it · Refused where it cannot be followed · VendorUnavailable
 */
export async function adopt(ports: Ports, desk: Desk, remoteId: string, how: AdoptOptions = {}): Promise<AdoptedBatch> {
  const { store } = ports
  const known = await store.job(adoptedJobId(ports, desk.row.id, remoteId))
  if (known !== undefined) return again(ports, known, how)
  const remote = await desk.lane.poll(desk.call, remoteId).catch(untouched)
  if (remote === undefined)
    throw new UsageError(
      `${desk.row.vendor} knows no batch ${remoteId} in this account.`,
      `\`redeye adopt --account ${desk.row.vendor} --dry-run\` lists those it knows.`,
    )
  const own = (await ownAt(ports))(remote)
  if (own !== undefined) {
    const job = (await store.job(own.jobId)) as JobRow
    if ((job.options as JobOptions).adopted !== undefined) return again(ports, job, how) // by another name of the account
    return { job: job.id, requests: job.requests, created: false, own: true, input: null, why: null }
  }
  const refusal = (await mayBeOurs(ports, desk, remote)) ?? outOfReach(remote)
  if (refusal !== undefined) throw refusal
  await store.commit({ accounts: [desk.row] })
  const taken = await takeOver(ports, desk, remote).catch(untouched)
  try {
    return await makeJob(ports, desk, remote, taken, how)
  } catch (error) {
    await forget(ports, taken)
    throw error
  }
}

function untouched(error: unknown): never {
  if (!(error instanceof VendorUnavailable)) throw error
  const { message, status } = error
  const hint = 'Nothing was changed. Run the same command again when the vendor answers.'
  throw new VendorUnavailable(message, { hint, cause: error, ...(status === undefined ? {} : { status }) })
}

/** It is a job already: all that may change is that it may be rescued from now on. */
async function again(ports: Ports, job: JobRow, how: AdoptOptions): Promise<AdoptedBatch> {
  const { rescue = false, budget } = how
  const options = { ...(job.options as JobOptions), ...(how.allowUnpriced === true ? { allowUnpriced: true } : {}) }
  const adopted = options.adopted as AdoptedFrom
  const found = { job: job.id, requests: job.requests, created: false, own: false, input: adopted.input, why: null }
  if (!rescue || (adopted.rescue && budget === undefined)) return found
  const set = await withRescue(ports, job.input as RoutedManifest, { ...options, budget: budget ?? options.budget })
  const changed = await ports.store.commit({ job: { id: job.id, from: job.state, rev: job.rev, set } })
  if (changed) return found
  const now = (await ports.store.job(job.id)) as JobRow
  return again(ports, now, how)
}

/** Options and quote of a job whose rows may be bought again; without what was asked, they cannot. */
async function withRescue(
  ports: Ports,
  manifest: RoutedManifest,
  options: JobOptions,
): Promise<Pick<JobRow, 'options' | 'quote'>> {
  const adopted = options.adopted as AdoptedFrom
  if (!adopted.input)
    throw new Refused(
      'no_input',
      `Nothing of ${adopted.remote} can be bought again: what was asked is not there any more, only its ids are.`,
      'Take it over without --rescue; to fly failed requests again, submit them from where they came.',
    )
  const rescued = { ...options, retriesMax: jobDefaults.retriesMax, adopted: { ...adopted, rescue: true } }
  const quote = await quoteJob(ports, manifest, rescued, null)
  checkPrice(quote, { ...rescued, budget: null }) // what has been bought may be beyond the budget already
  return { options: rescued, quote }
}

/**
 * Finds the submission of this home that something at a vendor is: by the vendor's id; before that is known, by our key or
 * by our file, whichever the vendor shows.
 */
export async function ownAt({ store }: Ports): Promise<(remote: Remote) => SubmissionRow | undefined> {
  const all = await store.submissions({})
  const byRemote = new Map(all.map((one) => [one.remoteId, one]))
  const byKey = new Map(all.map((one) => [one.key, one]))
  const byFile = new Map(all.filter(({ remoteId }) => remoteId === null).map((one) => [one.fileId, one]))
  return ({ id, key, fileId }) =>
    byRemote.get(id) ?? byKey.get(key ?? '') ?? (fileId === null ? undefined : byFile.get(fileId))
}

/** Where nothing marks a purchase, one that is in doubt may be this very one: it would be bought twice. */
export async function mayBeOurs({ store }: Ports, { row, lane }: Desk, remote: Remote): Promise<Refused | undefined> {
  if (lane.marks) return undefined
  const doubtful = await store.submissions({ accountId: row.id, states: ['buying', 'unsure', 'candidate'] })
  const alike = doubtful.find(({ rows }) => rows === (remote.counts?.total ?? rows))
  if (alike === undefined) return undefined
  return new Refused(
    'may_be_ours',
    `${remote.id} may be what job ${alike.jobId} has bought: whether that arrived is not known yet.`,
    `Its results will tell. Follow that job first: redeye watch ${alike.jobId}`,
  )
}

export const outOfReach = ({ id, about }: Remote): Refused | undefined =>
  about?.elsewhere === undefined
    ? undefined
    : new Refused('results_elsewhere', `${id} cannot be followed: ${about.elsewhere}.`, 'Nothing was changed.')

interface TakenOver {
  readonly manifest: RoutedManifest
  readonly folder: string
  /** Why there are only ids; null: the requests are here. */
  readonly why: string | null
}

/** Its requests where the vendor still has them and they can be read; else as many as it counts, without a name yet. */
async function takeOver(ports: Ports, desk: Desk, remote: Remote): Promise<TakenOver> {
  const folder = `intake/${randomId('in')}`
  const name = `${desk.name}:${remote.id}`
  const read = await requestsOf(ports, desk, remote, folder)
  if (typeof read !== 'string')
    return { folder, manifest: routedTo(desk, remote, { ...read, files: [name] }), why: null }
  const { endpoint, model } = remote.about ?? { endpoint: null, model: null }
  const ids = Array.from({ length: remote.counts?.total ?? 0 }, () => '')
  const how = { endpoint: endpoint ?? '', model: model ?? '', name }
  return { folder, manifest: routedTo(desk, remote, await manifestOfIds(ports, folder, ids, how)), why: read }
}

/** What was asked; or why that cannot be had, in which case its answers can be followed all the same. */
async function requestsOf(ports: Ports, { lane, call, row }: Desk, remote: Remote, folder: string) {
  if (lane.input === undefined) return `${row.vendor} does not give requests back`
  try {
    const { body } = await lane.input(call, remote)
    const { blobs, pool, fetchFile, scratch } = ports
    const intake = { blobs, pool, fetchFile, folder, scratch: `${scratch}/${folder.replace('/', '-')}-ids` }
    return await intakeRequests([body], intake)
  } catch (error) {
    if (error instanceof ResultsGone) return error.message
    // It broke off on its way, which says nothing of what it is.
    if (error instanceof UnreadableInput && error.cause instanceof VendorUnavailable) throw error.cause
    if (error instanceof BadInput || error instanceof UnreadableInput)
      return `its input is not as we read it: ${error.message.replaceAll('\n', ' ').slice(0, 300)}`
    throw error
  }
}

/** Each group as it flies there already. */
const routedTo = ({ row, lane, call }: Desk, { about }: Remote, manifest: Manifest): RoutedManifest => ({
  ...manifest,
  routes: manifest.groups.map(({ endpoint, model }) => ({
    lane: laneOf(row.vendor, 'batch'),
    accountId: row.id,
    model: model === '' ? (about?.model ?? '') : model,
    endpoint,
    translated: null,
    ...(lane.ownRows === true ? { ownRows: true } : {}),
    resident: call.resident === true,
  })),
})

async function makeJob(
  ports: Ports,
  { row: account, lane }: Desk,
  remote: Remote,
  { manifest, folder, why }: TakenOver,
  { rescue = false, budget = null, allowUnpriced = false, tags = {} }: AdoptOptions,
): Promise<AdoptedBatch> {
  const id = adoptedJobId(ports, account.id, remote.id)
  const adopted: AdoptedFrom = { remote: remote.id, key: remote.key, input: why === null, rescue: false }
  const options: JobOptions = { ...jobDefaults, retriesMax: 0, preflight: false, budget, allowUnpriced, adopted }
  const now = ports.clock.now()
  const shard = shardOf(id, manifest, now)
  const { requests } = manifest
  const digest = digestOf('adopted', account.id, remote.id).toString('hex')
  const terms = rescue ? await withRescue(ports, manifest, options) : { options, quote: null }
  const job = newJob({ id, digest, tags, requests, createdAt: now, input: manifest, ...terms })
  const submission = takenAs(ports, lane, shard, remote)
  const facts = { remote: remote.id, vendorState: remote.vendorState, requests, why }
  const event: NewEvent = { jobId: id, shardId: shard.id, at: now, type: 'taken-over', data: facts }
  const created = await ports.store.createJob(job, [shard], [event], [submission])
  if (created) ports.step('job-created')
  else await forget(ports, { folder }) // another process was first
  return { job: id, requests, created, own: false, input: why === null, why }
}

/** All its rows in one purchase, which has been made. */
function shardOf(jobId: string, { groups, requests, routes }: RoutedManifest, now: number): ShardRow {
  const [route] = routes as readonly [Route]
  const sum = (of: 'inputs' | 'bodyBytes' | 'tokens'): number => groups.reduce((all, group) => all + group[of], 0)
  return {
    id: derivedId('shd', jobId, 0, 0),
    jobId,
    round: 0,
    firstOrdinal: 0,
    count: requests,
    ordinals: null,
    group: 0,
    model: route.model,
    lane: route.lane,
    accountId: route.accountId,
    inputs: sum('inputs'),
    bytes: sum('bodyBytes'),
    tokens: sum('tokens'),
    outputMax: null,
    course: null,
    wakeAt: now,
    ...unflown,
    state: 'flying',
  }
}

/** As it stands at the vendor. What was refused there the first look will find. */
function takenAs(ports: Ports, lane: BatchLane, shard: ShardRow, remote: Remote): SubmissionRow {
  const { about, counts, state: word } = remote
  const createdAt = remote.createdAt || ports.clock.now() // some tell no time
  const over = isOver(lane, remote, shard.count)
  const state: SubmissionState = over ? 'ended' : word === 'cancelling' ? word : 'open'
  const endedAt = state === 'ended' ? (about?.endedAt ?? null) : null
  return {
    ...submissionRow({ ports, shard }, { state, fileId: remote.fileId }),
    vendorState: word === 'unknown' ? null : remote.vendorState,
    remoteId: remote.id,
    createdAt,
    sentAt: createdAt,
    sendBy: createdAt,
    openedAt: createdAt,
    // How long it took is learned from, so an end that is not known is none.
    endedAt,
    collectBy: createdAt + lane.limits.collectWithinMs,
    counts,
  }
}
