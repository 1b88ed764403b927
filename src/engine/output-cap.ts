import { outputRange } from '../pricing/output-range.ts'
import type { JobOptions } from './options.ts'
import type { RoutedManifest } from './routing.ts'

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
  const endpoint = groups[group]?.endpoint ?? ''
  const schema = options.table?.schema
  const of = { endpoint, model, ...(schema === null || schema === undefined ? {} : { schema }) }
  let last = { stated: 0, high: outputRange(of).high }
  return (stated) => {
    if (stated !== last.stated)
      last = { stated, high: outputRange(stated === 0 ? of : { ...of, maxTokens: stated }).high }
    return last.high
  }
}
