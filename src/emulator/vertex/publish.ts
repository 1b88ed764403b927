import { copyFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { checksumsOf } from '../gcs/objects.ts'
import type { Moment } from '../gemini/course.ts'
import { createTextFile, lineBlocks } from '../lines.ts'
import type { Totals } from '../row-table.ts'
import { type Desk, type JobRecord, parsedUri } from './desk.ts'
import { outputDirectory } from './view.ts'

/** Lays the rows that were finished into the bucket, as one file or several. */
export async function publish(desk: Desk, job: JobRecord, { phase }: Moment, totals: Totals): Promise<void> {
  const { scan, faults } = job
  if (!scan) return
  const { bucket = '', name = '' } = parsedUri(outputDirectory(job)) ?? {}
  const path = join(desk.dir, `vertex-${job.id}.${phase}.predictions`)
  await copyFile(scan.outputPath, path)
  await truncate(path, totals.outputBytes)
  const shards = faults.shards ?? 1
  const paths = shards > 1 ? await cut(path, shards) : [path]
  for (const [index, each] of paths.entries()) {
    const file = shards > 1 ? `predictions_${String(index + 1).padStart(4, '0')}.jsonl` : 'predictions.jsonl'
    const object = { bucket, name: `${name}/${file}`, contentType: 'application/octet-stream', metadata: undefined }
    const sums = await checksumsOf(each, Number.POSITIVE_INFINITY)
    desk.store.put({ ...object, path: each }, sums)
  }
}

/** Deals the lines out to so many files, in turn. */
async function cut(path: string, shards: number): Promise<string[]> {
  const paths = Array.from({ length: shards }, (_, index) => `${path}.${index}`)
  const files = await Promise.all(paths.map((each) => createTextFile(each)))
  let row = 0
  for await (const block of lineBlocks(path)) {
    for (const line of block) await files[row++ % shards]?.add(`${line.toString('utf8')}\n`)
  }
  await Promise.all(files.map((file) => file.close()))
  return paths
}
