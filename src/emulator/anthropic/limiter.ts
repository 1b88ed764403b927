import { momentOf } from './course.ts'
import type { Desk } from './desk.ts'
import { Refusal, rateLimited } from './errors.ts'

/** The highest published figures; a scenario sets lower ones. */
const callsPerMinuteDefault = 4_000
const queuedRequestsDefault = 500_000
const minuteMs = 60_000

export interface Limiter {
  /** Counts one call on the batch endpoints. @returns the headers that tell how many are left. @throws Refusal */
  count(): Record<string, string>
}

/** Calls on the batch endpoints have a pool of their own, refilled every minute of emulated time. */
export function createLimiter(desk: Desk): Limiter {
  let minute = 0
  let used = 0
  return {
    count() {
      const limit = desk.switchboard.account().callsPerMinuteMax ?? callsPerMinuteDefault
      const now = desk.clock.now()
      if (Math.floor(now / minuteMs) !== minute) {
        minute = Math.floor(now / minuteMs)
        used = 0
      }
      const resetAt = (minute + 1) * minuteMs
      used++
      const headers = {
        'anthropic-ratelimit-requests-limit': String(limit),
        'anthropic-ratelimit-requests-remaining': String(Math.max(0, limit - used)),
        'anthropic-ratelimit-requests-reset': `${new Date(resetAt).toISOString().slice(0, 19)}Z`,
      }
      if (used <= limit) return headers
      desk.log.record('anthropic', 'rate-limited', { limit })
      throw new Refusal(rateLimited, { ...headers, 'retry-after': String(Math.ceil((resetAt - now) / 1000)) })
    },
  }
}

const callsDefault = { requests: 4_000, tokens: 2_400_000, 'input-tokens': 2_000_000, 'output-tokens': 400_000 }

/** Messages outside batches: so many requests a minute and model, which flow back all the time; tokens never run out. */
export function createCallLimiter(desk: Desk): { count(model: unknown): Record<string, string> } {
  const pools = new Map<unknown, { level: number; at: number }>()
  return {
    count(model) {
      const now = desk.clock.now()
      const limit = desk.switchboard.account().messagesPerMinuteMax ?? callsDefault.requests
      const known = pools.get(model) ?? { level: limit, at: now }
      const level = Math.min(limit, known.level + ((now - known.at) * limit) / minuteMs)
      const refused = level < 1
      const left = refused ? level : level - 1
      pools.set(model, { level: left, at: now })
      const headers: Record<string, string> = {}
      for (const [pool, most] of Object.entries({ ...callsDefault, requests: limit })) {
        const remaining = pool === 'requests' ? left : most
        const reset = now + ((most - remaining) / most) * minuteMs
        headers[`anthropic-ratelimit-${pool}-limit`] = String(most)
        headers[`anthropic-ratelimit-${pool}-remaining`] = String(Math.floor(remaining))
        headers[`anthropic-ratelimit-${pool}-reset`] = `${new Date(reset).toISOString().slice(0, 19)}Z`
      }
      if (!refused) return headers
      const seconds = Math.ceil(((1 - level) / limit) * 60)
      throw new Refusal(rateLimited, { ...headers, 'retry-after': String(seconds) })
    },
  }
}

/** Requests not yet processed, over all batches of the organisation. @throws Refusal when there is no room for more */
export function checkQueue(desk: Desk, requests: number): void {
  const limit = desk.switchboard.account().queuedRequestsMax ?? queuedRequestsDefault
  const now = desk.clock.now()
  let queued = 0
  for (const { course, rows } of desk.batches.values()) {
    const moment = momentOf(course, rows, now)
    if (moment.status !== 'ended') queued += rows - moment.executed
  }
  if (queued + requests <= limit) return
  const message = `This request would exceed your organization's limit of ${limit} queued batch requests (currently queued: ${queued}). Please try again later.`
  throw new Refusal({ type: 'rate_limit_error', message }, { 'retry-after': '60' })
}
