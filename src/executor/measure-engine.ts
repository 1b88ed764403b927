import { Refused, VendorUnavailable } from '../domain/errors.ts'
import { MINUTE, SECOND } from '../kit/clock.ts'
import { HttpFailed } from '../kit/http.ts'
import { openRequestPool, type Reply, type RequestPool } from '../kit/request-pool.ts'
import type { Call, SyncLane } from '../providers/contract.ts'
import { type Load, lookAtLoad } from './load-watch.ts'

export interface Measure {
  readonly call: Call
  readonly lane: SyncLane
  readonly model: string
  readonly metricsUrl?: string | undefined
  /** Goes on to more than one request at once where no metrics show whether others wait. */
  readonly blind?: boolean
  /** Requests at once, at most. Default 256. */
  readonly placesMax?: number | undefined
  /** All of it, real time. Default one minute. */
  readonly withinMs?: number
  /** Of one step. Default 3 s. */
  readonly stepMs?: number
  /** Ends it; what was measured by then is kept. */
  readonly signal?: AbortSignal | undefined
}

/** What the engine did with so many requests at once. */
export interface Step {
  readonly concurrency: number
  readonly requests: number
  readonly inputPerSecond: number
  readonly outputPerSecond: number
}

export interface Measured {
  readonly model: string
  readonly steps: readonly Step[]
  /** The step of the most tokens of answers a second; null: none was finished. */
  readonly best: Step | null
  /** Requests of others that were being answered when it began; null: no metrics say. */
  readonly others: number | null
  readonly ended: {
    readonly why: 'flat' | 'waiting' | 'blind' | 'time' | 'places' | 'refused' | 'stopped'
    readonly text: string
  }
}

const PLACES_MAX = 256
const STEP_MS = 3 * SECOND
const LOOK_MS = 250
/** Less than that more of a step's double load is no growth. */
const GROWTH = 1.1
const OUTPUT_TOKENS = 64

/**
 * Tokens a second at 1, 2, 4, … requests at once, until they grow by less than a tenth. Whoever waits for the engine goes
 * first: as soon as its metrics show somebody, what is under way is broken off. Yields each step.
 * @throws Refused where somebody waits already · VendorUnavailable where it does not answer
 */
export async function* measureEngine(measure: Measure): AsyncGenerator<Step, Measured> {
  const { call, model, metricsUrl, blind = false, placesMax = PLACES_MAX, withinMs = MINUTE, signal } = measure
  const load = await lookAtLoad(call, metricsUrl)
  if (load.waiting !== undefined && load.waiting > 0)
    throw new Refused(
      'engine_busy',
      `${requests(load.waiting)} at the engine.`,
      'Nothing was sent. Measure it when it is idle.',
    )
  const alone = load.problem !== null && !blind
  const run = new Measuring(measure, load)
  const steps: Step[] = []
  const until = performance.now() + withinMs
  const timer = setTimeout(() => run.end('time', 'the time is up'), withinMs)
  const stop = (): void => run.end('stopped', 'it was stopped')
  signal?.addEventListener('abort', stop)
  if (signal?.aborted) stop()
  try {
    await run.warmUp()
    for (let concurrency = 1; run.ended === undefined; concurrency *= 2) {
      const begun = performance.now()
      const step = await run.step(concurrency)
      if (step === undefined) break
      const before = steps.at(-1)
      steps.push(step)
      yield step
      if (before !== undefined && step.outputPerSecond < before.outputPerSecond * GROWTH)
        run.end('flat', 'more requests at once bring no more')
      else if (alone) run.end('blind', `whether others wait is not known: ${load.problem}`)
      else if (concurrency * 2 > placesMax) run.end('places', `no more than ${placesMax} at once were asked for`)
      else if (2 * performance.now() - begun > until) run.end('time', 'the time is up')
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    clearTimeout(timer)
    run.end('stopped', 'it was stopped')
  }
  const best = steps.reduce<Step | null>(
    (best, step) => (best !== null && best.outputPerSecond >= step.outputPerSecond ? best : step),
    null,
  )
  return { model, steps, best, others: load.running ?? null, ended: run.ended as Measured['ended'] }
}

class Measuring {
  readonly #measure: Measure
  readonly #pool: RequestPool
  readonly #stepMs: number
  #ended: Measured['ended'] | undefined
  #timer: NodeJS.Timeout | undefined
  #sent = 0
  /** Without it answers end when they will, and tell less. Not every engine takes it. */
  #ignoresEnd = true

  constructor(measure: Measure, { problem }: Load) {
    this.#measure = measure
    this.#stepMs = measure.stepMs ?? STEP_MS
    this.#pool = openRequestPool({
      answerMs: measure.withinMs ?? MINUTE,
      connectionsMax: measure.placesMax ?? PLACES_MAX,
    })
    if (problem === null) this.#watch()
  }

  get ended(): Measured['ended'] | undefined {
    return this.#ended
  }

  /** Breaks off what is under way, and so gives back the places it has. The first word counts. */
  end(why: Measured['ended']['why'], text: string): void {
    if (this.#ended !== undefined) return
    this.#ended = { why, text }
    clearTimeout(this.#timer)
    void this.#pool.close()
  }

  /** Models are loaded with their first request, and the first of all is no measure. */
  async warmUp(): Promise<void> {
    let reply = await this.#ask()
    if (reply !== undefined && (reply.status === 400 || reply.status === 422)) {
      this.#ignoresEnd = false
      reply = await this.#ask()
    }
    if (reply !== undefined) this.#tokensOf(reply)
  }

  /**
   * So many requests at once for the time of a step, each followed by another. An answer that goes on beyond counts by
   * the share of it that fell within: so the engine is full for all of what is measured.
   * @returns undefined: it was broken off
   */
  async step(concurrency: number): Promise<Step | undefined> {
    const begun = performance.now()
    const until = begun + this.#stepMs
    const sum = { requests: 0, input: 0, output: 0 }
    const line = async (): Promise<void> => {
      for (let from = begun; from < until && this.#ended === undefined; ) {
        const reply = await this.#ask()
        const tokens = reply && this.#tokensOf(reply)
        if (tokens === undefined) return
        const now = performance.now()
        const share = now <= until ? 1 : (until - from) / (now - from)
        sum.requests++
        sum.input += tokens.input * share
        sum.output += tokens.output * share
        from = now
      }
    }
    await Promise.all(Array.from({ length: concurrency }, line))
    if (this.#ended !== undefined) return undefined
    const seconds = this.#stepMs / SECOND
    const [inputPerSecond, outputPerSecond] = [sum.input / seconds, sum.output / seconds]
    return { concurrency, requests: sum.requests, inputPerSecond, outputPerSecond }
  }

  /** undefined: it was broken off. */
  async #ask(): Promise<Reply | undefined> {
    const { call, lane, model } = this.#measure
    const { url, headers } = lane.word(call, '/v1/chat/completions', model)
    const body = {
      model,
      messages: [{ role: 'user', content: `${crypto.randomUUID()} ${PROMPT} (${this.#sent++})` }],
      max_tokens: OUTPUT_TOKENS,
      temperature: 0,
      ...(this.#ignoresEnd ? { ignore_eos: true } : {}),
    }
    try {
      return await this.#pool.post(url, headers, Buffer.from(JSON.stringify(body)))
    } catch (error) {
      if (this.#ended !== undefined) return undefined
      throw error instanceof HttpFailed ? new VendorUnavailable(error.message, { hint: '', cause: error }) : error
    }
  }

  /**
   * undefined: it was refused, which ends it: more than it has room for is asked.
   * @throws VendorUnavailable where nothing can be measured
   */
  #tokensOf(reply: Reply): { input: number; output: number } | undefined {
    const verdict = this.#measure.lane.read(reply)
    const refused = verdict.kind === 'again' && (verdict.why === 'rate' || verdict.why === 'overloaded')
    if (refused && this.#sent > 2) {
      this.end('refused', `it refuses more: ${verdict.message}`)
      return undefined
    }
    if (verdict.kind !== 'final' || reply.status !== 200)
      throw new VendorUnavailable(
        `The engine answered with HTTP ${reply.status}: ${reply.body.toString().slice(0, 300)}`,
        {
          status: reply.status,
          hint: 'Is it a model for chat? Name another by --model.',
        },
      )
    const { usage } = JSON.parse(reply.body.toString()) as {
      usage?: { prompt_tokens?: number; completion_tokens?: number }
    }
    if (!usage?.completion_tokens) throw new VendorUnavailable('The engine does not say how many tokens an answer has.')
    return { input: usage.prompt_tokens ?? 0, output: usage.completion_tokens }
  }

  #watch(): void {
    this.#timer = setTimeout(async () => {
      const { waiting, problem } = await lookAtLoad(this.#measure.call, this.#measure.metricsUrl)
      if (waiting !== undefined && waiting > 0) this.end('waiting', `${requests(waiting)} at the engine`)
      // Where nothing is seen any more, somebody may wait.
      else if (problem !== null) this.end('waiting', `whether somebody waits is not to be seen: ${problem}`)
      else if (this.#ended === undefined) this.#watch()
    }, LOOK_MS)
  }
}

const requests = (waiting: number): string => `${waiting} ${waiting === 1 ? 'request waits' : 'requests wait'}`

/** Some 200 tokens, with an answer that goes on. Each begins with letters of its own, so that no cache spares the reading. */
const PROMPT = `Here is a note from a night flight. ${'The cabin is dark, the engines hum, and below the wing the lights of small towns pass slowly. '.repeat(8)}Retell it at length, sentence by sentence, and never come to an end.`
