import { UsageError } from '../domain/errors.ts'
import type { Input, JobOptions, Source, TableOptions } from '../engine/index.ts'
import { jobDefaults } from '../engine/index.ts'
import { tableSources } from './input-files.ts'
import type { JobInput, JobSettings } from './options.ts'

/** What a user hands over, as the engine takes it in. */
export async function inputOf(input: JobInput, settings: JobSettings): Promise<Input> {
  const table = settings.prompt !== undefined
  const paths =
    typeof input === 'string'
      ? [input]
      : Array.isArray(input) && input.every((part) => typeof part === 'string')
        ? (input as string[])
        : undefined
  if (paths !== undefined) {
    if (paths.length === 0)
      throw new UsageError('No input is named.', 'Give a file of batch lines, or rows with --prompt.')
    if (!table) return { kind: 'requests', sources: paths }
    return { kind: 'table', sources: await tableSources(paths, settings.format) }
  }
  const { first, all } = await peeked(input as AsyncIterable<unknown> | Iterable<unknown>)
  const bytes = first instanceof Uint8Array
  if (table) {
    return bytes
      ? { kind: 'table', sources: [{ source: all as Source, format: settings.format ?? 'jsonl' }] }
      : { kind: 'table', sources: [{ records: all }] }
  }
  return { kind: 'requests', sources: [bytes ? (all as Source) : linesOf(all)] }
}

async function peeked(
  input: AsyncIterable<unknown> | Iterable<unknown>,
): Promise<{ first: unknown; all: AsyncIterable<unknown> }> {
  const iterator = (
    Symbol.asyncIterator in input ? input[Symbol.asyncIterator]() : input[Symbol.iterator]()
  ) as AsyncIterator<unknown>
  const { done, value } = await iterator.next()
  const all = async function* (): AsyncIterable<unknown> {
    if (done === true) return
    yield value
    yield* { [Symbol.asyncIterator]: () => iterator }
  }
  return { first: value, all: all() }
}

const BLOCK = 1 << 20

async function* linesOf(requests: AsyncIterable<unknown>): AsyncIterable<Uint8Array> {
  let lines: string[] = []
  let size = 0
  for await (const request of requests) {
    const line = typeof request === 'string' ? request : JSON.stringify(request)
    lines.push(line, '\n')
    size += line.length
    if (size < BLOCK) continue
    yield Buffer.from(lines.join(''))
    lines = []
    size = 0
  }
  yield Buffer.from(lines.join(''))
}

/** @param input  decides what goes along by itself: files that are rows */
export async function optionsOf(settings: JobSettings, input: Input): Promise<JobOptions> {
  const table = settings.prompt === undefined ? undefined : await tableOf(settings, settings.prompt, input)
  if (table === undefined) {
    const only = (['system', 'schema', 'answerColumn', 'params', 'images', 'files'] as const).filter(
      (name) => settings[name] !== undefined,
    )
    if (only.length > 0) {
      throw new UsageError(
        `${only.join(', ')}: only for a table, which needs a prompt.`,
        'Add --prompt "… {{column}} …", or leave these out for batch lines.',
      )
    }
  }
  const { shardRequests, onTruncated } = settings
  if (onTruncated === 'split')
    throw new UsageError(
      'An answer that is cut off cannot be split: parts of one request would be other requests, with other answers.',
      'Ask for the rest of it with twice the limit by --on-truncated grow, or for less in each request.',
    )
  if (shardRequests !== undefined && !(Number.isInteger(shardRequests) && shardRequests > 0))
    throw new UsageError(`A shard cannot hold ${shardRequests} requests.`, 'Give a whole number from 1 on.')
  return {
    ...jobDefaults,
    ...(table === undefined ? (settings.model === undefined ? {} : { model: settings.model }) : { table }),
    ...(table === undefined && settings.withCost === true ? { withCost: true } : {}),
    ...(settings.retries === undefined ? {} : { retriesMax: settings.retries }),
    ...(shardRequests === undefined ? {} : { shardRequests }),
    ...(settings.onUnsure === undefined ? {} : { onUnsure: settings.onUnsure }),
    ...(settings.onInvalidAnswer === undefined ? {} : { onInvalidAnswer: settings.onInvalidAnswer }),
    ...(onTruncated === undefined ? {} : { onTruncated }),
    ...(settings.allowUnpriced === undefined ? {} : { allowUnpriced: settings.allowUnpriced }),
    ...(settings.region === undefined ? {} : { region: settings.region }),
    ...(settings.orModels === undefined ? {} : { orModels: settings.orModels }),
    ...(settings.preflight === undefined ? {} : { preflight: settings.preflight }),
    ...(settings.cache === undefined ? {} : { cache: settings.cache }),
    ...(settings.dedupe === undefined ? {} : { dedupe: settings.dedupe }),
    ...(settings.reuse === undefined ? {} : { reuse: settings.reuse }),
    ...(settings.ladder === undefined ? {} : { ladder: settings.ladder }),
    ...(settings.bestEffort === undefined ? {} : { bestEffort: settings.bestEffort }),
    ...(settings.requestsPerMinute === undefined ? {} : { requestsPerMinute: settings.requestsPerMinute }),
    ...(settings.keepRemote === undefined ? {} : { keepRemote: settings.keepRemote }),
    budget: settings.budget === undefined ? null : String(settings.budget),
    output: settings.output ?? null,
  }
}

async function tableOf(settings: JobSettings, prompt: string, input: Input): Promise<TableOptions> {
  if (settings.model === undefined) throw new UsageError('A table needs a model.', 'Name it: --model gpt-5-mini.')
  const attachments = attachmentsOf(settings, input)
  return {
    prompt,
    system: settings.system ?? null,
    model: settings.model,
    schema: settings.schema === undefined ? null : await jsonSchemaOf(settings.schema),
    answerColumn: settings.answerColumn ?? null,
    withCost: settings.withCost === true,
    params: settings.params ?? {},
    ...(attachments.length === 0 ? {} : { attachments }),
  }
}

function attachmentsOf({ images, files }: JobSettings, input: Input): NonNullable<TableOptions['attachments']> {
  if (images !== undefined || files !== undefined) {
    return [
      ...[images ?? []].flat().map((from) => ({ as: 'image', from }) as const),
      ...[files ?? []].flat().map((from) => ({ as: 'file', from }) as const),
    ]
  }
  const rowsAreFiles = input.kind === 'table' && input.sources.some((source) => 'files' in source)
  return rowsAreFiles ? [{ as: 'file', from: '{{path}}' }] : []
}

/** A zod schema becomes the JSON Schema of what it accepts. */
async function jsonSchemaOf(schema: unknown): Promise<unknown> {
  if (typeof schema !== 'object' || schema === null || !('_zod' in schema)) return schema
  const { z } = await import('zod')
  return z.toJSONSchema(schema as never)
}
