import { makesNumbers } from '../../domain/endpoints.ts'
import { mostOutput } from '../../pricing/most-output.ts'
import type { JobOptions } from '../options.ts'
import type { RoutedManifest } from '../rows/routing.ts'

/**
 * Tokens that an answer of a group comes to at most, as the quote reckons: what the request states, less where a schema
 * leaves no room for it; else what is assumed.
 * @returns a function of the limit that a request states, 0 where it states none
 */
export function outputCap(
  { groups }: Pick<RoutedManifest, 'groups'>,
  group: number,
  { model, options }: { readonly model: string; readonly options: JobOptions },
): (stated: number) => number {
  if (makesNumbers(groups[group]?.endpoint ?? '')) return () => 0
  const schema = options.table?.schema ?? undefined
  const most = (stated: number): number =>
    mostOutput({ model, maxTokens: stated === 0 ? undefined : stated, schema }).tokens
  let last = { stated: 0, tokens: most(0) }
  return (stated) => {
    if (stated !== last.stated) last = { stated, tokens: most(stated) }
    return last.tokens
  }
}
