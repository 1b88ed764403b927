import { idMaker } from '../gemini/desk.ts'
import { listingOf } from '../scenarios.ts'
import type { Vendor, VendorOptions } from '../server.ts'
import { createSwitchboard } from '../switchboard.ts'
import { storageScenarios } from './faults.ts'
import { createObjectStore, type ObjectStore } from './objects.ts'
import { createStorageRouter } from './router.ts'
import { createStorageUploads } from './uploads.ts'

export { storageScenarios }

/** The JSON API of Cloud Storage below `/gcs`: nothing is bought here, but Vertex reads from it and writes to it. */
export function createStorage(options: VendorOptions): Vendor & { readonly store: ObjectStore } {
  const switchboard = createSwitchboard(storageScenarios, options.seed)
  const store = createObjectStore(options.clock)
  const uploads = createStorageUploads(store, options.dir, idMaker('gcs', options.seed), options.log)
  return {
    name: 'gcs',
    prefix: '/gcs',
    scenarios: storageScenarios.map(listingOf),
    store,
    handle: createStorageRouter(store, uploads, switchboard),
    setScenarios: switchboard.set,
    activeScenarios: () => switchboard.active,
    charges: async () => [],
    purchases: async () => [],
    close: async () => undefined,
  }
}
