import { writeSync } from 'node:fs'
import { blobStores, named } from './implementations.ts'

/** A process of its own over a shared home: `node blob-store-child.ts <store> <home> <act>`. */
const [storeName, home = '', act] = process.argv.slice(2)
const blobs = named(blobStores, storeName).open(home)
const chunk = new Uint8Array(300_000).fill(7)

if (act === 'commitAloud') {
  const writer = await blobs.put('jobs/job_a/segment-0')
  await writer.write(chunk)
  writeSync(1, 'commit begins')
  await writer.commit()
  writeSync(1, 'commit done')
}

/** Writes on until it is killed. */
if (act === 'writeForEver') {
  const writer = await blobs.put('jobs/job_a/segment-0')
  for (let chunks = 0; ; chunks++) {
    await writer.write(chunk)
    if (chunks === 20) writeSync(1, 'well under way')
  }
}
