import { defaultLatency } from '../latency.ts'
import { listingOf } from '../scenarios.ts'
import type { Vendor, VendorOptions } from '../server.ts'
import { createSwitchboard } from '../switchboard.ts'
import { chargesOf, purchasesOf } from './books.ts'
import { type Desk, idMaker } from './desk.ts'
import { createRouter } from './router.ts'
import { geminiScenarios } from './scenarios.ts'

export { geminiScenarios }

/** An emulated Gemini Developer API: files, batches, model calls and caches below `/gemini`. */
export function createGemini(options: VendorOptions): Vendor {
  const switchboard = createSwitchboard(geminiScenarios, options.seed)
  const desk: Desk = {
    clock: options.clock,
    seed: options.seed,
    dir: options.dir,
    log: options.log,
    switchboard,
    latency: { ...defaultLatency, ...options.latency },
    files: new Map(),
    formerFiles: new Set(),
    batches: new Map(),
    caches: new Map(),
    callCharges: new Map(),
    nextId: idMaker('gemini', options.seed),
    queue: Promise.resolve(),
    admissions: Promise.resolve(),
  }
  const prefix = '/gemini'
  const router = createRouter(desk, prefix)
  return {
    name: 'gemini',
    prefix,
    scenarios: geminiScenarios.map(listingOf),
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
