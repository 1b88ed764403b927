import { type Lane, tierOf } from '../../domain/usage.ts'
import { type Group, rowsOf } from '../../intake/manifest.ts'
import type { Pace } from '../../policy/view.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { limitNow } from '../purchase/quota.ts'
import { termsOf } from '../rows/lane-terms.ts'
import type { Route } from '../rows/routing.ts'

/** The limits of a batch lane that a group of requests meets, in sentences: what cuts it, and what makes parts of it wait. */
export async function bindingLimits(
  ports: Ports,
  route: Route,
  group: Group,
  { shardRequests = Number.POSITIVE_INFINITY }: JobOptions,
): Promise<string[]> {
  const { lane, accountId, model, translated } = route
  const { limits } = termsOf(ports.vendors, lane)
  const bytes = translated?.bodyBytes ?? group.bodyBytes
  const said: string[] = []
  const rowsMax = Math.min(limits.rowsMax, shardRequests)
  const byRows = Math.ceil(rowsOf(group) / rowsMax)
  const byBytes = Math.ceil(bytes / limits.fileBytesMax)
  const parts = Math.max(byRows, byBytes)
  if (parts > 1)
    said.push(
      byBytes > byRows
        ? `${lane} takes at most ${count(limits.fileBytesMax / 1e6)} MB in one file: ${model} flies in ${parts} submissions or more.`
        : `${lane} takes at most ${count(rowsMax)} requests at once: ${model} flies in ${parts} submissions.`,
    )
  const tokensMax = await limitNow(ports, { accountId, model, unit: 'tokens' }, limits.enqueuedTokensMax(model))
  if (tokensMax !== null && group.tokens > tokensMax)
    said.push(
      `The account may have ${count(tokensMax)} tokens of ${model} waiting at ${lane}, and these are about ${count(group.tokens)}: the rest is bought as they land.`,
    )
  const { openSubmissionsMax } = limits
  if (openSubmissionsMax !== null && parts > openSubmissionsMax)
    said.push(
      `${lane} runs at most ${count(openSubmissionsMax)} submissions of an account: the rest is bought as they land.`,
    )
  return said
}

/** The pace is what limits a lane that takes requests one by one. */
export const paceLimit = (lane: Lane, { perSecond }: Pace): string =>
  tierOf(lane) === 'idle'
    ? `${lane} answers about ${count(60 * perSecond)} requests a minute.`
    : `${lane} is reckoned to take ${count(60 * perSecond)} requests a minute of your account; --rpm says how many it may send.`

const count = (value: number): string => Math.round(value).toLocaleString('en-US')
