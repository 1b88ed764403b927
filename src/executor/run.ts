import { outcomes } from '../domain/outcome.ts'
import { HOUR, MINUTE, SECOND } from '../kit/clock.ts'
import { HttpFailed, redact } from '../kit/http.ts'
import { openRequestPool, type Reply, type RequestPool } from '../kit/request-pool.ts'
import type { Later, Verdict, Wording } from '../providers/contract.ts'
import { bodyFor } from './body.ts'
import type { Journal } from './journal.ts'
import { LaneGate } from './lane-gate.ts'
import { addUnproven, type Recovered } from './read-journal.ts'
import { ReplyLine } from './reply-line.ts'
import { type Attempt, RowQueue } from './row-queue.ts'
import type { Ended, Progress, SourceRow, Trouble, Work } from './work.ts'

const defaults = { graceMs: 10 * SECOND, triesMax: 5 }
/** How often a caller that says no is asked again, real time. */
const HELD_MS = 200
/** Bodies in flight. */
const BYTES_MAX = 64 * 1024 * 1024
const TROUBLE_DELAY = 0.5 * SECOND
const TROUBLE_DELAY_MAX = 30 * SECOND
/** A timer of Node's takes no more than 24 days; looking too early does no harm. */
const TIMER_MAX = HOUR
const OUTAGE_TIMES = 16
const OUTAGE_TRIES = 4
/** Assumed of an answer until there are some. */
const OUTPUT_FIRST = 256

/** Between two looks at what was promised. */
const LOOK_MIN = 5 * SECOND
const LOOK_MAX = MINUTE

const SUCCEEDED = outcomes.indexOf('succeeded')

/** One run of a shard's requests, from the first start to the last answer. */
export class Run {
  readonly #work: Work
  readonly #journal: Journal
  readonly #recovered: Recovered
  readonly #pool: RequestPool
  readonly #gate: LaneGate
  readonly #line: ReplyLine
  readonly #queue = new RowQueue()
  readonly #ended = Promise.withResolvers<void>()
  /** What only waits need not wait any longer. */
  readonly #ends = new AbortController()
  /** Begun, and not landed. */
  #inFlight = 0
  #bytes = 0
  #answered: number
  #succeeded: number
  readonly #unproven
  readonly #tokens = { input: 0, output: 0 }
  readonly #tiers: Record<string, number> = {}
  #engineMs = 0
  /** Tokens of an answer, averaged. */
  #output = OUTPUT_FIRST
  #trouble: Trouble | null = null
  #halt: (Verdict & { kind: 'halt' }) | undefined
  #fault: unknown
  #stopping = false
  #held = false
  #over = false
  #pumping = false
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #grace: NodeJS.Timeout | undefined
  /** Of the last endpoint and model: mostly there is but one. */
  #wording: (Wording & { readonly endpoint: string; readonly model: string }) | undefined

  constructor(work: Work, journal: Journal, recovered: Recovered) {
    const { limits, scanRow } = work.lane
    this.#work = work
    this.#journal = journal
    this.#recovered = recovered
    this.#answered = recovered.answered.size
    this.#succeeded = recovered.succeeded
    this.#unproven = { ...recovered.unproven }
    const { pace, concurrency, call } = work
    this.#gate = work.gate ?? new LaneGate({ limits, concurrency, pace, now: call.clock.now(), random: this.#random })
    this.#pool = openRequestPool({ answerMs: limits.answerMs, connectionsMax: this.#gate.max })
    this.#line = new ReplyLine(scanRow)
  }

  async fly(): Promise<Ended> {
    const { signal, source } = this.#work
    signal?.addEventListener('abort', this.stop)
    if (signal?.aborted) this.stop()
    this.#journal.onFault = this.#fail
    this.#gate.join(this.#wake)
    const reading = this.#queue
      .fill(source, this.#recovered.answered, () => this.#gate.throttle.window, this.#wake)
      .catch(this.#fail)
    try {
      await this.#ended.promise
      await this.#pool.close()
      await reading
      if (this.#fault !== undefined) throw this.#fault
      await this.#journal.settled()
      return this.#outcome()
    } finally {
      signal?.removeEventListener('abort', this.stop)
      this.#gate.leave(this.#wake)
      while (this.#inFlight-- > 0) this.#gate.end() // a disk that failed leaves some without an end
      clearTimeout(this.#timer)
      clearTimeout(this.#grace)
      await this.#journal.close()
    }
  }

  readonly stop = (): void => {
    this.#stopping = true
    this.#endSoon()
  }

  readonly #fail = (fault: unknown): void => {
    this.#fault ??= fault
    this.#endSoon()
  }

  progress(): Progress {
    const { pausedUntil, window } = this.#gate.throttle
    return {
      answered: this.#answered,
      succeeded: this.#succeeded,
      inFlight: this.#inFlight,
      waiting: this.#queue.waiting,
      window,
      tokens: { ...this.#tokens },
      tiers: { ...this.#tiers },
      engineMs: this.#engineMs,
      unproven: { ...this.#unproven },
      pausedUntil: pausedUntil > this.#now() ? pausedUntil : null,
      held: this.#held,
      trouble: this.#trouble,
    }
  }

  #now(): number {
    return this.#work.call.clock.now()
  }

  readonly #random = (): number => (this.#work.random ?? Math.random)()

  // ── what starts, and when ────────────────────────────────────────────────────────────────────────────────────────

  /** However many reasons there are to look again, it is done once for all that happen in the same breath. */
  readonly #wake = (): void => {
    if (this.#pumping || this.#over) return
    this.#pumping = true
    queueMicrotask(() => {
      this.#pumping = false
      if (!this.#over) this.#pump()
    })
  }

  #pump(): void {
    if (!this.#ending()) this.#startSome()
    // What waits for a disk that fails waits for ever.
    const stuck = this.#journal.fault !== undefined
    if ((this.#inFlight > 0 && !stuck) || !(this.#ending() || this.#queue.empty)) return
    this.#over = true
    this.#ended.resolve()
  }

  #startSome(): void {
    const { throttle, pacing } = this.#gate
    while (this.#gate.open && (this.#bytes < BYTES_MAX || this.#inFlight === 0)) {
      const now = this.#now()
      const open = Math.max(throttle.pausedUntil, pacing.readyAt(now))
      if (open > now) return this.#lookAt(open)
      const attempt = this.#queue.next(now, throttle.window)
      if (attempt === undefined) {
        const { dueAt } = this.#queue
        return dueAt === null ? undefined : this.#lookAt(dueAt)
      }
      if (this.#work.isWanted?.(attempt.source.row) === false) continue
      if (!this.#mayStart()) return this.#queue.putBack(attempt)
      this.#begin(attempt, now)
    }
  }

  #mayStart(): boolean {
    const may = this.#work.mayStart?.(this.#unproven) ?? true
    if (!may && !this.#held) this.#gate.throttle.yielded(this.#now())
    this.#held = !may
    if (!may) this.#lookAt(this.#now() + HELD_MS * this.#work.call.clock.speed)
    return may
  }

  /** Looks again then, by our clock. */
  #lookAt(at: number): void {
    if (at >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = at
    const { clock } = this.#work.call
    this.#timer = setTimeout(
      () => {
        this.#timerAt = Number.POSITIVE_INFINITY
        this.#wake()
      },
      Math.min(TIMER_MAX, Math.max(0, at - clock.now()) / clock.speed),
    )
  }

  // ── one request ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** It may leave once the disk knows of it: else a crash could hide that it was bought. */
  #begin(attempt: Attempt, now: number): void {
    const { row, inputTokens, outputMax, body } = attempt.source
    const output = Math.min(outputMax, this.#output)
    this.#gate.pacing.take({ requests: 1, input: inputTokens, output, tokens: inputTokens + output }, now)
    this.#inFlight++
    this.#gate.begin()
    this.#bytes += body.length
    const fault = (error: unknown): void => {
      // A fault of ours, with a reply in hand: whatever it was is not kept, and paid for.
      this.#close(attempt, true)
      this.#landed(attempt, 'again')
      this.#fail(error)
    }
    const promised = this.#recovered.promised.get(row)
    if (promised !== undefined) {
      attempt.begunAt = now
      void this.#await(attempt, promised.promise).catch(fault)
    } else this.#journal.started(row, inputTokens, outputMax, () => void this.#send(attempt).catch(fault))
  }

  async #send(attempt: Attempt): Promise<void> {
    if (this.#ending() || !this.#mayStart()) {
      this.#journal.freed(attempt.source.row, nothing)
      return this.#landed(attempt, 'again')
    }
    attempt.begunAt = this.#now()
    const { time } = this.#gate
    const begun = time.begin(attempt.begunAt)
    const reply = await this.#post(attempt.source)
      .finally(() => (this.#engineMs += time.end(this.#now(), begun)))
      .catch((error: unknown) => {
        this.#failed(attempt, error)
      })
    if (reply === undefined) return
    const promise = reply.status < 300 ? this.#work.lane.later?.promiseIn(reply) : null
    if (promise == null) return this.#replied(attempt, reply)
    this.#journal.promised(attempt.source.row, promise, nothing)
    await this.#await(attempt, promise)
  }

  /** Asks for what was promised until it is there. Whoever stops leaves it to the next run: it is never sent again. */
  async #await(attempt: Attempt, promise: string): Promise<void> {
    const { lane, call } = this.#work
    const later = lane.later as Later
    for (;;) {
      const age = this.#now() - attempt.begunAt
      await this.#pause(Math.min(LOOK_MAX, Math.max(LOOK_MIN, age / 10)))
      if (this.#ending()) return this.#landed(attempt, 'again')
      const { url, headers } = later.ask(call, promise)
      const reply = await this.#pool.get(url, { ...headers, ...(await call.authorize?.()) }).catch((error: unknown) => {
        if (error instanceof HttpFailed) this.#note('unreachable', error.message)
        else throw error
      })
      if (reply === undefined) continue
      const verdict = lane.read(reply)
      if (verdict.kind === 'halt') {
        this.#halt ??= verdict
        this.#landed(attempt, 'again')
        return this.#endSoon()
      }
      if (reply.status === 404) return this.#forgotten(attempt, promise)
      if (verdict.kind === 'again') this.#note(verdict.why, verdict.message)
      else if (later.promiseIn(reply) === null && this.#keep(attempt, reply)) return
    }
  }

  /** The vendor does not know what it promised: perhaps it was done, and is paid for. */
  #forgotten(attempt: Attempt, promise: string): void {
    const { lane, idOf } = this.#work
    this.#close(attempt, true)
    const message = `The vendor no longer knows ${promise}.`
    this.#write(attempt, this.#line.ofText(lane.lostRow(idOf(attempt.source.row), 'unreachable', message)))
  }

  /** So long by our clock, or until the run is to end. */
  async #pause(ms: number): Promise<void> {
    await this.#work.call.clock.sleep(ms, this.#ends.signal).catch((error: unknown) => {
      if (!this.#ends.signal.aborted) throw error
    })
  }

  async #post(source: SourceRow): Promise<Reply> {
    const { url, headers, members } = this.#wordingFor(source)
    const authorization = await this.#work.call.authorize?.()
    const body = bodyFor(source.body, members)
    return this.#pool.post(url, authorization === undefined ? headers : { ...headers, ...authorization }, body)
  }

  #wordingFor({ endpoint, model }: SourceRow): Wording {
    const { lane, call } = this.#work
    if (this.#wording?.endpoint !== endpoint || this.#wording.model !== model)
      this.#wording = { ...lane.word(call, endpoint, model), endpoint, model }
    return this.#wording
  }

  #replied(attempt: Attempt, reply: Reply): void {
    const { lane } = this.#work
    const now = this.#now()
    for (const rate of lane.rates(reply.headers)) this.#gate.pacing.learn(rate, now)
    const verdict = lane.read(reply)
    if (verdict.kind === 'final' && this.#keep(attempt, reply)) return
    if (verdict.kind === 'halt') {
      this.#halt ??= verdict
      this.#journal.freed(attempt.source.row, nothing)
      this.#landed(attempt, 'again')
      return this.#endSoon()
    }
    const again: Verdict & { kind: 'again' } =
      verdict.kind === 'again'
        ? verdict
        : { kind: 'again', why: 'trouble', perhapsBilled: true, message: `HTTP ${reply.status} that is no JSON` }
    this.#refused(attempt, again, reply)
  }

  /** An answer, or the final word that there is none. False: it cannot be read. */
  #keep(attempt: Attempt, reply: Reply): boolean {
    const { lane, idOf } = this.#work
    const { row } = attempt.source
    const line = this.#line.of(idOf(row), lane.row(reply), reply.body)
    if (line === undefined) return false
    const { output, outcome } = this.#line.scanned
    this.#gate.throttle.answered({
      begunAt: attempt.begunAt,
      now: this.#now(),
      inFlight: this.#gate.inFlight,
      // A request that was turned down says nothing of how fast others are answered.
      // Nor does one that was promised for later.
      outputTokens: outcome === SUCCEEDED && lane.later === undefined ? output : undefined,
    })
    if (outcome === SUCCEEDED) this.#output += (output - this.#output) / 32
    this.#trouble = null
    this.#work.onAnswer?.(row, this.#now() - attempt.begunAt)
    this.#write(attempt, line)
    return true
  }

  #write(attempt: Attempt, line: Uint8Array): void {
    const { outcome, tier, billed, input, cachedInput, cacheWrite, cacheWrite5m, cacheWrite1h, output } =
      this.#line.scanned
    const prompt = input + cachedInput + cacheWrite + cacheWrite5m + cacheWrite1h
    this.#journal.answered(attempt.source.row, outcome, line, () => {
      this.#answered++
      if (outcome === SUCCEEDED) this.#succeeded++
      if (billed) this.#tiers[tier] = (this.#tiers[tier] ?? 0) + 1
      this.#tokens.input += prompt
      this.#tokens.output += output
    })
    this.#landed(attempt, 'done')
  }

  #refused(attempt: Attempt, verdict: Verdict & { kind: 'again' }, reply: Reply): void {
    const { why, retryAfterMs, perhapsBilled, message } = verdict
    const now = this.#now()
    const { begunAt } = attempt
    this.#note(why, message)
    if (why !== 'trouble' || this.#outage()) this.#gate.throttle.refused({ begunAt, now, retryAfterMs })
    this.#close(attempt, perhapsBilled)
    if (why !== 'trouble') attempt.dueAt = now + (retryAfterMs ?? 0)
    else if (this.#givesUp(attempt, perhapsBilled, retryAfterMs)) {
      const { lane, idOf } = this.#work
      const id = idOf(attempt.source.row)
      // What says nothing of the vendor's is no final word about the request.
      const line = reply.status >= 500 ? this.#line.of(id, lane.row(reply), reply.body) : undefined
      return this.#write(attempt, line ?? this.#line.ofText(lane.lostRow(id, 'unreachable', message)))
    }
    this.#landed(attempt, 'again')
  }

  /** No whole reply came. */
  #failed(attempt: Attempt, error: unknown): void {
    if (!(error instanceof HttpFailed)) this.#fail(error)
    const { code, message, sent } =
      error instanceof HttpFailed ? error : { code: '', message: String(error), sent: false }
    this.#close(attempt, sent)
    this.#note('unreachable', message)
    if (!sent || this.#outage()) this.#gate.throttle.refused({ begunAt: attempt.begunAt, now: this.#now() })
    // Nothing can be said against a request that nobody was there to hear.
    if (sent && !this.#ending() && this.#givesUp(attempt, true)) {
      const { lane, idOf } = this.#work
      const why = /TIMEOUT/.test(code) ? 'timeout' : 'unreachable'
      return this.#write(attempt, this.#line.ofText(lane.lostRow(idOf(attempt.source.row), why, message)))
    }
    this.#landed(attempt, 'again')
  }

  /** Writes down how an attempt without an answer ended. */
  #close({ source: { row, inputTokens, outputMax } }: Attempt, perhapsBilled: boolean): void {
    if (!perhapsBilled) return this.#journal.freed(row, nothing)
    addUnproven(this.#unproven, inputTokens, outputMax)
    this.#journal.doubted(row, nothing)
  }

  /** So many troubles in a row are the vendor's, not those of single requests. */
  #outage(): boolean {
    return (this.#trouble?.times ?? 0) > Math.max(OUTAGE_TIMES, this.#gate.throttle.window)
  }

  /** Another try in a while, unless there were enough: more of them in an outage, as long as they cost nothing. */
  #givesUp(attempt: Attempt, perhapsBilled: boolean, retryAfterMs?: number): boolean {
    attempt.tries++
    const delay = Math.min(TROUBLE_DELAY_MAX, TROUBLE_DELAY * 2 ** attempt.tries)
    const jittered = delay * (0.5 + this.#random() / 2)
    attempt.dueAt = this.#now() + Math.max(retryAfterMs ?? 0, jittered)
    const triesMax = this.#work.triesMax ?? defaults.triesMax
    return attempt.tries >= (!perhapsBilled && this.#outage() ? triesMax * OUTAGE_TRIES : triesMax)
  }

  #note(why: Trouble['why'], message: string): void {
    const before = this.#trouble
    this.#trouble = {
      why,
      since: before?.since ?? this.#now(),
      times: (before?.times ?? 0) + 1,
      message: redact(message, [this.#work.call.apiKey]),
    }
  }

  #landed(attempt: Attempt, becomes: 'done' | 'again'): void {
    this.#inFlight--
    this.#bytes -= attempt.source.body.length
    if (becomes === 'again') this.#queue.again(attempt)
    this.#gate.end() // wakes us as well as the others
  }

  // ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #ending(): boolean {
    return this.#stopping || this.#halt !== undefined || this.#fault !== undefined
  }

  /** Nothing new starts; what is in flight may come in for a while. */
  #endSoon(): void {
    if (this.#over) return
    this.#ends.abort()
    this.#queue.close()
    this.#grace ??= setTimeout(() => void this.#pool.close(), this.#work.graceMs ?? defaults.graceMs)
    this.#wake()
  }

  #outcome(): Ended {
    const progress = this.progress()
    if (this.#halt === undefined) return { kind: this.#queue.empty ? 'finished' : 'stopped', progress }
    const message = redact(this.#halt.message, [this.#work.call.apiKey])
    return { kind: 'halted', why: this.#halt.why, message, progress }
  }
}

const nothing = (): void => {}
