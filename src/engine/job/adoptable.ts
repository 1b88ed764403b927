import { isKey, isUpstreamId } from '../../delivery/result-index.ts'
import { DAY } from '../../kit/clock.ts'
import type { Remote } from '../../providers/contract.ts'
import type { SubmissionRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { idBehind } from '../purchase/candidates.ts'
import { type Desk, deskOf, mayBeOurs, outOfReach, ownAt } from './adopt.ts'
import { priceAtVendor, type VendorPrice } from './adoptable-price.ts'

/** A batch of an account, whoever has submitted it. Times ISO 8601. */
export interface AdoptableBatch {
  /** As `adopt` takes it: the account, a colon, and the vendor's id. */
  readonly batch: string
  /** The vendor's own word, and whether it is over. */
  readonly state: string
  readonly ended: boolean
  readonly endpoint: string | null
  readonly model: string | null
  /** By the vendor's count; null: it does not say. */
  readonly rows: { readonly total: number; readonly done: number; readonly failed: number } | null
  readonly createdAt: string
  readonly ageMs: number
  /** Null: not known. What has not ended has no price yet. */
  readonly usd: VendorPrice | null
  /** What ends next: the time that it has, or the time for which its results are kept. */
  readonly expires: { readonly what: 'requests' | 'results'; readonly at: string; readonly inMs: number }
  /** The job of this home that it is. */
  readonly job: string | null
  /** Who has submitted it, as far as can be told: this home, another home, or somebody else. */
  readonly by: 'this home' | 'another home' | 'others'
  /** Why it cannot be taken over; null: it can. */
  readonly obstacle: string | null
}

/** Batches that are looked at at once. */
const AT_ONCE = 4
const MONTH = 30 * DAY

/**
 * What lies at an account, newest first. Reads only.
 * @param from.name     a vendor, or an account of the config
 * @param from.since    epoch ms, our clock. Default: 30 days ago
 * @param from.remotes  only these, by the vendor's ids; what it does not know is left out
 */
export async function adoptable(
  ports: Ports,
  from: { readonly name: string; readonly since?: number; readonly remotes?: readonly string[] },
): Promise<AdoptableBatch[]> {
  const desk = deskOf(ports, from.name)
  const ownOf = await ownAt(ports)
  const remotes = from.remotes === undefined ? await listed(ports, desk, from.since) : await polled(desk, from.remotes)
  const batches: AdoptableBatch[] = []
  for (let at = 0; at < remotes.length; at += AT_ONCE)
    batches.push(
      ...(await Promise.all(remotes.slice(at, at + AT_ONCE).map((one) => shown(ports, desk, one, ownOf(one))))),
    )
  return batches.sort((a, b) => a.ageMs - b.ageMs)
}

async function listed(ports: Ports, { lane, call, row }: Desk, since = ports.clock.now() - MONTH): Promise<Remote[]> {
  const from = ports.vendors.now(row.id) - (ports.clock.now() - since)
  const remotes = new Map<string, Remote>() // pages that shift show some twice
  for await (const remote of lane.list(call, from))
    if (remote.createdAt >= from || remote.createdAt === 0) remotes.set(remote.id, remote)
  return [...remotes.values()]
}

async function polled({ lane, call }: Desk, ids: readonly string[]): Promise<Remote[]> {
  const remotes = await Promise.all(ids.map((id) => lane.poll(call, id)))
  return remotes.filter((remote) => remote !== undefined)
}

async function shown(ports: Ports, desk: Desk, told: Remote, own: SubmissionRow | undefined): Promise<AdoptableBatch> {
  // Some lists do not name the files.
  const remote =
    told.state === 'ended' && told.files.length === 0 ? ((await desk.lane.poll(desk.call, told.id)) ?? told) : told
  const { id, vendorState, state, about, counts } = remote
  const ended = state === 'ended' || state === 'refused'
  const now = ports.vendors.now(desk.row.id)
  const createdAt = remote.createdAt || now // some tell no time
  const { windowMs, collectWithinMs } = desk.lane.limits
  const endsAt = ended ? createdAt + collectWithinMs : (about?.expiresAt ?? createdAt + windowMs)
  const job = own && (await ports.store.job(own.jobId))
  const adopted = (job?.options as JobOptions | undefined)?.adopted?.remote === id
  const refusal = own === undefined ? ((await mayBeOurs(ports, desk, remote)) ?? outOfReach(remote)) : undefined
  return {
    batch: `${desk.name}:${id}`,
    state: vendorState,
    ended,
    endpoint: about?.endpoint ?? null,
    model: about?.model ?? null,
    rows: counts && { total: counts.total, done: counts.completed, failed: counts.failed },
    createdAt: new Date(createdAt).toISOString(),
    ageMs: Math.max(0, now - createdAt),
    usd: await priceAtVendor(ports, desk, remote),
    expires: { what: ended ? 'results' : 'requests', at: new Date(endsAt).toISOString(), inMs: endsAt - now },
    job: job?.id ?? null,
    by: own !== undefined && !adopted ? 'this home' : (await isOfHome(desk, remote)) ? 'another home' : 'others',
    obstacle: refusal?.message ?? null,
  }
}

/** By the key that it bears, or by the ids of its results. */
async function isOfHome(desk: Desk, remote: Remote): Promise<boolean> {
  if (remote.key !== null && isKey(remote.key)) return true
  return isUpstreamId((await idBehind(desk, remote)) ?? '')
}
