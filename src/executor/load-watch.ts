import { SECOND } from '../kit/clock.ts'
import type { Call } from '../providers/contract.ts'

/** How engines call the requests that wait for a place, in their Prometheus metrics. A series for each model served. */
const waitingNames: ReadonlySet<string> = new Set([
  'vllm:num_requests_waiting',
  'sglang:num_queue_reqs',
  'llamacpp:requests_deferred',
])

/** Requests that wait, over all series; undefined: these metrics do not say. */
export function waitingIn(metrics: string): number | undefined {
  let sum: number | undefined
  for (const line of metrics.split('\n')) {
    const [, name = '', value] = /^([A-Za-z_:][\w:]*)(?:\{.*\})?\s+(\S+)/.exec(line) ?? []
    if (waitingNames.has(name) && Number.isFinite(Number(value))) sum = (sum ?? 0) + Number(value)
  }
  return sum
}

export interface LoadOptions {
  /** From so many waiting requests on, others go first. Ours count too: more than the engine has places for wait. */
  readonly waiting: number
  /** Default: `/metrics` at the origin of the base URL. */
  readonly metricsUrl?: string
}

/** Real time: live traffic does not run faster in a demo. */
const LOOK_MS = 250
const STALE_MS = SECOND

/** Looks at an engine's metrics as long as it is used, so that whoever waits there for an answer goes first. */
export class LoadWatch {
  readonly #call: Call
  readonly #options: LoadOptions
  readonly #url: string
  #waiting: number | undefined
  #at = Number.NEGATIVE_INFINITY
  #problem: string | null = null
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(call: Call, options: LoadOptions) {
    this.#call = call
    this.#options = options
    this.#url = options.metricsUrl ?? new URL('/metrics', call.baseUrl).href
    void this.#look()
  }

  /** Whether a request may start. Not while nothing is known: an engine that does not answer is not idle. */
  calm(): boolean {
    const { waiting } = this.#options
    return this.#waiting !== undefined && this.#waiting < waiting && this.#call.clock.real() - this.#at < STALE_MS
  }

  /** Of the last look. */
  get waiting(): number | undefined {
    return this.#waiting
  }

  /** Why the last look showed nothing. */
  get problem(): string | null {
    return this.#problem
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  async #look(): Promise<void> {
    const at = this.#call.clock.real()
    const { http, apiKey } = this.#call
    const headers = apiKey === '' ? {} : { authorization: `Bearer ${apiKey}` }
    try {
      const { status, text } = await http.call({ method: 'GET', url: this.#url, headers, headersTimeoutMs: STALE_MS })
      this.#waiting = status === 200 ? waitingIn(text) : undefined
      // As of when it was asked, not of when it came.
      this.#at = at
      this.#problem =
        this.#waiting !== undefined
          ? null
          : status === 200
            ? `${this.#url} has none of ${[...waitingNames].join(', ')}.`
            : `${this.#url} answers with HTTP ${status}: are metrics switched on?`
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error)
    }
    if (!this.#closed) this.#timer = setTimeout(() => void this.#look(), LOOK_MS)
  }
}
