import type { ObjectStore } from '../gcs/objects.ts'
import { momentOf } from '../gemini/course.ts'
import { defaultLatency } from '../latency.ts'
import { listingOf } from '../scenarios.ts'
import type { Vendor, VendorOptions } from '../server.ts'
import { createSwitchboard } from '../switchboard.ts'
import { chargesOf, purchasesOf } from './books.ts'
import { type Desk, numberMaker } from './desk.ts'
import { settleAll } from './jobs.ts'
import { createRouter } from './router.ts'
import { vertexScenarios } from './scenarios.ts'
import { inputLost } from './start-scan.ts'

export { vertexScenarios }

/** Emulated batch prediction of Vertex below `/vertex`; its input and output lie in an emulated Cloud Storage. */
export function createVertex(options: VendorOptions, store: ObjectStore): Vendor {
  const switchboard = createSwitchboard(vertexScenarios, options.seed)
  const desk: Desk = {
    clock: options.clock,
    seed: options.seed,
    dir: options.dir,
    log: options.log,
    switchboard,
    latency: { ...defaultLatency, ...options.latency },
    store,
    jobs: new Map(),
    callCharges: new Map(),
    nextId: numberMaker(options.seed),
    queue: Promise.resolve(),
  }
  store.serve({
    settle: () => settleAll(desk),
    // A job that has not started loses its input with the object.
    gone(object) {
      for (const job of desk.jobs.values()) {
        const { phase } = momentOf(job.course, 0, desk.clock.now())
        if (job.input !== object || (phase !== 'queued' && phase !== 'pending')) continue
        job.problem = inputLost(job)
        job.course.failure = { keepsLines: false }
      }
    },
  })
  const router = createRouter(desk)
  return {
    name: 'vertex',
    prefix: '/vertex',
    scenarios: vertexScenarios.map(listingOf),
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
