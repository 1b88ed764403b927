import { SECOND } from '../kit/clock.ts'
import type { Call } from '../providers/contract.ts'

/** How engines call the requests that wait for a place, in their Prometheus metrics. A series for each model served. */
const waitingNames: ReadonlySet<string> = new Set([
  'vllm:num_requests_waiting',
  'sglang:num_queue_reqs',
  'llamacpp:requests_deferred',
])
/** And those that have one. */
const runningNames: ReadonlySet<string> = new Set([
  'vllm:num_requests_running',
  'sglang:num_running_reqs',
  'llamacpp:requests_processing',
])

/** Requests that wait, over all series; undefined: these metrics do not say. */
export const waitingIn = (metrics: string): number | undefined => sumOf(metrics, waitingNames)

/** Requests that are being answered, likewise. */
export const runningIn = (metrics: string): number | undefined => sumOf(metrics, runningNames)

function sumOf(metrics: string, names: ReadonlySet<string>): number | undefined {
  let sum: number | undefined
  for (const line of metrics.split('\n')) {
    const [, name = '', value] = /^([A-Za-z_:][\w:]*)(?:\{.*\})?\s+(\S+)/.exec(line) ?? []
    if (names.has(name) && Number.isFinite(Number(value))) sum = (sum ?? 0) + Number(value)
  }
  return sum
}

/** Of one look at the metrics; `problem`: why it showed nothing. */
export interface Load {
  readonly waiting: number | undefined
  readonly running: number | undefined
  readonly problem: string | null
}

/** @param url  Default: `/metrics` at the origin of the base URL */
export async function lookAtLoad(call: Call, url = new URL('/metrics', call.baseUrl).href): Promise<Load> {
  const { http, apiKey, signal } = call
  // The key is the engine's; who gathers its metrics need not be the engine.
  const known = apiKey !== '' && new URL(url).origin === new URL(call.baseUrl).origin
  const headers = known ? { authorization: `Bearer ${apiKey}` } : {}
  const nothing = { waiting: undefined, running: undefined }
  // What comes later is no news, also not after another try.
  const late = AbortSignal.timeout(STALE_MS)
  const given = signal === undefined ? late : AbortSignal.any([signal, late])
  try {
    const { status, text } = await http.call({ method: 'GET', url, headers, signal: given })
    if (status !== 200) return { ...nothing, problem: `${url} answers with HTTP ${status}: are metrics switched on?` }
    const waiting = waitingIn(text)
    const problem = waiting === undefined ? `${url} has none of ${[...waitingNames].join(', ')}.` : null
    return { waiting, running: runningIn(text), problem }
  } catch (error) {
    if (late.aborted) return { ...nothing, problem: `${url} does not answer within a second.` }
    return { ...nothing, problem: error instanceof Error ? error.message : String(error) }
  }
}

export interface LoadOptions {
  /** From so many waiting requests on, others go first. Ours count too: more than the engine has places for wait. */
  readonly waiting: number
  readonly metricsUrl?: string
}

/** Real time: live traffic does not run faster in a demo. */
const LOOK_MS = 250
const STALE_MS = SECOND

/** Looks at an engine's metrics as long as it is used, so that whoever waits there for an answer goes first. */
export class LoadWatch {
  readonly #call: Call
  readonly #options: LoadOptions
  #load: Load = { waiting: undefined, running: undefined, problem: null }
  #at = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(call: Call, options: LoadOptions) {
    this.#call = call
    this.#options = options
    void this.#look()
  }

  /** Whether a request may start. Not while nothing is known: an engine that does not answer is not idle. */
  calm(): boolean {
    const { waiting } = this.#load
    return waiting !== undefined && waiting < this.#options.waiting && this.#call.clock.real() - this.#at < STALE_MS
  }

  /** Of the last look. */
  get waiting(): number | undefined {
    return this.#load.waiting
  }

  /** Why the last look showed nothing. */
  get problem(): string | null {
    return this.#load.problem
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  async #look(): Promise<void> {
    const at = this.#call.clock.real()
    const load = await lookAtLoad(this.#call, this.#options.metricsUrl)
    this.#load = load
    // As of when it was asked, not of when it came.
    this.#at = at
    if (!this.#closed) this.#timer = setTimeout(() => void this.#look(), LOOK_MS)
  }
}
