import { defaultLatency } from '../latency.ts'
import { listingOf } from '../scenarios.ts'
import type { Vendor, VendorOptions } from '../server.ts'
import { createSwitchboard } from '../switchboard.ts'
import { chargesOf, purchasesOf } from './books.ts'
import { type Desk, idMaker } from './desk.ts'
import { createRouter } from './router.ts'
import { openAiScenarios } from './scenarios.ts'

export { openAiScenarios }

/** An emulated OpenAI: files, uploads, batches, model calls and cost reports below `/openai/v1`. */
export function createOpenAi(options: VendorOptions): Vendor {
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
