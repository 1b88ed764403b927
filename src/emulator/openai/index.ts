import { defaultLatency } from '../latency.ts'
import { listingOf } from '../scenarios.ts'
import type { Vendor, VendorOptions } from '../server.ts'
import { createSwitchboard } from '../switchboard.ts'
import { chargesOf, purchasesOf } from './books.ts'
import { type Desk, idMaker } from './desk.ts'
import { type Likeness, likenesses, self } from './likeness.ts'
import { createRouter } from './router.ts'
import { openAiScenarios } from './scenarios.ts'

export { likenesses, openAiScenarios }

/** An emulated OpenAI, or one that is like it: files, uploads, batches, model calls and cost reports. */
export function createOpenAi(options: VendorOptions, likeness: Likeness = self): Vendor {
  const switchboard = createSwitchboard(openAiScenarios, options.seed)
  const desk: Desk = {
    clock: options.clock,
    seed: options.seed,
    likeness,
    dir: options.dir,
    log: options.log,
    switchboard,
    latency: { ...defaultLatency, ...options.latency },
    files: new Map(),
    uploads: new Map(),
    batches: new Map(),
    callCharges: new Map(),
    nextId: idMaker(likeness === self ? options.seed : `${likeness.name} ${options.seed}`),
    queue: Promise.resolve(),
  }
  const router = createRouter(desk)
  return {
    name: likeness.name,
    prefix: `/${likeness.name}${likeness.path}`,
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
