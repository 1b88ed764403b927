import { type Environment, first, type Wires } from './accounts/account.ts'
import { dayIn } from './domain/cost-report.ts'
import { NoAdminKey, RedeyeError, UsageError } from './domain/errors.ts'
import { type AuditOptions, type AuditReport, auditLogs, auditVendors, type VendorReports } from './engine/index.ts'
import { clockAt, DAY } from './kit/clock.ts'
import { openHttp } from './kit/http.ts'
import type { Provider } from './providers/contract.ts'
import { providers } from './providers/registry.ts'

export interface AuditSettings extends Omit<AuditOptions, 'zone'> {
  /** Time zone in which nights and weekends are told. Default: that of this machine. */
  readonly zone?: string
}

export interface LiveSettings extends Omit<AuditSettings, 'columns'> {
  /** Epoch ms; the day it lies in, UTC, counts whole. */
  readonly since: number
  /** Epoch ms. Default: now. */
  readonly now?: number
  /** Default: that of the process. */
  readonly env?: Environment
}

/**
 * Which calls of a usage log nobody waited for, and what they would have cost so. Needs no home, no key and no network.
 * @param files  logs that belong together; gzip and zstd are known by their first bytes, `-` is standard input
 * @throws UnknownLog (`unknown_log`) for a kind that is not known · UnreadableInput (`unreadable_input`)
 */
export const audit = (files: readonly string[], settings: AuditSettings = {}): Promise<AuditReport> =>
  auditLogs(files, { ...settings, zone: settings.zone ?? ownZone() })

/** See `auditLive` in compose, which hands in the environment. */
export async function auditLiveOf(
  vendors: readonly string[],
  { since, env = {}, now = Date.now(), zone = ownZone(), ...options }: LiveSettings,
): Promise<AuditReport> {
  const clock = clockAt()
  const http = openHttp({ clock })
  try {
    const sources = vendors.map((name) => reportsOf(name, env, { http, clock }))
    const window = { from: Math.floor(since / DAY) * DAY, until: now }
    return await auditVendors(sources, window, { ...options, zone })
  } finally {
    await http.close()
  }
}

const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

function reportsOf(name: string, env: Environment, wires: Wires): VendorReports {
  const all = Object.values<Provider>(providers).filter(({ costs }) => costs?.usage !== undefined)
  const provider = all.find((each) => each.name === name)
  const { usage, live, adminKey = [] } = provider?.costs ?? {}
  if (provider === undefined || usage === undefined) {
    const names = all.map((each) => each.name).join(', ')
    throw new UsageError(`"${name}" has no usage report.`, `Vendors that have one: ${names}.`)
  }
  const apiKey = first(env, adminKey)
  if (apiKey === undefined) throw new NoAdminKey(name, adminKey[0] ?? '')
  const { baseUrl, baseUrlDefault } = provider.environment
  // What says whose an account is would leave out all other projects: an organization is asked about as a whole.
  const call = { baseUrl: (first(env, baseUrl) ?? baseUrlDefault).replace(/\/+$/, ''), apiKey, headers: {}, ...wires }
  return {
    vendor: name,
    usage: (window) => usage(call, window),
    // The bill is beside the point: without it the audit is as good, only not held against anything.
    async cost({ from, until }) {
      if (live === undefined) return { why: 'it has none.' }
      try {
        const { lines } = await live(call, from)
        const last = dayIn('UTC', until)
        return { nanoUsd: lines.reduce((sum, { day, nanoUsd }) => (day > last ? sum : sum + nanoUsd), 0n) }
      } catch (error) {
        if (error instanceof RedeyeError) return { why: error.message }
        throw error
      }
    },
  }
}
