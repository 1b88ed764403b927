import { resolve } from 'node:path'
import { NotReady, UnknownJob } from '../domain/errors.ts'
import { type Outcome, outcomes } from '../domain/outcome.ts'
import type { Receipt } from '../domain/receipt.ts'
import { terminalJobStates } from '../domain/states.ts'
import {
  type Attending,
  attend,
  cancelJob,
  currentReceipt,
  deliverTo,
  type JobStatus,
  outputOf,
  type Ports,
  resultItems,
  retryJob,
  type SubmissionStatus,
  statusOf,
  submissionsOf,
  type Tried,
  triedOf,
  type Why,
  type Withdrawal,
  whyOf,
  withdraw,
} from '../engine/index.ts'

/** One request's end, as `results()` yields it, in input order. */
export interface Result<Answer = unknown> {
  /** Place in the input, from 0. */
  readonly index: number
  /** The request's own id (`custom_id`); of a row its number. */
  readonly id: string
  readonly outcome: Outcome
  /** With a schema: the parsed answer, typed. Without: the text. Null where there is none. */
  readonly answer: Answer | null
  /** The vendor's code and message, or why the answer is not valid; null for a good one. */
  readonly error: string | null
  /** The row that was asked about. */
  readonly row: Readonly<Record<string, unknown>> | null
  /** The vendor's response body. */
  readonly response: unknown
}

/** What happened to a job, oldest first. */
export interface JobEvent {
  readonly seq: number
  readonly at: string
  readonly type: string
  readonly shard: string | null
  readonly submission: string | null
  readonly data: unknown
}

/** Reads an answer into the type it should have: a zod schema, or anything with its `parse`. */
export interface AnswerParser<Answer> {
  parse(value: unknown): Answer
}

/** A job of an open home. `wait`, `events` and `results` attend it: they drive it until it is home. */
export class Job {
  readonly id: string
  readonly #ports: Ports
  readonly #command: string

  /** @internal made by Redeye */
  constructor(ports: Ports, id: string, command = 'library') {
    this.id = id
    this.#ports = ports
    this.#command = command
  }

  /** @throws UnknownJob */
  async status(): Promise<JobStatus> {
    return statusOf(this.#ports, await this.#row())
  }

  /** Of a trial that is home: each request with its prompt, answer, tokens, time and price. */
  async tried(): Promise<Tried[]> {
    return triedOf(this.#ports, await this.#ready())
  }

  /** Why it is where it is: what it waits for, and what comes next. Changes nothing. */
  async why(): Promise<Why> {
    return whyOf(this.#ports, await this.#row())
  }

  /** Its purchases at the vendor, in the order they were made. */
  async submissions(): Promise<SubmissionStatus[]> {
    await this.#row()
    return submissionsOf(this.#ports, this.id)
  }

  /** As things stand: while the job flies, of what has settled so far. */
  async receipt(): Promise<Receipt> {
    return currentReceipt(this.#ports, await this.#row())
  }

  /**
   * Drives the job until it is home.
   * @throws JobHeld when it waits for something that waiting cannot mend; the reason of `signal` when aborted. Bought
   *   work goes on at the vendor either way.
   */
  async wait(options: { readonly signal?: AbortSignal } = {}): Promise<Receipt> {
    return this.#attending(async (attending) => {
      await attending.untilDone(this.id, options.signal)
      return this.receipt()
    })
  }

  /** Drives the job until its first round is bought or held. */
  async untilBought(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#attending((attending) => attending.untilBought(this.id, options.signal))
  }

  /** What happened and what happens, until the job is home; drives it meanwhile. */
  async *events(
    options: { readonly signal?: AbortSignal; readonly after?: number; readonly follow?: boolean } = {},
  ): AsyncGenerator<JobEvent> {
    let after = options.after ?? 0
    const page = async function* (ports: Ports, id: string): AsyncGenerator<JobEvent> {
      for (;;) {
        const events = await ports.store.events(id, after, 500)
        for (const { seq, at, type, shardId, submissionId, data } of events) {
          after = seq
          yield { seq, at: new Date(at).toISOString(), type, shard: shardId, submission: submissionId, data }
        }
        if (events.length < 500) return
      }
    }
    await this.#row()
    if (options.follow === false) {
      yield* page(this.#ports, this.id)
      return
    }
    const attending = await attend(this.#ports, [this.id], this.#command)
    try {
      const end: { home?: true; error?: unknown } = {}
      const home = attending.untilDone(this.id, options.signal).then(
        () => void (end.home = true),
        (error: unknown) => void (end.error = error),
      )
      for (;;) {
        const { home: done, error } = end
        yield* page(this.#ports, this.id) // once more after the end, for what came last
        if (done === true) return
        if (error !== undefined) throw error
        await Promise.race([home, new Promise((resolve) => setTimeout(resolve, 100))])
      }
    } finally {
      await attending.stop()
    }
  }

  /**
   * Results in input order, once the job is home; drives it until then.
   * @param options.schema  parses each answer, for example a zod schema; it throws what that throws
   * @param options.wait    false: throws NotReady instead of waiting
   */
  async *results<Answer = unknown>(
    options: { readonly schema?: AnswerParser<Answer>; readonly wait?: boolean; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<Result<Answer>> {
    await this.#home(options)
    for await (const item of resultItems(this.#ports, await this.#row())) {
      const answer =
        item.answer === null || options.schema === undefined || item.error !== null
          ? item.answer
          : options.schema.parse(item.answer)
      yield { ...item, outcome: outcomes[item.outcome] ?? 'missing', answer: answer as Answer | null }
    }
  }

  /** The output as bytes, one line or row per request. */
  async *output(options: { readonly format?: 'csv' | 'tsv' | 'jsonl' } = {}): AsyncGenerator<Uint8Array> {
    const job = await this.#ready()
    for await (const block of outputOf(this.#ports, job, options.format)) yield Uint8Array.from(block) // the engine's is used again
  }

  /** Writes the output to a file, all or nothing; the format goes by its name. */
  async deliver(path: string): Promise<void> {
    const output = resolve(path)
    await deliverTo(this.#ports, await this.#ready(), output)
    for (;;) {
      const row = await this.#row()
      if (row.outputs.includes(output)) return
      const outputs = [...row.outputs, output]
      if (await this.#ports.store.commit({ job: { id: row.id, from: row.state, rev: row.rev, set: { outputs } } }))
        return
    }
  }

  /**
   * Withdraws requests, and lets the others fly on: what has not been bought never is, what is in flight is discarded
   * when it comes, and charged. Those that have an outcome keep it. Doing it again changes nothing.
   * @param options.ids  as the requests name themselves (`custom_id`, `key`); rows of a table by their `index` in the results
   */
  async cancel(options: { readonly ids: Iterable<string> | AsyncIterable<string> }): Promise<Withdrawal>
  /**
   * Asks for the end: nothing more is bought, what was bought is cancelled at the vendor, what that finished is kept
   * and charged. By default waits until all of it is collected.
   */
  async cancel(options?: { readonly wait?: boolean; readonly signal?: AbortSignal }): Promise<Receipt>
  async cancel(
    options: {
      readonly ids?: Iterable<string> | AsyncIterable<string>
      readonly wait?: boolean
      readonly signal?: AbortSignal
    } = {},
  ): Promise<Receipt | Withdrawal> {
    await this.#row()
    if (options.ids !== undefined) return withdraw(this.#ports, this.id, options.ids)
    await cancelJob(this.#ports, this.id)
    return options.wait === false ? this.receipt() : this.wait(options)
  }

  /**
   * One more round for requests that deserve it (retryable failures, expired, missing, cancelled); with `all` also for
   * those that failed for good. Returns how many fly again; `wait` brings them home.
   */
  async retry(options: { readonly all?: boolean } = {}): Promise<number> {
    return retryJob(this.#ports, await this.#row(), options.all === true)
  }

  /** Raises or lowers the budget, USD; null takes it away. */
  async setBudget(budget: string | null): Promise<void> {
    for (;;) {
      const row = await this.#row()
      if ((row.options as { budget?: string | null }).budget === budget) return
      const options = { ...(row.options as object), budget }
      if (await this.#ports.store.commit({ job: { id: row.id, from: row.state, rev: row.rev, set: { options } } }))
        return
    }
  }

  async #home(options: { readonly wait?: boolean; readonly signal?: AbortSignal }): Promise<void> {
    if (options.wait === false) await this.#ready()
    else if (!terminalJobStates.includes((await this.#row()).state)) await this.wait(options)
  }

  async #ready() {
    const row = await this.#row()
    if (!terminalJobStates.includes(row.state) && row.state !== 'landing') throw new NotReady(this.id, row.state)
    return row
  }

  async #row() {
    const row = await this.#ports.store.job(this.id)
    if (row === undefined) throw new UnknownJob(this.id, this.#ports.store.home)
    return row
  }

  async #attending<T>(work: (attending: Attending) => Promise<T>): Promise<T> {
    await this.#row()
    const attending = await attend(this.#ports, [this.id], this.#command)
    try {
      return await work(attending)
    } finally {
      await attending.stop()
    }
  }
}
