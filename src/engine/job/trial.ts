import type { Collected } from '../../delivery/result-index.ts'
import { ResultWalk } from '../../delivery/windows.ts'
import { UsageError } from '../../domain/errors.ts'
import { outcomes } from '../../domain/outcome.ts'
import type { Usage } from '../../domain/usage.ts'
import { vendorOf } from '../../domain/usage.ts'
import { randomId } from '../../kit/ids.ts'
import type { Quote } from '../../pricing/quote.ts'
import type { JobRow } from '../../stores/contract.ts'
import { flownOf } from '../harvest/flown.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { trialsOf } from '../quote/adopt-trials.ts'
import { digestOfJob } from '../quote/job-digest.ts'
import { sampleOf } from '../quote/pilot-rows.ts'
import type { RoutedManifest } from '../rows/routing.ts'
import { everyRequest, everyRow, recordsOf, Segments } from '../rows/rows.ts'
import { lanesOf } from '../shards/ladder.ts'
import { ordinalsIn, planShards } from '../shards/plan.ts'
import { costReader } from './deliver.ts'
import { newJob } from './new-job.ts'
import { headOf } from './part-of.ts'
import { type ResultItem, resultItems } from './results.ts'
import { forget, type TakenIn } from './submit.ts'

/**
 * A job of the first requests of an input, that flies at once on the lane that answers soonest. Tried before, it is the
 * same job again, and nothing is bought twice. What was taken in is let go of.
 * @throws UsageError where a model is not sold request by request
 */
export async function createTrial(
  ports: Ports,
  taken: TakenIn,
  options: JobOptions,
  { requests, tags }: { readonly requests: number; readonly tags: JobRow['tags'] },
): Promise<JobRow> {
  const { manifest } = taken
  const digest = digestOfJob(manifest, options)
  const count = Math.min(requests, manifest.requests)
  const known = (await trialsOf(ports, digest)).find((job) => sampleOf(job) === undefined && job.requests >= count)
  if (known !== undefined) {
    await forget(ports, taken)
    return known
  }
  await checkSold(ports, taken)
  const head = await headOf(ports, manifest, count, `intake/${randomId('try')}`)
  if (!head.keepsAll) await forget(ports, taken)
  return flyTrial(ports, head.manifest, options, { digest, quote: null, tags })
}

/** Lanes that answer at once; an engine of one's own has no other. */
export const trialLadder = ['standard', 'idle'] as const

/** @throws UsageError where a model is not sold request by request; what was taken in is let go of then */
export async function checkSold(ports: Ports, taken: TakenIn): Promise<void> {
  const unsold = taken.manifest.routes.find((route) => lanesOf(ports.vendors, route, trialLadder).length === 0)
  if (unsold === undefined) return
  await forget(ports, taken)
  throw new UsageError(
    `${vendorOf(unsold.lane)} answers no single requests of ${unsold.model} here.`,
    'Nothing was sent. Fly a small file instead.',
  )
}

/** @param of.digest  of the job that the requests are tried for */
export async function flyTrial(
  ports: Ports,
  manifest: RoutedManifest,
  options: JobOptions,
  { digest, quote, tags }: { readonly digest: string; readonly quote: Quote | null; readonly tags: JobRow['tags'] },
): Promise<JobRow> {
  const own: JobOptions = {
    ...options,
    ladder: trialLadder,
    output: null,
    retriesMax: 0,
    preflight: false,
    trial: true,
  }
  const id = randomId('job')
  const of = { jobId: id, manifest, options: own, deadline: null, round: 0 }
  const shards = await planShards(ports, of, everyRow(manifest))
  const now = ports.clock.now()
  const { requests } = manifest
  const job = newJob({ id, digest, tags, requests, createdAt: now, input: manifest, options: own, quote })
  await ports.store.createJob(job, shards, [{ jobId: id, at: now, type: 'tried', data: { requests } }])
  return job
}

/** One request of a trial, and what came of it. */
export interface Tried extends Pick<ResultItem, 'index' | 'id' | 'answer' | 'error'> {
  readonly model: string
  readonly outcome: (typeof outcomes)[number]
  /** What was asked, as far as it can be told in a few words. */
  readonly prompt: string
  readonly tokens: Usage
  /** Null: not known. */
  readonly seconds: number | null
  /** Decimal USD; null: no price is known. */
  readonly usd: string | null
}

/** What came of a trial that is home. */
export async function triedOf(ports: Ports, job: JobRow): Promise<Tried[]> {
  const manifest = job.input as RoutedManifest
  const items = await Array.fromAsync(resultItems(ports, job))
  const prompts = await promptsOf(ports, manifest)
  const seconds = await secondsOf(ports, job)
  const flown = await flownOf(ports, job.id)
  const costs = await Promise.all(manifest.routes.map(({ model }) => costReader(ports, job, model, flown)))
  const walk = new ResultWalk(ports.blobs, manifest, flown)
  const tried: Tried[] = []
  try {
    for await (const window of walk.lines()) {
      for (let at = 0; at < window.count; at++) {
        const index = window.first + at
        const { id, answer, error, outcome } = items[index] as ResultItem
        const [start, length] = [window.at[at] as number, window.length[at] as number]
        const cost = costs[window.group[at] as number]
        const paid = length === 0 ? undefined : cost?.(window.bytes, start, start + length, window.winner[at] as number)
        const { model = '', usd = '', tokens = {} } = paid ?? {}
        tried.push({
          index,
          id,
          model,
          prompt: prompts[index] ?? '',
          answer,
          error,
          outcome: outcomes[outcome] ?? 'missing',
          tokens,
          seconds: seconds.get(index) ?? null,
          usd: usd === '' ? null : usd,
        })
      }
    }
  } finally {
    await walk.close()
  }
  return tried
}

/** Of requests that are one row each. */
async function secondsOf(ports: Ports, { id, input }: JobRow): Promise<Map<number, number>> {
  const seconds = new Map<number, number>()
  if ((input as RoutedManifest).rows !== undefined) return seconds
  const submissions = await ports.store.submissions({ jobId: id })
  for (const shard of await ports.store.shards(id)) {
    const { ms } = (submissions.find(({ shardId }) => shardId === shard.id)?.collected ?? {}) as Partial<Collected>
    const ordinals = await ordinalsIn(ports, [shard])
    for (const [row, took] of (ms ?? []).entries()) if (took !== null) seconds.set(ordinals[row] as number, took / 1000)
  }
  return seconds
}

async function promptsOf({ blobs }: Ports, manifest: RoutedManifest): Promise<string[]> {
  const prompts: string[] = []
  const segments = new Segments(blobs, manifest)
  try {
    for await (const records of recordsOf(blobs, manifest, everyRequest(manifest))) {
      for (const [at, record] of records.entries()) {
        if (!segments.holds(record)) await segments.load(records, at)
        const body = Buffer.alloc(record.bodyLength)
        segments.copy(record, 0, record.bodyLength, body, 0)
        prompts.push(promptIn(JSON.parse(body.toString()) as Readonly<Record<string, unknown>>))
      }
    }
  } finally {
    await segments.close()
  }
  return prompts
}

/** The last that was said, whatever the dialect calls it. */
function promptIn(body: Readonly<Record<string, unknown>>): string {
  const said = [body['messages'], body['contents'], body['input'], body['content'], body['prompt']].find(
    (one) => one !== undefined,
  )
  return textIn(Array.isArray(said) ? said.at(-1) : said)
}

function textIn(said: unknown): string {
  if (typeof said === 'string') return said
  if (Array.isArray(said))
    return said
      .map(textIn)
      .filter((text) => text !== '')
      .join(' ')
  const { text, content, parts } = (said ?? {}) as { text?: unknown; content?: unknown; parts?: unknown }
  return text === undefined && content === undefined && parts === undefined ? '' : textIn(text ?? content ?? parts)
}
