import type { Clock } from '../clock.ts'
import type { ActLog } from '../log.ts'
import { listingOf } from '../scenarios.ts'
import type { Vendor } from '../server.ts'
import { createSwitchboard } from '../switchboard.ts'
import { chargesOf, purchasesOf } from './books.ts'
import { createPromptCache } from './cache.ts'
import { type Desk, defaultLatency, idMaker, type Latency } from './desk.ts'
import { createRouter } from './router.ts'
import { anthropicScenarios } from './scenarios.ts'

export { anthropicScenarios }

export interface AnthropicVendor extends Vendor {
  close(): Promise<void>
}

/** An emulated Anthropic: message batches, messages, token counts and models below `/anthropic/v1`. */
export function createAnthropic(options: {
  readonly clock: Clock
  readonly seed: number
  readonly dir: string
  readonly log: ActLog
  readonly latency: Partial<Latency>
}): AnthropicVendor {
  const switchboard = createSwitchboard(anthropicScenarios, options.seed)
  const desk: Desk = {
    clock: options.clock,
    seed: options.seed,
    dir: options.dir,
    log: options.log,
    switchboard,
    latency: { ...defaultLatency, ...options.latency },
    batches: new Map(),
    files: new Map(),
    cache: createPromptCache(),
    callCharges: new Map(),
    nextId: idMaker(options.seed),
    queue: Promise.resolve(),
  }
  const prefix = '/anthropic'
  const router = createRouter(desk, prefix)
  return {
    name: 'anthropic',
    prefix,
    scenarios: anthropicScenarios.map(listingOf),
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
