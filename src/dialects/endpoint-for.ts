import { dialects } from './dialects.ts'
import type { ChatDialect, DialectName } from './translation.ts'

/** The dialect of an endpoint; undefined: one that is passed on without being understood. */
export function dialectNameOf(endpoint: string): DialectName | undefined {
  const method = endpoint.slice(Math.max(0, endpoint.lastIndexOf(':')))
  const names = Object.keys(dialects) as DialectName[]
  return names.find((name) => dialects[name].endpoint === endpoint || dialects[name].endpoint === method)
}

export const isChat = (dialect: DialectName): dialect is ChatDialect => 'abilities' in dialects[dialect]

/**
 * Which of the endpoints that a lane takes a request for `endpoint` goes to: the same where the lane has it, else the
 * first whose dialect it can be translated into. undefined: none.
 */
export function endpointFor(endpoint: string, taken: readonly string[]): string | undefined {
  if (taken.includes(endpoint)) return endpoint
  const own = dialectNameOf(endpoint)
  if (own === undefined) return undefined
  return taken.find((other) => {
    const dialect = dialectNameOf(other)
    return dialect !== undefined && isChat(dialect) === isChat(own)
  })
}
