import { UnknownRegion, UsageError } from '../domain/errors.ts'
import type { Provider, Region } from '../providers/contract.ts'
import { providers } from '../providers/registry.ts'
import { type AccountSource, first } from './account.ts'

export const vendorsWith = (region: string): string[] =>
  Object.values<Provider>(providers).flatMap(({ name, regions = {} }) => (Object.hasOwn(regions, region) ? [name] : []))

/** @throws UnknownRegion · UsageError where the environment has named another host already */
export function regionOf(
  { provider, env }: Pick<AccountSource, 'provider' | 'env'>,
  word: string,
  model: string,
): Region {
  const { regions = {} }: Provider = provider
  const region = Object.hasOwn(regions, word) ? regions[word] : undefined
  if (region === undefined || region.takes?.(model) === false) {
    const has = Object.entries(regions).filter(([, { takes }]) => takes?.(model) !== false)
    const others = vendorsWith(word).filter((name) => name !== provider.name)
    throw new UnknownRegion(
      word,
      { vendor: provider.name, model },
      has.map(([name]) => name),
      others,
    )
  }
  for (const [name, url] of Object.entries(region.environment ?? {})) {
    const set = first(env, [name])?.replace(/\/+$/, '')
    if (set !== undefined && set !== url && provider.environment.baseUrl.includes(name))
      throw new UsageError(
        `${name} is ${set}, and the region ${word} is ${url}.`,
        `Nothing was sent. Leave out one of the two: a host of your own cannot be moved by --region.`,
      )
  }
  return region
}
