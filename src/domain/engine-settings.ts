/** What an engine of one's own costs. Where nothing is said, its answers cost nothing. */
export interface EngineRates {
  readonly usdPerMillionTokens?: { readonly input: number; readonly output: number }
  /** Of one GPU. */
  readonly usdPerHour?: number
  /** GPUs that are paid by the hour. Default 1. */
  readonly gpus?: number
  /** Tokens of answers a second of all requests together, at full use: what a quote by the hour goes by. */
  readonly tokensPerSecond?: number
}

/** How an engine of one's own may be used. */
export interface EngineSettings {
  /** null: whatever it lists. */
  readonly models: readonly string[] | null
  /** `22:00-06:00`, on the clock of `zone`; null: always. */
  readonly window: string | null
  /** IANA name. */
  readonly zone: string
  /** From so many waiting requests on, by its own metrics, nothing new is sent; null: its metrics are not looked at. */
  readonly yieldWhen: { readonly waiting: number } | null
  /** Default: `/metrics` at the origin of its base URL. */
  readonly metricsUrl?: string
  /** Requests that are sent at once, at most; null: as many as it takes. */
  readonly placesMax: number | null
  readonly rates: EngineRates
}
