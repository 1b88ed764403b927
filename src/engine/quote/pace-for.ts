import { type Lane, tierOf } from '../../domain/usage.ts'
import { SECOND } from '../../kit/clock.ts'
import { type Past, trusted } from '../../policy/history.ts'
import { paceOf } from '../../policy/pace.ts'
import { quotedPace } from '../../policy/quoted-pace.ts'
import type { Pace } from '../../policy/view.ts'
import type { Ending } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'
import type { Runs } from '../shards/runs.ts'

/** Submissions of the past that are read for what they teach. */
const PAST_MAX = 300

interface On {
  readonly lane: Lane
  readonly accountId: string
  readonly model: string
}

/** How long submissions on a lane have taken an account, newest first. */
export const pastOn = async (
  { store }: Pick<Ports, 'store'>,
  { lane, accountId }: Pick<On, 'lane' | 'accountId'>,
): Promise<Past[]> => (await store.endings({ accountId, lane, limit: PAST_MAX })).flatMap(pastOf)

function pastOf({ model, rows, state, openedAt, endedAt, counts, cancelWanted, abandoned }: Ending): Past[] {
  if (openedAt === null || state === 'refused' || state === 'lost') return []
  const done = (counts as { completed?: number; failed?: number } | null) ?? {}
  const ended = !cancelWanted && !abandoned
  const requests = ended ? rows : Math.max((done.completed ?? 0) + (done.failed ?? 0), 1)
  return [{ model, requests, endedAt, seconds: (endedAt - openedAt) / SECOND, ended }]
}

/**
 * How fast a lane takes requests one by one: as the quote thinks, corrected by what earlier runs have done there, and
 * by what has been measured since this process began.
 * @param tokens  of one request, on average
 */
export async function paceFor(
  ports: Pick<Ports, 'store' | 'vendors'>,
  on: On,
  {
    tokens,
    perMinute,
    runs,
  }: {
    readonly tokens: { readonly input: number; readonly output: number }
    readonly perMinute?: number | undefined
    readonly runs?: Runs
  },
): Promise<Pace> {
  const allowed = runs?.allowed(on, tokens)
  const engine = ports.vendors.engine(on.accountId)
  const sync = ports.vendors.sync(on.lane)
  const concurrency = engine?.placesMax ?? sync?.limits.concurrencyMax ?? 1
  const known = [
    ...(sync?.later === undefined ? [] : [concurrency / (sync.later.withinMs / SECOND)]),
    allowed,
    ...(perMinute === undefined ? [] : [perMinute / 60]),
    ...(engine?.rates.tokensPerSecond === undefined ? [] : [engine.rates.tokensPerSecond / tokens.output]),
  ].filter((perSecond) => perSecond !== undefined)
  const told = known.length === 0 ? undefined : Math.min(...known)
  const quoted = quotedPace({ outputTokens: tokens.output, concurrency, sheds: sheds(on.lane) }, told)
  const ratios = (await pastOn(ports, on))
    .filter(({ model, ended, seconds }) => model === on.model && ended && seconds > 0)
    .map(({ requests, seconds }) => requests / seconds / quoted.perSecond)
  const learned = ratios.length === 0 ? quoted : trusted(quoted.perSecond, ratios)
  return runs === undefined ? learned : paceOf(learned, runs.measured(on))
}

/** It answers when there is room, and turns away when there is none; an engine of one's own, while others are served. */
export const sheds = (lane: Lane): boolean => tierOf(lane) === 'flex' || tierOf(lane) === 'idle'
