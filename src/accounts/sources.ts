import type { EngineAccountConfig, RedeyeConfig } from '../config/config.ts'
import { readConfig } from '../config/read-config.ts'
import type { Provider } from '../providers/contract.ts'
import { providers } from '../providers/registry.ts'
import { type AccountSource, type Environment, vendorSource } from './account.ts'
import { engineSource, plainEngine } from './engine.ts'

/** The config that was handed in, else that of the working folder, else of the home; read with the vendors there are. */
export async function configOf(handed: RedeyeConfig | undefined, home: string): Promise<RedeyeConfig> {
  const known = Object.fromEntries(
    Object.values<Provider>(providers).map(({ name, regions = {}, accountSettings = [] }) => [
      name,
      { regions: Object.keys(regions), accountSettings },
    ]),
  )
  if (handed === undefined) return readConfig([process.cwd(), home], known)
  const { checkConfig } = await import('../config/check-config.ts')
  return checkConfig(handed, 'config', known)
}

/** What accounts are made from: the environment's own of each vendor, then those of the config. */
export function sourcesOf(env: Environment, { accounts }: RedeyeConfig): AccountSource[] {
  const own = Object.values<Provider>(providers).map((provider) => ({
    provider,
    env,
    name: null,
    ...(provider.batch === undefined ? { engine: plainEngine } : {}),
  }))
  const named = (accounts ?? []).map((account) => {
    const provider = providers[account.provider] as Provider
    return account.provider === 'own'
      ? engineSource(provider, account as EngineAccountConfig, env)
      : vendorSource(provider, account, env)
  })
  return [...own, ...named]
}
