import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Account, type AccountSource, accountOf, type Environment, type Wires } from './accounts/account.ts'
import { costDesks } from './accounts/cost-desks.ts'
import { homeOf } from './accounts/home.ts'
import { regionOf, vendorsWith } from './accounts/regions.ts'
import { configOf, sourcesOf } from './accounts/sources.ts'
import { auditLiveOf, type LiveSettings } from './audit-usage.ts'
import { Redeye } from './client/redeye.ts'
import type { RedeyeConfig } from './config/config.ts'
import { readPrices } from './config/read-prices.ts'
import { type PriceRefresh, refreshPrices as refreshPricesOf } from './config/refresh-prices.ts'
import { localDispatcher } from './dispatch/local.ts'
import { NoCredentials, OtherAccount, RedeyeError, UnknownRegion, UsageError } from './domain/errors.ts'
import { type Lane, laneOf, tierOf, tiers, vendorOf } from './domain/usage.ts'
import {
  type AuditReport,
  type BatchPrice,
  batchPrices,
  chooseSeller,
  flies,
  type LandingSeen,
  type LaneSummary,
  type ListedVendor,
  type Log,
  lanesWith,
  type Ports,
  type PriceBook,
  type PriceList,
  priceList,
  type Quote,
  quoteTokens as quoteAnywhere,
  type Seller,
  type Step,
  sellerOf,
  steps,
  type Vendors,
  type WhatIf,
} from './engine/index.ts'
import { BytePool, moduleBeside } from './kit/byte-pool.ts'
import { clockAt } from './kit/clock.ts'
import { openFetchFile } from './kit/fetch-file.ts'
import { openHttp } from './kit/http.ts'
import { type EngineMeasured, type EngineQuestion, type EngineStep, measureEngineOf } from './measure-engine.ts'
import type { BatchLane, Provider, Region } from './providers/contract.ts'
import { providers } from './providers/registry.ts'
import { openFolderBlobs } from './stores/blobs/fs.ts'
import type { AccountRow, ControlStore } from './stores/contract.ts'
import { openSqliteStore } from './stores/sql/sqlite.ts'

export { type Environment, homeOf }

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
  /** Further accounts. Default: `redeye.config.ts` or `redeye.config.json` of the working folder, else of the home. */
  readonly config?: RedeyeConfig
  readonly log?: Log
}

/**
 * Opens a home: the one place where real stores, providers and clock are built and handed to the engine.
 * @throws StoreUnavailable (`store_unavailable`) when the home cannot be used
 */
export async function open(options: OpenOptions = {}): Promise<Redeye> {
  const env = options.env ?? process.env
  const home = options.home ?? homeOf(env)
  const config = await configOf(options.config, home)
  const prices = await readPrices(home, process.cwd())
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
    vendors: vendorsFrom(sourcesOf(env, config), store, {
      http,
      clock,
      prices,
      exclusive: options.exclusive ?? listOf(env.REDEYE_EXCLUSIVE),
    }),
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
 * The catalogue with the user's own prices over it, as a home has them: for `prices`, `allBatchPrices` and `quoteTokens`,
 * which go by the catalogue alone without. The home need not be there.
 * @param home  default: as in `open`
 * @throws UsageError for a file of prices that is wrong
 */
export const openPrices = (home: string = homeOf(process.env)): Promise<PriceBook> => readPrices(home, process.cwd())

/**
 * Every lane of a model with its price, limits and dates, and how a cache discount combines with it. Needs no home and
 * no key.
 * @param model  `vendor/id` (that vendor's lanes only), an id, an alias, or a dated snapshot
 * @param at     prices of which day, epoch ms
 * @param book   default: the catalogue alone
 * @throws UnknownModel (`unknown_model`) with names like it
 */
export const prices = (model: string, at: number = Date.now(), book?: PriceBook): PriceList =>
  priceList(model, listedVendors(), at, book)

/**
 * What tokens cost that are in no file yet, on every lane of their model, and when they would land. Needs no home.
 * @param what.region  where the vendor shall work; UnknownRegion where it has no such place
 */
export function quoteTokens(
  { region, ...what }: Omit<WhatIf, 'resident'> & { readonly region?: string },
  at: number,
  book?: PriceBook,
): Quote {
  const { vendor, row } = sellerOf(what.model, book)
  const vendors = listedVendors()
  const world = {
    ...(book === undefined ? {} : { prices: book }),
    tiersOf: (name: string) => tiers.filter((tier) => vendors.some((one) => one.vendor === name && flies(one, tier))),
  }
  if (region === undefined) return quoteAnywhere(what, at, world)
  const provider = providers[vendor]
  if (provider === undefined) throw new UnknownRegion(region, { vendor, model: row.id }, [], vendorsWith(region))
  return quoteAnywhere({ ...what, resident: regionOf({ provider, env: {} }, region, row.id).resident }, at, world)
}

/**
 * Which calls nobody waited for, by what vendors report of an organization to its administrators. Only reads.
 * @param vendors  `openai`, `anthropic`
 * @throws NoAdminKey (`no_admin_key`) · VendorUnavailable (`vendor_unavailable`)
 */
export const auditLive = (vendors: readonly string[], settings: LiveSettings): Promise<AuditReport> =>
  auditLiveOf(vendors, { ...settings, env: settings.env ?? process.env })

/**
 * How many tokens a second an engine of the user's own makes, at rising concurrency, in about a minute, and what they cost
 * beside those of batches; yields each step. It breaks off as soon as the engine's metrics show that somebody waits. Needs
 * no home.
 * @throws Refused where somebody waits already · VendorUnavailable where it does not answer as it should
 */
export const measureEngine = (question: EngineQuestion): AsyncGenerator<EngineStep, EngineMeasured> =>
  measureEngineOf({ ...question, env: question.env ?? process.env })

/** All models that have a batch price, a line each. */
export const allBatchPrices = (at: number = Date.now(), book?: PriceBook): BatchPrice[] =>
  batchPrices(listedVendors(), at, book)

/**
 * Every lane of every vendor, the cheapest first: its discount, the time that is promised and the time that it takes, the
 * limit that binds first, and its rule for caches.
 * @param what.seen  times of one's own, as `Redeye.landingsSeen` has them. Default: those that are published
 */
export const lanes = (
  what: { readonly at?: number; readonly book?: PriceBook; readonly seen?: ReadonlyMap<Lane, LandingSeen> } = {},
): LaneSummary[] => lanesWith(listedVendors(), what.at ?? Date.now(), what.seen ?? new Map(), what.book)

/**
 * Reads a map of prices, of LiteLLM's shape or models.dev's, and says what it would change; `save` uses it from then on.
 * @param from        an address or a file
 * @param where.home  default: as in `open`
 * @throws UsageError · VendorUnavailable
 */
export const refreshPrices = (from: string, where: { readonly home?: string } = {}): Promise<PriceRefresh> =>
  refreshPricesOf(from, {
    home: where.home ?? homeOf(process.env),
    folder: process.cwd(),
    now: Date.now(),
    providers: new Set(['google', ...Object.keys(providers)]),
  })

const listedVendors = (): ListedVendor[] =>
  Object.values<Provider>(providers).map(({ name, batch, sync = {}, discount, regions = {} }) => ({
    vendor: name,
    tiers: tiers.filter(
      (tier) => tier !== 'batch' && sync[tier] !== undefined && sync[tier].needsSetting === undefined,
    ),
    ...(discount === undefined ? {} : { discount }),
    ...(batch === undefined ? {} : { limits: batch.limits }),
    regions: (model) =>
      Object.entries(regions)
        .filter(([, { takes }]) => takes?.(model) !== false)
        .map(([region]) => region),
  }))

function speedOf(option: number | undefined, env: Environment): number {
  const speed = option ?? Number(env.REDEYE_SPEED ?? 1)
  if (!(speed > 0) || !Number.isFinite(speed))
    throw new UsageError(`REDEYE_SPEED is ${env.REDEYE_SPEED}; it must be a positive number.`)
  return speed
}

/** What this process can buy with. */
function vendorsFrom(
  sources: readonly AccountSource[],
  store: ControlStore,
  { exclusive, prices, ...wires }: Wires & { readonly exclusive: readonly string[]; readonly prices: PriceBook },
): Vendors {
  const accounts = new Map<string, Account>()
  for (const source of sources) {
    const own = accountOf(source, wires)
    accounts.set(own.row.id, own)
    for (const [word, region] of Object.entries<Region>(source.provider.regions ?? {})) {
      if (region.environment === undefined) continue
      const there = accountOf(source, wires, word)
      const call = { ...there.call, resident: region.resident }
      accounts.set(there.row.id, { ...there, call, regional: there.row.id !== own.row.id })
    }
  }
  const ownAccounts = [...accounts.values()].filter(({ regional }) => !regional)
  const stored = new Set<string>()
  const served: Served = new Map()
  const named = (vendor: string) => ownAccounts.find(({ row }) => row.vendor === vendor)
  return {
    prices,
    choose: async ({ region, ...group }) => {
      const first = chooseSeller(sellersOf(ownAccounts, served), group, prices)
      // A model that nobody is known to have may be one of an engine that has not been asked yet.
      if (!first.known) await askEngines(ownAccounts, served)
      const { seller, model } = first.known ? first : chooseSeller(sellersOf(ownAccounts, served), group, prices)
      const word = region ?? seller.account.region
      const place = word === undefined ? undefined : regionOf(seller.account, word, model)
      const at = place?.environment && accountOf(seller.account, wires, word)
      const account = accounts.get((at ?? seller.account).row.id) as Account
      if (account.wrong !== null) throw account.wrong
      if (!stored.has(account.row.id)) {
        await store.commit({ accounts: [account.row] })
        stored.add(account.row.id)
      }
      return {
        lane: laneOf(seller.vendor, seller.account.engine === undefined ? 'batch' : 'idle'),
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
    sync: (lane, accountId) => {
      const tier = tierOf(lane)
      const sync = tier === 'batch' ? undefined : named(vendorOf(lane))?.provider.sync?.[tier]
      if (sync?.needsSetting === undefined || accountId === undefined) return sync
      return accounts.get(accountId)?.call.settings?.[sync.needsSetting] === undefined ? undefined : sync
    },
    call: (accountId, signal) => {
      const account = accounts.get(accountId)
      if (account === undefined)
        throw new OtherAccount('the vendor', accountId, ownAccounts.map(placeOf).join(', '), variablesOf(ownAccounts))
      const { apiKey, provider, call, wants } = account
      if (apiKey === undefined) throw new NoCredentials(provider.name, wants[0] ?? '')
      return { ...call, apiKey, ...(signal === undefined ? {} : { signal }) }
    },
    exclusive: (accountId) => {
      const account = accounts.get(accountId)
      return account !== undefined && (account.exclusive ?? exclusive.includes(account.row.vendor))
    },
    now: (accountId) => wires.http.vendorNow(accounts.get(accountId)?.row.baseUrl ?? ''),
    knowsTime: (accountId) => wires.http.knowsTime(accounts.get(accountId)?.row.baseUrl ?? ''),
    costs: () => costDesks(ownAccounts),
    accounts: () =>
      [...accounts.values()].map(({ apiKey, call, row, provider, name, engine, wants, regional }) => ({
        name: name ?? row.vendor,
        row,
        provider,
        engine: engine ?? null,
        wants,
        regional,
        call: apiKey === undefined ? null : { ...call, apiKey },
      })),
    engine: (accountId) => accounts.get(accountId)?.engine,
  }
}

/** What engines have said that they serve, by account. */
type Served = Map<string, readonly string[]>

/** Asks the engines whose account does not say what they serve, until they have said it. */
async function askEngines(accounts: readonly Account[], served: Served): Promise<void> {
  const unknown = accounts.filter(
    ({ engine, apiKey, row }) => engine?.models === null && apiKey !== undefined && !served.has(row.id),
  )
  await Promise.all(
    unknown.map(async ({ provider, call, apiKey = '', row }) => {
      const models = await provider.models?.({ ...call, apiKey }).catch((error: unknown) => {
        if (!(error instanceof RedeyeError)) throw error // one that is not there serves nothing now
      })
      if (models !== undefined) served.set(row.id, models)
    }),
  )
}

/** Each account, by its vendor's name and its own. */
function sellersOf(accounts: readonly Account[], served: Served): (Seller & { readonly account: Account })[] {
  return accounts.flatMap((account) => {
    const { provider, engine, name, row, apiKey } = account
    const limits = engine === undefined ? provider.batch?.limits : provider.sync?.idle?.limits
    if (limits === undefined) return []
    const names = name === null ? [] : [name]
    const known = engine === undefined ? {} : { models: engine.models ?? served.get(row.id) ?? [] }
    return { vendor: row.vendor, names, limits, account, ready: apiKey !== undefined, ...known }
  })
}

const placeOf = ({ row }: { row: AccountRow }): string =>
  `${row.id} (${row.vendor} at ${row.baseUrl}${row.scope === '' ? '' : `, ${row.scope}`})`

function variablesOf(accounts: readonly { provider: Provider }[]): string {
  const all = accounts.flatMap(({ provider }) => [...provider.environment.baseUrl, ...provider.environment.apiKey])
  return [...new Set(all)].join(', ')
}

const listOf = (text = ''): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')

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
