import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UnknownJob, UnreadableInput, UsageError } from '../domain/errors.ts'
import type { JobState } from '../domain/states.ts'
import type { Lane } from '../domain/usage.ts'
import {
  type AdoptableBatch,
  type AdoptedBatch,
  type Attending,
  adopt,
  adoptable,
  adoptedName,
  attend,
  type Bill,
  type BillOf,
  type BillPer,
  type BudgetOf,
  type BudgetStatus,
  billOf,
  budgetsOf,
  checkAccount,
  createJob,
  createTrial,
  deskOf,
  focusOf,
  forget,
  formatFor,
  type JobRow,
  jobIdOf,
  type LandingSeen,
  type LaneLatency,
  type LedgerRow,
  type Leftovers,
  type ListedLimits,
  landingsSeen,
  latencyOf,
  leftoversOf,
  listedLimits,
  type MonthReport,
  monthReport,
  type Ports,
  type Proof,
  proofOf,
  type Quote,
  quoteInput,
  quoteJob,
  type Recomputed,
  type RemoteCheck,
  recompute,
  remoteLeftovers,
  setBudget,
  type Tried,
  takeIn,
} from '../engine/index.ts'
import { inputOf, optionsOf } from './input.ts'
import { Job } from './job.ts'
import type { JobInput, JobSettings } from './options.ts'
import { afterPilot, flyPilot } from './pilot.ts'

/** How a batch of others is taken over. */
export interface AdoptSettings {
  /**
   * What failed or expired in it may be bought again, like that of any job; for that what was asked has to be there.
   * Default false: nothing of it is ever bought.
   */
  readonly rescue?: boolean
  /** USD: with `rescue` a wall for the whole job, what it has cost already included. */
  readonly budget?: string | number
  /** With `rescue`: although a price is unknown. Default false. */
  readonly allowUnpriced?: boolean
  /** Kept on the job and on every ledger entry. */
  readonly tags?: Readonly<Record<string, string>>
}

/** A job in a list. */
export interface JobSummary {
  readonly id: string
  readonly key: string | null
  /** What it took over, which somebody else has bought: `openai:batch_abc`; null: all of it was bought here. */
  readonly adopted: string | null
  readonly state: JobState
  readonly held: string | null
  readonly requests: number
  readonly createdAt: string
  readonly landedAt: string | null
  readonly tags: Readonly<Record<string, string>>
}

/** An open home: quotes, jobs, bills. Close it when done. */
export class Redeye {
  readonly #ports: Ports
  readonly #close: () => Promise<void>

  /** @internal made by `open` */
  constructor(ports: Ports, close: () => Promise<void>) {
    this.#ports = ports
    this.#close = close
  }

  /** Where the jobs lie. */
  get home(): string {
    return this.#ports.store.home
  }

  /** The home's clock, epoch ms. */
  now(): number {
    return this.#ports.clock.now()
  }

  /**
   * What the job would cost on each lane and when it would land. Reads the whole input; sends nothing, unless `pilot`
   * asks for a few requests to be bought.
   */
  async quote(input: JobInput, settings: JobSettings & { readonly signal?: AbortSignal } = {}): Promise<Quote> {
    const given = await inputOf(input, settings)
    const options = await optionsOf(settings, given)
    const taken = await takeIn(this.#ports, given, options, intakeOf(settings))
    try {
      await flyPilot(this.#ports, taken, options, settings)
      return await quoteInput(this.#ports, taken, options, settings.by?.getTime() ?? null, settings.tags)
    } finally {
      // A pilot that was left half-way still needs the files that its requests name.
      if (settings.pilot === undefined || taken.manifest.attached === undefined) await forget(this.#ports, taken)
    }
  }

  /**
   * Calls the first requests of an input at once, on the lane that answers soonest, and says what came of them and what
   * all of the input would cost on each lane. Tried again, they are not bought again; nor by the job itself, when the
   * same input flies with the same options.
   * @param settings.requests  how many. Default 5
   * @throws UsageError where a model is not sold request by request
   */
  async try(
    input: JobInput,
    { requests = 5, ...settings }: JobSettings & { readonly requests?: number; readonly signal?: AbortSignal } = {},
  ): Promise<Trial> {
    const { signal } = settings
    const given = await inputOf(input, settings)
    const options = await optionsOf(settings, given)
    const taken = await takeIn(this.#ports, given, options, intakeOf(settings))
    const quote = await quoteJob(this.#ports, taken.manifest, options, settings.by?.getTime() ?? null)
    const { id } = await createTrial(this.#ports, taken, options, { requests, tags: settings.tags ?? {} })
    const job = new Job(this.#ports, id)
    await job.wait(signal === undefined ? {} : { signal })
    return { job: id, requests: await job.tried(), quote }
  }

  /**
   * Takes the input in and makes a job of it. Nothing is bought until the job is attended: `job.wait()`, `events()`,
   * `results()`, or a worker.
   * @param settings.confirm  asked with the quote before the job is made; false leaves nothing behind
   * @throws BadInput · KeyConflict · PriceMissing · Refused
   */
  async submit(
    input: JobInput,
    settings: JobSettings & {
      readonly confirm?: (quote: Quote) => Promise<boolean> | boolean
      readonly signal?: AbortSignal
    } = {},
  ): Promise<Job> {
    const given = await inputOf(input, settings)
    const asked = await optionsOf(settings, given)
    if (asked.output !== null) formatFor({ kind: asked.table === undefined ? 'requests' : 'table' }, asked.output)
    const taken = await takeIn(this.#ports, given, asked, intakeOf(settings))
    const isKnown = settings.key !== undefined && (await this.jobByKey(settings.key)) !== undefined
    const options = isKnown ? asked : await afterPilot(this.#ports, taken, asked, settings)
    const how = {
      key: settings.key ?? null,
      deadline: settings.by?.getTime() ?? null,
      tags: settings.tags ?? {},
      ...(settings.confirm === undefined ? {} : { confirm: settings.confirm }),
    }
    const { job } = await createJob(this.#ports, taken, options, how)
    return new Job(this.#ports, job.id)
  }

  /**
   * Makes a job of a batch that somebody else has submitted: another tool, another home, the vendor's console. It is
   * followed, collected and priced like any other, and nothing of it is bought again unless it may be rescued. The same
   * batch is always the same job.
   * @param batch  `openai:batch_abc`: the vendor or the name of an account, and the vendor's id
   * @throws UsageError where the vendor does not know it · Refused where it cannot be followed, or not be rescued
   */
  async adopt(batch: string, options: AdoptSettings = {}): Promise<AdoptedBatch> {
    const { account, id } = batchOf(batch)
    const { budget, ...how } = options
    const wall = budget === undefined ? {} : { budget: String(budget) }
    return adopt(this.#ports, deskOf(this.#ports, account), id, { ...how, ...wall })
  }

  /**
   * Batches of an account, newest first, whoever has submitted them: with their state, their price, what is about to
   * expire, and the jobs of this home that they are. Changes nothing.
   * @param from.account  a vendor, or the name of an account; `since` says how far back (default: 30 days)
   * @param from.batches  instead: these alone, as `adopt` takes them; what a vendor does not know is left out
   */
  async adoptable(
    from: { readonly account: string; readonly since?: Date } | { readonly batches: readonly string[] },
  ): Promise<AdoptableBatch[]> {
    if ('account' in from) {
      const { account: name, since } = from
      return adoptable(this.#ports, { name, ...(since === undefined ? {} : { since: since.getTime() }) })
    }
    const found: AdoptableBatch[] = []
    for (const [name, batches] of Map.groupBy(from.batches.map(batchOf), ({ account }) => account))
      found.push(...(await adoptable(this.#ports, { name, remotes: batches.map(({ id }) => id) })))
    return found
  }

  /** The handle of a job by its id; whether there is one, its methods tell. */
  job(id: string): Job {
    return new Job(this.#ports, id)
  }

  /** The job of a user's key, if there is one. */
  async jobByKey(key: string): Promise<Job | undefined> {
    const id = jobIdOf(this.#ports, key)
    return (await this.#ports.store.job(id)) === undefined ? undefined : new Job(this.#ports, id)
  }

  /**
   * The job that a person means.
   * @param name  an id, the beginning of one id, or `key:NAME`
   * @throws UnknownJob · UsageError where several ids begin so
   */
  async find(name: string): Promise<Job> {
    if (name.startsWith('key:')) {
      const job = await this.jobByKey(name.slice('key:'.length))
      if (job === undefined) throw new UnknownJob(name, this.home)
      return job
    }
    if ((await this.#ports.store.job(name)) !== undefined) return this.job(name)
    const ids = (await this.#ports.store.jobs()).map(({ id }) => id)
    const [id, ...others] = ids.filter((id) => id.startsWith(name) || id.startsWith(`job_${name}`))
    if (id === undefined || name === '') throw new UnknownJob(name, this.home)
    if (others.length > 0) {
      const some = [id, ...others.slice(0, 4)].join(', ')
      throw new UsageError(`${others.length + 1} jobs begin with ${name}: ${some} …`, 'Say more of the id.')
    }
    return this.job(id)
  }

  /** Newest first. */
  async jobs(filter: { readonly states?: readonly JobState[]; readonly limit?: number } = {}): Promise<JobSummary[]> {
    return (await this.#ports.store.jobs(filter)).map(summaryOf)
  }

  /** All ledger entries, of one job or of the home. */
  async ledger(filter: { readonly jobId?: string } = {}): Promise<LedgerRow[]> {
    return this.#ports.store.ledger(filter)
  }

  /** What was charged, in one line per model (or job, lane, day, tag), of one job or of the home. */
  async bill(what: BillOf & { readonly per?: BillPer } = {}): Promise<Bill> {
    return billOf(this.#ports, { per: 'model', ...what })
  }

  /** Budgets of the home, with what is spent, in the air and left of each. */
  async budgets(): Promise<BudgetStatus[]> {
    return budgetsOf(this.#ports)
  }

  /**
   * A wall for all jobs of the home, or those with a tag: what they may spend in a calendar month, or ever. Jobs that it
   * holds go on by themselves once there is room.
   * @param usd  null takes the budget away
   * @throws UsageError
   */
  async setBudget(usd: string | number | null, of: BudgetOf = {}): Promise<void> {
    return setBudget(this.#ports, of, typeof usd === 'number' ? usd.toFixed(9) : usd)
  }

  /** How long submissions of this home have taken, by lane: of those that it has flown often enough. */
  async landingsSeen(): Promise<ReadonlyMap<Lane, LandingSeen>> {
    return landingsSeen(this.#ports)
  }

  /** The ledger as rows of FOCUS 1.3, a CSV; `leftOut` counts entries that are no charges (unproven) or have no price. */
  async focus(of: BillOf = {}): Promise<{ readonly csv: string; readonly leftOut: number }> {
    return focusOf(this.#ports, of)
  }

  /** @param month  `2026-11`, in UTC */
  async month(month: string): Promise<MonthReport> {
    return monthReport(this.#ports, month)
  }

  /** The ledger beside the same computed anew from the usage records. Writes nothing. */
  async recompute(of: { readonly jobId?: string } = {}): Promise<Recomputed> {
    return recompute(this.#ports, of)
  }

  /**
   * Our books beside those of the vendors, by day, model and tier, every difference with its reasons.
   * @param against  `live`: the cost reports that admin keys in the environment may read; or the path of a file that a
   *   vendor exported
   * @param options.since  from which day live reports are read. Default: the first purchase of the home
   * @throws UsageError · NoAdminKey · CredentialsRefused · VendorUnavailable
   */
  async prove(against: 'live' | string, options: { readonly since?: Date } = {}): Promise<Proof> {
    const report = against === 'live' ? against : { name: against, text: await textOf(against) }
    return proofOf(this.#ports, report, options.since?.getTime())
  }

  /** Attends all jobs of the home until stopped: what a worker does. */
  async attendAll(command = 'worker'): Promise<Attending> {
    return attend(this.#ports, 'all', command)
  }

  /** Looks at the home, and asks every configured account with a free call. */
  async doctor(): Promise<Checkup> {
    const { home, version } = this.#ports.store
    const [bytes, leftovers, accounts] = await Promise.all([
      bytesIn(home),
      leftoversOf(this.#ports),
      this.#checkAccounts(),
    ])
    const missing = this.#ports.vendors
      .accounts()
      .flatMap(({ name, row: { vendor }, regional, call, wants }) =>
        call === null && !regional && name === vendor ? { vendor, wants } : [],
      )
    return { home, bytes, storeVersion: version, node: process.version, accounts, missing, leftovers }
  }

  /** How long its own submissions have taken, by account, lane, model and size, beside what is published. */
  async latency(): Promise<LaneLatency[]> {
    return latencyOf(this.#ports)
  }

  /**
   * What lies at the vendors and bears a key of ours, though no flight of this home needs it: input files, results,
   * submissions.
   * @param options.remove  deletes it; not what is on its way or may be another home's (see `kept`)
   */
  async remoteLeftovers(options: { readonly remove?: boolean } = {}): Promise<RemoteCheck> {
    return remoteLeftovers(this.#ports, options)
  }

  /** Those of the environment, and those of regions that this home has bought in. */
  async #checkAccounts(): Promise<AccountCheck[]> {
    const { store, vendors } = this.#ports
    const known = new Set((await store.accounts()).map(({ id }) => id))
    const all = vendors.accounts().filter(({ row, regional }) => !regional || known.has(row.id))
    // Whoever has a key of one vendor need not have one of the others, but what the config names is meant to work.
    // Without any, each says what it wants.
    const configured = all.filter(({ name, row, call }) => call !== null || name !== row.vendor)
    return Promise.all(
      (configured.length > 0 ? configured : all).map(async (account) => {
        const { name, row, provider } = account
        const learned = await store.quotas(row.id)
        return {
          name,
          vendor: row.vendor,
          baseUrl: row.baseUrl,
          account: row.id,
          limits: provider.batch === undefined ? null : listedLimits(provider.batch.limits),
          learned: learned.map(({ model, unit, limitMax, learnedAt }) => ({
            model,
            unit,
            max: limitMax,
            learnedAt: new Date(learnedAt).toISOString(),
          })),
          ...(await checkAccount(account)),
        }
      }),
    )
  }

  async close(): Promise<void> {
    await this.#close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** What came of the first requests of an input. */
export interface Trial {
  readonly job: string
  readonly requests: readonly Tried[]
  /** Of the whole input. */
  readonly quote: Quote
}

export interface Checkup {
  readonly home: string
  /** Of all files of the home. */
  readonly bytes: number
  readonly storeVersion: number
  readonly node: string
  /** Those that are configured; where none is, all there could be. */
  readonly accounts: readonly AccountCheck[]
  /** Vendors without an account here, and the variables that would make one. */
  readonly missing: readonly { readonly vendor: string; readonly wants: readonly string[] }[]
  readonly leftovers: Leftovers
}

export interface AccountCheck {
  /** As the config calls it; of the environment's own, the vendor's name. */
  readonly name: string
  readonly vendor: string
  readonly baseUrl: string
  readonly account: string
  readonly ok: boolean
  readonly detail: string
  /** Of its batch lane, as published. */
  readonly limits: ListedLimits | null
  /** Limits that refusals have told, */
  readonly learned: readonly {
    readonly model: string
    readonly unit: 'tokens' | 'requests'
    readonly max: number
    readonly learnedAt: string
  }[]
}

/** `vertex:projects/p/locations/l/batchPredictionJobs/7` is the same as `vertex:7`. */
function batchOf(text: string): { readonly account: string; readonly id: string } {
  const [, account, id] = /^([^:]+):(?:.*\/)?([^/]+)$/.exec(text) ?? []
  if (account !== undefined && id !== undefined) return { account, id }
  throw new UsageError(`"${text}" names no batch.`, 'Name vendor and id: openai:batch_abc123.')
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new UnreadableInput(path, (error as Error).message, { cause: error })
  })
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    // A file may go while we look.
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0
  }
  return bytes
}

const intakeOf = ({ skipInvalid, onReject, onProgress }: JobSettings) => ({
  ...(skipInvalid === undefined ? {} : { skipInvalid }),
  ...(onReject === undefined ? {} : { reject: onReject }),
  ...(onProgress === undefined ? {} : { onProgress }),
})

const summaryOf = (job: JobRow): JobSummary => ({
  id: job.id,
  key: job.key,
  adopted: adoptedName(job),
  state: job.state,
  held: job.held,
  requests: job.requests,
  createdAt: new Date(job.createdAt).toISOString(),
  landedAt: job.landedAt === null ? null : new Date(job.landedAt).toISOString(),
  tags: job.tags,
})
