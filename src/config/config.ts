import type { EngineRates, EngineSettings } from '../domain/engine-settings.ts'

/** What `redeye.config.ts` or `redeye.config.json` holds. */
export interface RedeyeConfig {
  /** Beside those that the environment makes. */
  readonly accounts?: readonly AccountConfig[]
}

export type AccountConfig = VendorAccountConfig | EngineAccountConfig

interface NamedAccount {
  /** Yours, and no vendor's: it is part of what the account is, so that jobs on their way need it unchanged. */
  readonly name: string
  /** The variable that holds the API key. The key itself never lies in the file. */
  readonly apiKeyEnv?: string
}

/** A further account of a vendor. */
export interface VendorAccountConfig extends NamedAccount {
  /** As in `vendor/model`. */
  readonly provider: string
  /** Default: as the environment says. */
  readonly baseUrl?: string
  /** Where the vendor works for this account, unless a job says otherwise. */
  readonly region?: string
  /** Variables of the vendor that are others for this account: its project, its bucket. */
  readonly environment?: Readonly<Record<string, string>>
  /** Nothing else buys with it: see REDEYE_EXCLUSIVE. */
  readonly exclusive?: boolean
  /** OpenAI: the member of a request that names its completion window; without, those lanes are not bought. */
  readonly completionWindowField?: string
}

/** An engine of one's own that speaks as OpenAI does: vLLM, SGLang, Ollama, llama.cpp. */
export interface EngineAccountConfig extends NamedAccount, EngineRates {
  readonly provider: 'own'
  /** Mostly ends in /v1. */
  readonly baseUrl: string
  /** Default: those it lists. */
  readonly models?: readonly string[]
  /** Hours in which it may be used: `22:00-06:00`. Default: always. */
  readonly window?: string
  /** Time zone of the window. Default: this machine's. */
  readonly tz?: string
  /** Nothing is sent while so many requests wait there, whoever's they are. Default: its metrics are not looked at. */
  readonly yieldWhen?: NonNullable<EngineSettings['yieldWhen']>
  /** Default: `/metrics` at the origin of the base URL. */
  readonly metricsUrl?: string
  /** Requests at once, at most. */
  readonly placesMax?: number
}

/** For typing: gives back what it is given. */
export const defineConfig = (config: RedeyeConfig): RedeyeConfig => config
