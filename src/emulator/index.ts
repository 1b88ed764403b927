import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { anthropicScenarios, createAnthropic } from './anthropic/index.ts'
import type { Bill } from './bill.ts'
import { createClock } from './clock.ts'
import { createControl, createControlRoutes, type EmulatorLog } from './control.ts'
import { createStorage, storageScenarios } from './gcs/index.ts'
import { createGemini, geminiScenarios } from './gemini/index.ts'
import type { Latency } from './latency.ts'
import { createActLog, type Tally } from './log.ts'
import { createOpenAi, likenesses, openAiScenarios } from './openai/index.ts'
import { listedTogether, listingOf, type ScenarioListing } from './scenarios.ts'
import { listen, sendJson } from './server.ts'
import { createVertex, vertexScenarios } from './vertex/index.ts'

export type { Bill, BillEntry } from './bill.ts'
export type { EmulatorLog } from './control.ts'
export type { Latency } from './latency.ts'
export type { Act, Purchase, PurchasedRow, Tally } from './log.ts'
export { type Manner, setManner } from './manner.ts'
export { type ScenarioListing, ScenarioUnknown } from './scenarios.ts'

export interface EmulatorOptions {
  /** Default 0: any free port. */
  readonly port?: number
  /** Default 127.0.0.1. The emulator has no real authentication; leave it on loopback. */
  readonly host?: string
  /** Emulated seconds per real second. Default 1. */
  readonly speed?: number
  /** Equal seeds and equal calls give equal answers, ids, orders and durations. Default 1. */
  readonly seed?: number
  /** Emulated time at the start. Default: now. */
  readonly startAt?: Date
  /**
   * Names from `scenarios`, each perhaps with parameters: `expire-partial:0.6`, `storm-429:times=3`; `a+b` is both, and
   * `anthropic/slow` is that of one vendor alone.
   */
  readonly scenario?: string | readonly string[]
  /** Where uploaded and result files are kept. Default: a fresh temporary folder, removed at close. */
  readonly dir?: string
  /** Durations of a batch in emulated seconds; `{medianSeconds: 0, validatingSeconds: 0, finalizingSeconds: 0}` is at once. */
  readonly latency?: Partial<Latency>
  /** Real milliseconds after which a request whose body stands still is dropped, undone. Default 60,000. */
  readonly idleBodyTimeoutMs?: number
}

export interface Emulator {
  readonly url: string
  readonly port: number
  /** What to give a client as its base URL. */
  readonly baseUrls: Readonly<Record<'openai' | 'anthropic' | 'gemini' | 'vertex' | 'gcs', string>>
  /** The same of vendors that are like OpenAI, by their names: `azure`, `groq`, … */
  readonly alikeUrls: Readonly<Record<string, string>>
  /** Emulated time, epoch milliseconds. */
  now(): number
  advance(seconds: number): void
  bill(): Promise<Bill>
  /** The CSV that Google's billing reports export of it. */
  billingExport(): Promise<string>
  log(options?: { readonly ids?: boolean }): Promise<EmulatorLog>
  /** How often each body was executed and paid for. */
  tally(): Promise<Tally>
  /** @throws ScenarioUnknown */
  setScenario(scenario: string | readonly string[]): void
  close(): Promise<void>
}

/** Every scenario there is, in the order in which a person would look for it. */
export const scenarios: readonly ScenarioListing[] = listedTogether([
  ...['openai', ...likenesses.map(({ name }) => name)].map((name) => ({
    name,
    scenarios: openAiScenarios.map(listingOf),
  })),
  { name: 'anthropic', scenarios: anthropicScenarios.map(listingOf) },
  { name: 'gemini', scenarios: geminiScenarios.map(listingOf) },
  { name: 'vertex', scenarios: vertexScenarios.map(listingOf) },
  { name: 'gcs', scenarios: storageScenarios.map(listingOf) },
])

/** Starts the emulated vendors on one port. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const host = options.host ?? '127.0.0.1'
  const clock = createClock({ speed: options.speed ?? 1, startAt: (options.startAt ?? new Date()).getTime() })
  const actLog = createActLog(clock.now)
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'redeye-emulator-')))
  await mkdir(dir, { recursive: true })
  const built = { clock, seed: options.seed ?? 1, dir, log: actLog, latency: options.latency ?? {} }
  const storage = createStorage(built)
  const vertex = createVertex(built, storage.store)
  const alike = likenesses.map((likeness) => createOpenAi(built, likeness))
  const vendors = [createOpenAi(built), ...alike, createAnthropic(built), createGemini(built), vertex, storage]
  const control = createControl(vendors, actLog)
  control.setScenario(options.scenario ?? [])
  const { port, close } = await listen({
    host,
    port: options.port ?? 0,
    now: clock.now,
    idleBodyTimeoutMs: options.idleBodyTimeoutMs ?? 60_000,
    routes: [
      { prefix: '/_emulator', handle: createControlRoutes(control, clock) },
      { prefix: '/healthz', handle: async ({ response }) => sendJson(response, 200, { status: 'ok' }) },
      ...vendors,
    ],
  })
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  return {
    url,
    port,
    baseUrls: {
      openai: `${url}/openai/v1`,
      anthropic: `${url}/anthropic`,
      gemini: `${url}/gemini`,
      vertex: `${url}/vertex`,
      gcs: `${url}/gcs`,
    },
    alikeUrls: Object.fromEntries(alike.map(({ name, prefix }) => [name, `${url}${prefix}`])),
    now: clock.now,
    advance: (seconds) => clock.advance(seconds * 1000),
    bill: control.bill,
    billingExport: control.billingExport,
    log: control.log,
    tally: control.tally,
    setScenario: control.setScenario,
    async close() {
      await close()
      for (const vendor of vendors) await vendor.close()
      if (options.dir === undefined) await rm(dir, { recursive: true, force: true })
    },
  }
}
