import type { VendorAccountConfig } from '../config/config.ts'
import type { EngineSettings } from '../domain/engine-settings.ts'
import { UsageError } from '../domain/errors.ts'
import { derivedId } from '../kit/ids.ts'
import type { AccountSetup, Call, Provider } from '../providers/contract.ts'
import type { AccountRow } from '../stores/contract.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What an account is made from: an environment, and for those of the config what that says beside it. */
export interface AccountSource {
  readonly provider: Provider
  /** As this account reads it. */
  readonly env: Environment
  /** Of the config; null: the environment's own account. */
  readonly name: string | null
  /** The variable of its key, where it is not the usual one. */
  readonly apiKeyEnv?: string | undefined
  readonly region?: string | undefined
  readonly exclusive?: boolean | undefined
  /** By the vendor's own names. */
  readonly settings?: Readonly<Record<string, string>>
  readonly engine?: EngineSettings
}

export interface Account extends AccountSource {
  readonly row: AccountRow
  readonly call: Omit<Call, 'apiKey'>
  /** undefined: something that it wants is not set. */
  readonly apiKey: string | undefined
  readonly wants: readonly string[]
  /** Why it cannot be an account at all. */
  readonly wrong: UsageError | null
  /** Not the account itself, but the same in a region that a job may name. */
  readonly regional: boolean
}

/** How calls go out. */
export type Wires = Pick<Call, 'http' | 'clock'>

/**
 * The account where its region, if it has one, puts it.
 * @param region  a region of the job, in place of its own
 */
export function accountOf(source: AccountSource, wires: Wires, region = source.region): Account {
  const { provider, name, apiKeyEnv } = source
  const env = { ...source.env, ...(region === undefined ? {} : provider.regions?.[region]?.environment) }
  const { environment } = provider
  const { setup, wrong } = setupOf(provider, env)
  const { baseUrl: ownUrl, missing = [], headers: more, settings, ...own } = setup
  const baseUrl = (ownUrl ?? first(env, environment.baseUrl) ?? environment.baseUrlDefault).replace(/\/+$/, '')
  const headers = provider.headersFrom(env)
  const scope = [...Object.values(headers), ...(name === null ? [] : [name])].join(' ')
  const id = derivedId('acc', provider.name, baseUrl, scope)
  const row = { id, vendor: provider.name, baseUrl, scope, createdAt: wires.clock.now() }
  // An account that makes its tokens needs no key, but all else that it is made of.
  const needsNone = own.authorize !== undefined || environment.keyOptional === true
  const key = first(env, environment.apiKey) ?? (needsNone && apiKeyEnv === undefined ? '' : undefined)
  const wants = [
    ...(wrong === null ? missing : [wrong.message]),
    ...(baseUrl === '' ? environment.baseUrl.slice(0, 1) : []),
    ...(key === undefined ? [apiKeyEnv ?? environment.apiKey.join(' or ')] : []),
  ]
  const apiKey = wants.length > 0 ? undefined : own.authorize === undefined ? key : ''
  const known = { ...settings, ...source.settings }
  const call = { baseUrl, headers: { ...headers, ...more }, settings: known, ...own, ...wires }
  return { ...source, row, call, apiKey, wants, wrong, regional: region !== source.region }
}

/** A variable with nonsense in it spoils its own vendor, and no other. */
function setupOf(provider: Provider, env: Environment): { setup: Partial<AccountSetup>; wrong: UsageError | null } {
  try {
    return { setup: provider.accountFrom?.(env) ?? {}, wrong: null }
  } catch (error) {
    if (error instanceof UsageError) return { setup: {}, wrong: error }
    throw error
  }
}

/** A vendor's account of the config: the environment, but for what is said otherwise. */
export function vendorSource(provider: Provider, config: VendorAccountConfig, env: Environment): AccountSource {
  const { name, apiKeyEnv, baseUrl, region, exclusive } = config
  const named = provider.environment
  const settings = Object.entries(config).filter(([member]) => provider.accountSettings?.includes(member))
  return {
    provider,
    name,
    apiKeyEnv,
    region,
    exclusive,
    settings: Object.fromEntries(settings) as Record<string, string>,
    env: {
      ...env,
      ...config.environment,
      ...(baseUrl === undefined ? {} : { [named.baseUrl[0] as string]: baseUrl }),
      ...(apiKeyEnv === undefined ? {} : keyFrom(provider, env, apiKeyEnv)),
    },
  }
}

/** The key of that variable, and no other: a key of the environment belongs to another account. */
export function keyFrom(provider: Provider, env: Environment, variable?: string): Environment {
  const [usual = '', ...others] = provider.environment.apiKey
  return {
    ...Object.fromEntries(others.map((name) => [name, undefined])),
    [usual]: variable === undefined ? undefined : env[variable],
  }
}

/** The first variable that is set. */
export function first(env: Environment, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = env[name]?.trim() // keys are pasted with their line end
    if (value) return value
  }
  return undefined
}
