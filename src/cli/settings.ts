import { accessSync, constants, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { UsageError } from '../domain/errors.ts'
import { parseUsd } from '../domain/money.ts'
import type { Tier } from '../domain/usage.ts'
import type { JobSettings } from '../index.ts'
import { durationOf, instantOf, inZone, isZone } from '../kit/wall-time.ts'
import type { Flags } from './with-home.ts'

/** What `quote`, `run` and `submit` are told. */
export interface JobFlags extends Flags {
  readonly output?: string
  readonly by?: string
  readonly tz?: string
  readonly budget?: string
  readonly key?: string
  readonly tag?: readonly string[]
  readonly yes?: boolean
  readonly model?: string
  readonly prompt?: string
  readonly system?: string
  readonly image?: readonly string[]
  readonly file?: readonly string[]
  readonly schema?: string
  readonly answerColumn?: string
  readonly withCost?: boolean
  readonly onInvalidAnswer?: 'keep' | 'retry' | 'fail'
  readonly onTruncated?: 'grow' | 'split' | 'keep'
  readonly retries?: number
  readonly onUnsure?: 'wait' | 'rebuy'
  readonly skipInvalid?: boolean
  readonly rejects?: string
  readonly allowUnpriced?: boolean
  readonly shardRequests?: number
  readonly region?: string
  readonly ladder?: readonly Tier[]
  readonly orModel?: readonly string[]
  readonly preflight?: boolean
  readonly cache?: 'auto' | 'off' | 'plan'
  readonly dedupe?: boolean
  readonly reuse?: boolean
  readonly bestEffort?: boolean
  readonly rpm?: number
  readonly pilot?: number
  readonly keepRemote?: boolean
  readonly param?: readonly string[]
  readonly maxTokens?: number
  readonly temperature?: number
  readonly format?: 'csv' | 'tsv' | 'jsonl'
}

/** The flags as the library takes them; files are read, amounts and times checked. `by` stands apart: see `deadlineOf`. */
export async function settingsOf(flags: JobFlags): Promise<JobSettings> {
  const output = flags.output === undefined || flags.output === '-' ? undefined : writable(flags.output)
  return given({
    key: flags.key,
    budget: flags.budget === undefined ? undefined : amountOf(flags.budget),
    tags: flags.tag === undefined ? undefined : tagsOf(flags.tag),
    output,
    model: flags.model,
    prompt: flags.prompt === undefined ? undefined : await textOf('--prompt', flags.prompt),
    system: flags.system === undefined ? undefined : await textOf('--system', flags.system),
    images: flags.image,
    files: flags.file,
    schema: flags.schema === undefined ? undefined : await schemaOf(flags.schema),
    answerColumn: flags.answerColumn,
    withCost: flags.withCost,
    onInvalidAnswer: flags.onInvalidAnswer,
    onTruncated: flags.onTruncated,
    retries: flags.retries,
    onUnsure: flags.onUnsure,
    allowUnpriced: flags.allowUnpriced,
    shardRequests: flags.shardRequests,
    region: flags.region,
    ladder: flags.ladder,
    orModels: flags.orModel,
    cache: flags.cache,
    dedupe: flags.dedupe,
    reuse: flags.reuse,
    preflight: flags.preflight === false ? false : undefined,
    bestEffort: flags.bestEffort,
    requestsPerMinute: flags.rpm,
    keepRemote: flags.keepRemote,
    params: paramsOf(flags),
    format: flags.format,
  })
}

export interface Deadline {
  readonly at: Date
  /** As it was asked for, with its offset. */
  readonly text: string
}

/** When `--by` is, fixed once. */
export function deadlineOf({ by, tz }: JobFlags, now: number): Deadline | undefined {
  if (by === undefined) return undefined
  const zone = tz ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  if (!isZone(zone)) throw new UsageError(`--tz ${zone} is no time zone.`, 'Name one as Europe/Berlin.')
  const at = instantOf(by, now, zone)
  if (at === undefined) throw new UsageError(`--by ${by} is no time.`, 'Say 08:00, 6h, or 2026-11-25T08:00.')
  return { at: new Date(at), text: `${inZone(at, zone)} (${zone})` }
}

/** The absolute path, which can be written when the time comes: better to know now. */
export function writable(path: string): string {
  const output = resolve(path)
  const folder = dirname(output)
  try {
    if (!statSync(folder).isDirectory()) throw new UsageError(`-o ${path}: ${folder} is no folder.`)
    accessSync(folder, constants.W_OK)
  } catch (error) {
    if (error instanceof UsageError) throw error
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new UsageError(
      `-o ${path}: the folder ${folder} ${missing ? 'does not exist' : 'cannot be written'}.`,
      'Nothing was sent. Make the folder, or name another output.',
    )
  }
  if (statSync(output, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new UsageError(`-o ${path} is a folder.`, 'Name a file in it.')
  return output
}

/** `--month 2026-11`. */
export function monthOf(text: string): string {
  if (/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) return text
  throw new UsageError(`--month ${text} is no month.`, 'Say it as 2026-11.')
}

/** `--since`: `30d` ago, or a day. */
export function sinceOf(text: string, now: number): number {
  const ago = durationOf(text)
  const at = ago === undefined ? Date.parse(text) : now - ago
  if (Number.isNaN(at) || at > now)
    throw new UsageError(`--since ${text} is no time that has passed.`, 'Say 30d, or a day: 2026-11-01.')
  return at
}

/** `--budget`: plain decimal USD. */
export function amountOf(text: string): string {
  try {
    if (parseUsd(text) >= 0n) return text.trim()
  } catch {
    // said below
  }
  throw new UsageError(`--budget ${text} is no amount in USD.`, 'Say it as a plain decimal: --budget 2.50.')
}

/** A text as it stands, or of a file: `@prompt.txt`. `@@` begins a text that begins with @. */
async function textOf(flag: string, value: string): Promise<string> {
  if (!value.startsWith('@')) return value
  return value.startsWith('@@') ? value.slice(1) : read(flag, value.slice(1))
}

/** A list of allowed answers is a schema too. */
async function schemaOf(path: string): Promise<unknown> {
  const schema = jsonOf(
    await read('--schema', path),
    `--schema ${path}`,
    'It should be a JSON Schema, or a list of allowed answers.',
  )
  return Array.isArray(schema) ? { enum: schema } : schema
}

async function read(flag: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new UsageError(`${flag}: ${(error as Error).message}.`, 'Nothing was sent.')
  }
}

function paramsOf({ param = [], maxTokens, temperature }: JobFlags): Record<string, unknown> | undefined {
  const params: Record<string, unknown> = {}
  const put = (name: string, value: unknown): void => {
    if (name in params) throw new UsageError(`The parameter ${name} is given twice.`)
    params[name] = value
  }
  for (const text of param) {
    const [name, value] = pairOf('--param', text)
    put(name, jsonOf(value, `--param ${text}`, `The value should be JSON; a text is quoted: --param '${name}="low"'.`))
  }
  if (maxTokens !== undefined) put('max_completion_tokens', maxTokens)
  if (temperature !== undefined) put('temperature', temperature)
  return Object.keys(params).length === 0 ? undefined : params
}

export const tagsOf = (tags: readonly string[]): Record<string, string> =>
  Object.fromEntries(tags.map((tag) => pairOf('--tag', tag)))

function pairOf(flag: string, text: string): [string, string] {
  const at = text.indexOf('=')
  if (at <= 0) throw new UsageError(`${flag} ${text} has no "=".`, `Write ${flag} name=value.`)
  return [text.slice(0, at), text.slice(at + 1)]
}

function jsonOf(text: string, what: string, hint: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UsageError(`${what} is no JSON: ${(error as Error).message}.`, hint)
  }
}

/** Without what was not given. */
const given = <T extends object>(values: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
