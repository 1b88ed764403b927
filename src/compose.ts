import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { homedir, platform, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Redeye } from './client/redeye.ts'
import { localDispatcher } from './dispatch/local.ts'
import { NoCredentials, OtherAccount, UnknownRegion, UsageError } from './domain/errors.ts'
import { type Lane, laneOf, tierOf, vendorOf } from './domain/usage.ts'
import {
  type BatchPrice,
  batchPrices,
  chooseSeller,
  type ListedVendor,
  type Log,
  type Ports,
  type PriceList,
  priceList,
  type Quote,
  quoteTokens as quoteAnywhere,
  type Step,
  sellerOf,
  steps,
  type Vendors,
  type WhatIf,
} from './engine/index.ts'
import { BytePool, moduleBeside } from './kit/byte-pool.ts'
import { clockAt } from './kit/clock.ts'
import { openFetchFile } from './kit/fetch-file.ts'
import { type Http, openHttp } from './kit/http.ts'
import { derivedId } from './kit/ids.ts'
import type { AccountSetup, BatchLane, Call, Provider, Region } from './providers/contract.ts'
import { providers } from './providers/registry.ts'
import { openFolderBlobs } from './stores/blobs/fs.ts'
import type { AccountRow, ControlStore } from './stores/contract.ts'
import { openSqliteStore } from './stores/sql/sqlite.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface OpenOptions {
  /** Where jobs live. Default: REDEYE_HOME, else `.redeye` in the working folder if there, else the user's data folder. */
  readonly home?: string
  /** API keys and base URLs are read from here, by the names the official SDKs use. Default: process.env. */
  readonly env?: Environment
  /** Scaled seconds per real second, for emulated vendors that run as fast. Default: REDEYE_SPEED, else 1. */
  readonly speed?: number
  /**
   * Vendors whose accounts nothing else buys with, for those where a purchase bears no mark: one that is unsure is then
   * taken over as soon as it is seen. Default: REDEYE_EXCLUSIVE, comma-separated.
   */
  readonly exclusive?: readonly string[]
  readonly log?: Log
}

/**
 * Opens a home: the one place where real stores, providers and clock are built and handed to the engine.
 * @throws StoreUnavailable (`store_unavailable`) when the home cannot be used
 */
export async function open(options: OpenOptions = {}): Promise<Redeye> {
  const env = options.env ?? process.env
  const home = options.home ?? homeOf(env)
  const store = await openSqliteStore(home)
  const clock = clockAt(speedOf(options.speed, env), store.madeAt)
  const http = openHttp({ clock })
  const log = options.log ?? (await logOf(env))
  const scratch = join(tmpdir(), 'redeye')
  await mkdir(scratch, { recursive: true, mode: 0o700 })
  const pool = new BytePool()
  const ports: Ports = {
    store,
    blobs: openFolderBlobs(join(home, 'blobs')),
    pool,
    clock,
    dispatcher: localDispatcher({
      leases: store,
      clock,
      onError: (error, shardId) => log.warn({ shard: shardId, error: String(error) }, 'a step failed'),
    }),
    vendors: vendorsFrom(env, store, { http, clock, exclusive: options.exclusive ?? listOf(env.REDEYE_EXCLUSIVE) }),
    journals: join(home, 'journals'),
    scratch,
    fetchFile: openFetchFile(),
    step: crashPoint(env),
    log,
    answerCheck: moduleBeside(import.meta.url, './delivery/check-answer'),
  }
  return new Redeye(ports, async () => {
    await pool.close()
    await http.close()
    await store.close()
  })
}

/**
 * Every lane of a model with its price, limits and dates, and how a cache discount combines with it. Needs no home and
 * no key.
 * @param model  `vendor/id` (that vendor's lanes only), an id, an alias, or a dated snapshot
 * @param at     prices of which day, epoch ms
 * @throws UnknownModel (`unknown_model`) with names like it
 */
export const prices = (model: string, at: number = Date.now()): PriceList => priceList(model, listedVendors(), at)

/**
 * What tokens cost that are in no file yet, on every lane of their model, and when they would land. Needs no home.
 * @param what.region  where the vendor shall work; UnknownRegion where it has no such place
 */
export function quoteTokens(
  { region, ...what }: Omit<WhatIf, 'resident'> & { readonly region?: string },
  at: number,
): Quote {
  const { vendor, row } = sellerOf(what.model)
  if (region === undefined) return quoteAnywhere(what, at)
  const provider = providers[vendor]
  if (provider === undefined) throw new UnknownRegion(region, { vendor, model: row.id }, [], vendorsWith(region))
  return quoteAnywhere({ ...what, resident: regionOf(provider, region, row.id, {}).resident }, at)
}

/** All models that have a batch price, a line each. */
export const allBatchPrices = (at: number = Date.now()): BatchPrice[] => batchPrices(listedVendors(), at)

const listedVendors = (): ListedVendor[] =>
  Object.values<Provider>(providers).map(({ name, batch, regions = {} }) => ({
    vendor: name,
    ...(batch === undefined ? {} : { limits: batch.limits }),
    regions: (model) =>
      Object.entries(regions)
        .filter(([, { takes }]) => takes?.(model) !== false)
        .map(([region]) => region),
  }))

/** REDEYE_HOME, else `.redeye` in the working folder if it is there, else the user's data folder. */
export function homeOf(env: Environment): string {
  if (env.REDEYE_HOME) return resolve(env.REDEYE_HOME)
  if (existsSync('.redeye')) return resolve('.redeye')
  const user = homedir()
  switch (platform()) {
    case 'darwin':
      return join(user, 'Library', 'Application Support', 'redeye')
    case 'win32':
      return join(env.LOCALAPPDATA ?? join(user, 'AppData', 'Local'), 'redeye')
    default:
      return join(env.XDG_DATA_HOME ?? join(user, '.local', 'share'), 'redeye')
  }
}

function speedOf(option: number | undefined, env: Environment): number {
  const speed = option ?? Number(env.REDEYE_SPEED ?? 1)
  if (!(speed > 0) || !Number.isFinite(speed))
    throw new UsageError(`REDEYE_SPEED is ${env.REDEYE_SPEED}; it must be a positive number.`)
  return speed
}

interface Account {
  readonly provider: Provider
  readonly row: AccountRow
  readonly call: Omit<Call, 'apiKey'>
  /** undefined: something that it wants is not set. */
  readonly apiKey: string | undefined
  readonly wants: readonly string[]
  /** Why it cannot be an account at all. */
  readonly wrong: UsageError | null
  readonly regional: boolean
}

function accountOf(provider: Provider, env: Environment, wires: { http: Http; clock: Call['clock'] }): Account {
  const { environment } = provider
  const { setup, wrong } = setupOf(provider, env)
  const { baseUrl: ownUrl, missing = [], headers: more, ...own } = setup
  const baseUrl = (ownUrl ?? first(env, environment.baseUrl) ?? environment.baseUrlDefault).replace(/\/+$/, '')
  const headers = provider.headersFrom(env)
  const scope = Object.values(headers).join(' ')
  const id = derivedId('acc', provider.name, baseUrl, scope)
  const row = { id, vendor: provider.name, baseUrl, scope, createdAt: wires.clock.now() }
  // An account that makes its tokens needs no key, but all else that it is made of.
  const key = own.authorize === undefined ? first(env, environment.apiKey) : ''
  const wants = [
    ...(wrong === null ? missing : [wrong.message]),
    ...(baseUrl === '' ? environment.baseUrl.slice(0, 1) : []),
    ...(key === undefined ? [environment.apiKey.join(' or ')] : []),
  ]
  const apiKey = wants.length === 0 ? key : undefined
  const call = { baseUrl, headers: { ...headers, ...more }, ...own, ...wires }
  return { provider, row, call, apiKey, wants, wrong, regional: false }
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

const vendorsWith = (region: string): string[] =>
  Object.values<Provider>(providers).flatMap(({ name, regions = {} }) => (Object.hasOwn(regions, region) ? [name] : []))

/** @throws UnknownRegion · UsageError where the environment has named another host already */
function regionOf(provider: Provider, word: string, model: string, env: Environment): Region {
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

/** What this process can buy with, from the environment. */
function vendorsFrom(
  env: Environment,
  store: ControlStore,
  { exclusive, ...wires }: { http: Http; clock: Call['clock']; exclusive: readonly string[] },
): Vendors {
  const accounts = new Map<string, Account>()
  for (const provider of Object.values<Provider>(providers)) {
    const own = accountOf(provider, env, wires)
    accounts.set(own.row.id, own)
    for (const region of Object.values<Region>(provider.regions ?? {})) {
      if (region.environment === undefined) continue
      const there = accountOf(provider, { ...env, ...region.environment }, wires)
      const call = { ...there.call, resident: region.resident }
      accounts.set(there.row.id, { ...there, call, regional: there.row.id !== own.row.id })
    }
  }
  const ownAccounts = [...accounts.values()].filter(({ regional }) => !regional)
  const stored = new Set<string>()
  const named = (vendor: string) => ownAccounts.find(({ row }) => row.vendor === vendor)
  return {
    choose: async ({ region, ...group }) => {
      const sellers = ownAccounts.flatMap((account) => {
        const { name: vendor, batch } = account.provider
        return batch === undefined ? [] : [{ vendor, batch, account, ready: account.apiKey !== undefined }]
      })
      const { seller, model } = chooseSeller(sellers, group)
      const place = region === undefined ? undefined : regionOf(seller.account.provider, region, model, env)
      const at = place?.environment && accountOf(seller.account.provider, { ...env, ...place.environment }, wires)
      const account = accounts.get((at ?? seller.account).row.id) as Account
      if (account.wrong !== null) throw account.wrong
      if (!stored.has(account.row.id)) {
        await store.commit({ accounts: [account.row] })
        stored.add(account.row.id)
      }
      return {
        lane: laneOf(seller.vendor, 'batch'),
        accountId: account.row.id,
        model,
        ...(place?.member === undefined ? {} : { member: place.member }),
        resident: place?.resident ?? account.call.resident ?? false,
      }
    },
    batch: (lane: Lane): BatchLane => {
      const batch = named(vendorOf(lane))?.provider.batch
      if (batch === undefined) throw new UsageError(`This build cannot fly the lane ${lane}.`)
      return batch
    },
    sync: (lane) => {
      const tier = tierOf(lane)
      return tier === 'batch' ? undefined : named(vendorOf(lane))?.provider.sync?.[tier]
    },
    call: (accountId, signal) => {
      const account = accounts.get(accountId)
      if (account === undefined)
        throw new OtherAccount('the vendor', accountId, ownAccounts.map(placeOf).join(', '), variablesOf(ownAccounts))
      const { apiKey, provider, call, wants } = account
      if (apiKey === undefined) throw new NoCredentials(provider.name, wants[0] ?? '')
      return { ...call, apiKey, ...(signal === undefined ? {} : { signal }) }
    },
    exclusive: (accountId) => exclusive.includes(accounts.get(accountId)?.row.vendor ?? ''),
    now: (accountId) => wires.http.vendorNow(accounts.get(accountId)?.row.baseUrl ?? ''),
    knowsTime: (accountId) => wires.http.knowsTime(accounts.get(accountId)?.row.baseUrl ?? ''),
    accounts: () =>
      [...accounts.values()].map(({ apiKey, call, ...account }) => ({
        ...account,
        call: apiKey === undefined ? null : { ...call, apiKey },
      })),
  }
}

const placeOf = ({ row }: { row: AccountRow }): string =>
  `${row.id} (${row.vendor} at ${row.baseUrl}${row.scope === '' ? '' : `, ${row.scope}`})`

const variablesOf = (accounts: readonly { provider: Provider }[]): string =>
  accounts.flatMap(({ provider }) => [...provider.environment.baseUrl, ...provider.environment.apiKey]).join(', ')

const listOf = (text = ''): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')

function first(env: Environment, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = env[name]?.trim() // keys are pasted with their line end
    if (value) return value
  }
  return undefined
}

/**
 * Tests end the process at a named step: `REDEYE_CRASH_AT=bought:2` kills it at the second pass of `bought`,
 * `REDEYE_STOP_AT` freezes it there.
 */
function crashPoint(env: Environment): (name: Step) => void {
  const kill = pointOf(env.REDEYE_CRASH_AT)
  const stop = pointOf(env.REDEYE_STOP_AT)
  if (kill === undefined && stop === undefined) return () => {}
  return (name) => {
    if (kill?.name === name && --kill.passes === 0) process.kill(process.pid, 'SIGKILL')
    if (stop?.name === name && --stop.passes === 0) process.kill(process.pid, 'SIGSTOP')
  }
}

function pointOf(text: string | undefined): { name: string; passes: number } | undefined {
  if (text === undefined || text === '') return undefined
  const [name = '', passes = '1'] = text.split(':')
  if (!(steps as readonly string[]).includes(name))
    throw new UsageError(`There is no step "${name}"; there are ${steps.join(', ')}.`)
  return { name, passes: Number(passes) }
}

const silent: Log = { info: () => {}, warn: () => {} }

/** REDEYE_LOG=info|warn writes JSON lines to stderr; without it nothing is logged, since events tell the story. */
async function logOf(env: Environment): Promise<Log> {
  if (!env.REDEYE_LOG) return silent
  const { pino } = await import('pino')
  const logger = pino(
    { level: env.REDEYE_LOG, redact: ['*.apiKey', '*.authorization'] },
    pino.destination({ fd: 2, sync: true }),
  )
  return {
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
  }
}
