import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

/**
 * A task module exports `run`. It gets what was posted and returns a value and what to transfer with it. It runs in a
 * worker thread and never opens the store.
 */
export type Task<In, Out> = (input: In) => TaskReply<Out> | Promise<TaskReply<Out>>
export interface TaskReply<Out> {
  readonly value: Out
  readonly transfer: readonly ArrayBuffer[]
}

/** The file beside `base` by its name without extension, as it is called where we run: .ts from source, .js when built. */
export const moduleBeside = (base: string, name: string): URL =>
  new URL(`${name}${base.endsWith('.ts') ? '.ts' : '.js'}`, base)

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

interface Seat {
  readonly worker: Worker
  readonly waiting: Map<number, Waiting>
}

/**
 * Long byte work, off the thread that renews leases. Started on first use; two threads at most. Buffers are
 * transferred, so after `run` the caller no longer has them; the reply brings them back.
 */
export class BytePool {
  #seats: Seat[] = []
  #next = 0
  readonly size: number

  constructor(size = Math.min(2, availableParallelism())) {
    this.size = size
  }

  async run<In, Out>(task: URL, input: In, transfer: readonly ArrayBuffer[] = []): Promise<Out> {
    const seat = this.#seat()
    const number = this.#next++
    return new Promise<Out>((resolve, reject) => {
      seat.waiting.set(number, { resolve: resolve as (value: unknown) => void, reject })
      seat.worker.ref()
      seat.worker.postMessage({ number, task: task.href, input }, transfer as ArrayBuffer[])
    })
  }

  /** Like `run`, in a thread of its own that ends with it: for tasks that load much and are done once. */
  async runAlone<In, Out>(task: URL, input: In, transfer: readonly ArrayBuffer[] = []): Promise<Out> {
    const alone = new BytePool(1)
    try {
      return await alone.run<In, Out>(task, input, transfer)
    } finally {
      await alone.close()
    }
  }

  async close(): Promise<void> {
    const seats = this.#seats
    this.#seats = []
    await Promise.all(seats.map(({ worker }) => worker.terminate()))
  }

  /** The least busy thread; a new one while all are busy and there may be more. */
  #seat(): Seat {
    const idle = this.#seats.find(({ waiting }) => waiting.size === 0)
    if (idle !== undefined) return idle
    if (this.#seats.length < this.size) {
      const seat = this.#open()
      this.#seats.push(seat)
      return seat
    }
    return this.#seats.reduce((least, seat) => (seat.waiting.size < least.waiting.size ? seat : least))
  }

  #open(): Seat {
    const worker = new Worker(moduleBeside(import.meta.url, './byte-worker'), {
      stdout: false,
      stderr: false,
      // A task keeps little of what it makes; left alone, V8 gives its garbage ever more room.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    })
    const seat: Seat = { worker, waiting: new Map() }
    const fail = (error: Error): void => {
      this.#seats = this.#seats.filter((other) => other !== seat)
      for (const { reject } of seat.waiting.values()) reject(error)
      seat.waiting.clear()
    }
    worker.on('message', (reply: { number: number; value?: unknown; error?: Error }) => {
      const waiting = seat.waiting.get(reply.number)
      seat.waiting.delete(reply.number)
      if (seat.waiting.size === 0) worker.unref()
      if (reply.error !== undefined) waiting?.reject(reply.error)
      else waiting?.resolve(reply.value)
    })
    worker.on('error', fail)
    worker.on('exit', () => fail(new Error('A byte worker ended before its work was done.')))
    worker.unref()
    return seat
  }
}
