import type { Json } from '../json.ts'

/** Tokens of one answer, none counted in two kinds. */
export interface Usage {
  /** What was neither read from nor written to a cache. */
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite5m: number
  readonly cacheWrite1h: number
  /** Thinking included. */
  readonly output: number
  readonly thinking: number
  readonly webSearches: number
  /** Where it ran: `us`, `global`, or `not_available` for a model that cannot be asked. */
  readonly geo: string
}

export function promptTokens({ input, cacheRead, cacheWrite5m, cacheWrite1h }: Usage): number {
  return input + cacheRead + cacheWrite5m + cacheWrite1h
}

export function usageView(usage: Usage, serviceTier: string, speed: string | null, version: string): Json {
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheWrite5m + usage.cacheWrite1h,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWrite5m,
      ephemeral_1h_input_tokens: usage.cacheWrite1h,
    },
    output_tokens: usage.output,
    output_tokens_details: { thinking_tokens: usage.thinking },
    server_tool_use: usage.webSearches > 0 ? { web_search_requests: usage.webSearches, web_fetch_requests: 0 } : null,
    service_tier: serviceTier,
    inference_geo: usage.geo,
    ...(version < '2026-10-21' ? {} : { speed }),
  }
}
