import { quotaHoldingStates } from '../../domain/states.ts'
import { DAY, HOUR, MINUTE } from '../../kit/clock.ts'
import type { Refusal } from '../../providers/contract.ts'
import type { QuotaClaim, QuotaRow } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'
import type { Flight } from '../shards/flight.ts'

const RISE_PER_DAY = 1.1

/** The smaller of what the vendor publishes and what its refusals have told, which rises again with time. */
export async function limitNow(
  { store, clock }: Pick<Ports, 'store' | 'clock'>,
  of: { readonly accountId: string; readonly model: string; readonly unit: QuotaRow['unit'] },
  published: number | null,
): Promise<number | null> {
  const quotas = await store.quotas(of.accountId)
  const told = quotas.find(({ model, unit }) => model === of.model && unit === of.unit)
  if (told === undefined) return published
  const days = Math.max(0, (clock.now() - told.learnedAt) / DAY)
  const risen = told.limitMax * RISE_PER_DAY ** Math.min(days, 60)
  return published === null ? risen : Math.min(published, risen)
}

/** What the account may have in use for the shard's model. */
export async function roomFor({ ports, shard, lane, manifest }: Flight): Promise<Room> {
  const { accountId, model } = shard
  const { limits } = lane
  const embeddings = manifest.groups[shard.group]?.endpoint.endsWith('/embeddings') === true
  const limit = (unit: QuotaRow['unit'], published: number | null): Promise<number | null> =>
    limitNow(ports, { accountId, model, unit }, published)
  return {
    tokensMax: await limit('tokens', limits.enqueuedTokensMax(model)),
    inputs: embeddings ? shard.inputs : 0,
    inputsMax: embeddings ? await limit('requests', limits.enqueuedRequestsMax(model)) : null,
  }
}

interface Room {
  readonly tokensMax: number | null
  /** What the shard itself counts for where inputs are limited. */
  readonly inputs: number
  readonly inputsMax: number | null
}

/** Later than this after its last byte may have left, a purchase in doubt is not confused with another any more. */
const DOUBT_MS = 20 * MINUTE

/**
 * The claim of one purchase on the account's quota; sum, compare and move are one transaction in the store. A shard
 * beyond the limit by itself may fly alone: our count is an estimate, and if the vendor's says no, it is cut smaller.
 */
export async function quotaClaim(flight: Flight): Promise<QuotaClaim> {
  const { ports, shard, lane } = flight
  const now = ports.clock.now()
  const { tokensMax, inputs, inputsMax } = await roomFor(flight)
  return {
    accountId: shard.accountId,
    lane: shard.lane,
    model: shard.model,
    tokens: shard.tokens,
    tokensMax: tokensMax === null ? null : Math.max(tokensMax, shard.tokens),
    inputs,
    inputsMax: inputsMax === null ? null : Math.max(inputsMax, inputs),
    openMax: lane.limits.openSubmissionsMax,
    createsSince: now - HOUR,
    createsMax: lane.limits.createsPerHourMax,
    endedHoldSince: now,
    doubtSince: lane.marks ? null : ports.vendors.now(shard.accountId) - DOUBT_MS,
  }
}

/** A look before uploading, so that no upload is made for what could not be bought; the claim itself decides. */
export async function hasRoom(flight: Flight): Promise<'room' | 'full'> {
  const { ports, shard } = flight
  const claim = await quotaClaim(flight)
  if (claim.tokensMax === null && claim.inputsMax === null && claim.openMax === null) return 'room'
  const held = await ports.store.submissions({ accountId: shard.accountId, states: quotaHoldingStates })
  const same = held.filter(({ model, lane }) => model === shard.model && lane === shard.lane)
  const tokens = same.reduce((sum, submission) => sum + submission.tokens, 0)
  const inputs = same.reduce((sum, submission) => sum + submission.inputs, 0)
  const full =
    (claim.tokensMax !== null && tokens + claim.tokens > claim.tokensMax) ||
    (claim.inputsMax !== null && inputs + claim.inputs > claim.inputsMax) ||
    (claim.openMax !== null && held.filter(({ lane }) => lane === shard.lane).length >= claim.openMax)
  return full ? 'full' : 'room'
}

/** The limit to remember after a refusal: the vendor's figure, else what was in use when it refused. */
export function learnedQuota(flight: Flight, refusal: Refusal, inUse: number): QuotaRow {
  const { ports, shard } = flight
  return {
    accountId: shard.accountId,
    model: shard.model,
    unit: refusal.limit?.unit ?? 'tokens',
    limitMax: refusal.limit?.max ?? Math.max(1, inUse),
    learnedAt: ports.clock.now(),
  }
}
