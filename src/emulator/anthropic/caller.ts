import type { Exchange } from '../server.ts'
import { invalid, noKey, Refusal, wrongKey } from './errors.ts'

/** Whose call it is, and by which rules. Batches of one workspace are visible to every key of it, and to no other. */
export interface Caller {
  readonly workspace: string
  readonly version: string
  readonly betas: readonly string[]
  /** Where the client reaches this vendor, for URLs in answers. */
  readonly origin: string
}

const versions = ['2023-06-01', '2026-10-21']

/** @throws Refusal when a header is missing or wrong */
export function callerOf(exchange: Exchange, prefix: string): Caller {
  const header = (name: string) => {
    const value = exchange.request.headers[name]
    return Array.isArray(value) ? value.join(',') : value
  }
  // With both, the older header counts.
  const key = header('x-api-key') ?? /^Bearer\s+(\S+)$/i.exec(header('authorization') ?? '')?.[1]
  if (!key) throw new Refusal(noKey)
  if (/^sk-(ant-)?wrong$/.test(key)) throw new Refusal(wrongKey)
  const version = header('anthropic-version')
  if (version === undefined) throw new Refusal(invalid('anthropic-version: header is required'))
  if (!versions.includes(version)) {
    throw new Refusal(invalid(`anthropic-version: "${version}" is not a valid API version`))
  }
  const betas = (header('anthropic-beta') ?? '').split(',').map((beta) => beta.trim())
  const named = betas.filter((beta) => beta !== '')
  const strange = named.find((beta) => !/^[a-z0-9-]+-\d{4}-\d{2}-\d{2}$/.test(beta))
  if (strange !== undefined) {
    throw new Refusal(invalid(`Unexpected value(s) \`${strange}\` for the \`anthropic-beta\` header.`))
  }
  return {
    workspace: header('anthropic-workspace-id') ?? 'wrkspc_emulated',
    version,
    betas: named,
    origin: `http://${header('host') ?? 'localhost'}${prefix}`,
  }
}
