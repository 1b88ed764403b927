import type { Clock } from '../clock.ts'
import type { ActLog } from '../log.ts'
import { listingOf } from '../scenarios.ts'
import type { Vendor } from '../server.ts'
import { chargesOf, purchasesOf } from './books.ts'
import { type Desk, defaultLatency, idMaker, type Latency } from './desk.ts'
import { createRouter } from './router.ts'
import { openAiScenarios } from './scenarios.ts'
import { createSwitchboard } from './switchboard.ts'

export type { Latency } from './desk.ts'
export { openAiScenarios }

export interface OpenAiVendor extends Vendor {
  close(): Promise<void>
}

/** An emulated OpenAI: files, uploads, batches, model calls and cost reports below `/openai/v1`. */
export function createOpenAi(options: {
  readonly clock: Clock
  readonly seed: number
  readonly dir: string
  readonly log: ActLog
  readonly latency: Partial<Latency>
}): OpenAiVendor {
  const switchboard = createSwitchboard(openAiScenarios, options.seed)
  const desk: Desk = {
    clock: options.clock,
    seed: options.seed,
    dir: options.dir,
    log: options.log,
    switchboard,
    latency: { ...defaultLatency, ...options.latency },
    files: new Map(),
    uploads: new Map(),
    batches: new Map(),
    callCharges: new Map(),
    nextId: idMaker(options.seed),
    queue: Promise.resolve(),
  }
  const router = createRouter(desk)
  return {
    name: 'openai',
    prefix: '/openai/v1',
    scenarios: openAiScenarios.map(listingOf),
    handle: router.handle,
    setScenarios: switchboard.set,
    activeScenarios: () => switchboard.active,
    charges: () => chargesOf(desk),
    purchases: (withRows) => purchasesOf(desk, withRows),
    async close() {
      router.close()
      await desk.queue
    },
  }
}
