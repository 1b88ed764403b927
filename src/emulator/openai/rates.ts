import type { Desk } from './desk.ts'
import { Refusal, rateLimited } from './errors.ts'

/** The published figures of a large account; a scenario sets lower ones. */
const requestsDefault = 30_000
const tokensDefault = 150_000_000
const minuteMs = 60_000

/** Calls of a model outside batches: so many requests and tokens a minute, which flow back all the time. */
export interface Rates {
  /** Counts a call. @returns the headers that tell what is left. @throws Refusal */
  count(model: string, tokens: number): Record<string, string>
}

interface Pool {
  level: number
  at: number
}

export function createRates(desk: Desk): Rates {
  const pools = new Map<string, Pool>()
  /** How much is there, with what has flowed back since. */
  const look = (name: string, limit: number): Pool => {
    const now = desk.clock.now()
    const known = pools.get(name) ?? { level: limit, at: now }
    const pool = { level: Math.min(limit, known.level + ((now - known.at) * limit) / minuteMs), at: now }
    pools.set(name, pool)
    return pool
  }
  return {
    count(model, tokens) {
      const { callsPerMinuteMax: calls = requestsDefault, tokensPerMinuteMax = tokensDefault } =
        desk.switchboard.account()
      const requestPool = look(`requests ${model} ${calls}`, calls)
      const tokenPool = look(`tokens ${model} ${tokensPerMinuteMax}`, tokensPerMinuteMax)
      const headers = () => ({
        ...headersOf('requests', calls, requestPool.level),
        ...headersOf('tokens', tokensPerMinuteMax, tokenPool.level),
      })
      if (tokens > tokensPerMinuteMax)
        throw refusal(
          `Request too large for ${model} on tokens per min (TPM): Limit ${tokensPerMinuteMax}, Requested ${tokens}.`,
          0,
          headers(),
        )
      const short = requestPool.level < 1 ? (1 - requestPool.level) / calls : 0
      const shortTokens = tokenPool.level < tokens ? (tokens - tokenPool.level) / tokensPerMinuteMax : 0
      const waitMs = Math.max(short, shortTokens) * minuteMs
      if (waitMs > 0) throw refusal(`Rate limit reached for ${model}.`, waitMs, headers())
      requestPool.level--
      tokenPool.level -= tokens
      return headers()
    },
  }
}

function refusal(message: string, waitMs: number, headers: Record<string, string>): Refusal {
  const error = rateLimited(`${message} Please try again in ${(waitMs / 1000).toFixed(2)}s.`, Math.ceil(waitMs / 1000))
  const wait = waitMs === 0 ? {} : { ...error.headers, 'retry-after-ms': String(Math.ceil(waitMs)) }
  return new Refusal({ ...error, headers: { ...headers, ...wait } })
}

/** The reset is the time until the pool is full. */
function headersOf(of: string, limit: number, level: number): Record<string, string> {
  return {
    [`x-ratelimit-limit-${of}`]: String(limit),
    [`x-ratelimit-remaining-${of}`]: String(Math.max(0, Math.floor(level))),
    [`x-ratelimit-reset-${of}`]: `${Math.ceil(((limit - level) / limit) * minuteMs)}ms`,
  }
}
