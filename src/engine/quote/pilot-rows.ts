import {
  type Collected,
  emptyResult,
  emptyUsage,
  RESULT_BYTES,
  readResult,
  readUsage,
  USAGE_BYTES,
} from '../../delivery/result-index.ts'
import { outcomes } from '../../domain/outcome.ts'
import type { JobRow } from '../../stores/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { readWhole } from '../rows/read-whole.ts'
import type { RoutedManifest } from '../rows/routing.ts'
import { recordsOf } from '../rows/rows.ts'
import { ordinalsIn } from '../shards/plan.ts'
import { trialsOf } from './adopt-trials.ts'
import { digestOfJob } from './job-digest.ts'

const SUCCEEDED = outcomes.indexOf('succeeded')

/** A request of a pilot that was answered, and what the vendor bills it at. */
export interface PilotRow {
  /** In the whole input. */
  readonly ordinal: number
  readonly group: number
  /** That has answered. */
  readonly model: string
  /** Tokens of its prompt as the index has them, and as they were billed; and those of its answer. */
  readonly estimate: number
  readonly input: number
  readonly output: number
}

/** What pilots of this very input have measured: requests that were drawn at random, all over it. */
export async function pilotRows(ports: Ports, manifest: RoutedManifest, options: JobOptions): Promise<PilotRow[]> {
  const rows: PilotRow[] = []
  for (const job of await trialsOf(ports, digestOfJob(manifest, options)))
    if (job.state === 'landed' && sampleOf(job) !== undefined) rows.push(...(await rowsIn(ports, job)))
  return rows
}

/** The requests of an input that a pilot is of. */
export const sampleOf = ({ options }: JobRow): readonly number[] | undefined => (options as JobOptions).sample

async function rowsIn(ports: Ports, job: JobRow): Promise<PilotRow[]> {
  const sample = sampleOf(job) ?? []
  const rows: PilotRow[] = []
  const submissions = await ports.store.submissions({ jobId: job.id })
  for (const shard of await ports.store.shards(job.id)) {
    const settled = submissions.find(({ shardId, state }) => shardId === shard.id && state === 'settled')
    const { index, usage } = (settled?.collected ?? {}) as Partial<Collected>
    if (index === undefined || usage === undefined) continue
    const [results, used] = await Promise.all([readWhole(ports, index), readWhole(ports, usage)])
    const [result, billed] = [emptyResult(), emptyUsage()]
    const ordinals = await ordinalsIn(ports, [shard])
    let row = 0
    for await (const records of recordsOf(ports.blobs, job.input as RoutedManifest, shard)) {
      for (const { group, tokens } of records) {
        readResult(new DataView(results.buffer), row * RESULT_BYTES, result)
        readUsage(new DataView(used.buffer), row * USAGE_BYTES, billed)
        const ordinal = sample[ordinals[row] as number] as number
        row++
        if (result.outcome !== SUCCEEDED || !billed.billed) continue
        const { input, cachedInput, cacheWrite, cacheWrite5m, cacheWrite1h, output } = billed
        const prompt = input + cachedInput + cacheWrite + cacheWrite5m + cacheWrite1h
        rows.push({ ordinal, group, model: shard.model, estimate: tokens, input: prompt, output })
      }
    }
  }
  return rows
}
