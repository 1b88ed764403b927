import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { chanceOf, digest } from '../chance.ts'
import { compactJson } from '../compact-json.ts'
import type { Json } from '../json.ts'
import { createTextFile, lineBlocks } from '../lines.ts'
import { createPromptCache } from '../prompt-cache.ts'
import { createRowTable, outcomes, type RowOutcome, type RowTable } from '../row-table.ts'
import { createShuffle } from '../shuffle.ts'
import { tokensIn, type Usage } from '../usage.ts'
import { answerTo } from './answers.ts'
import type { Course } from './course.ts'
import { errorLine } from './error-line.ts'
import type { BatchError, RowFault } from './faults.ts'
import type { ErrorRow, Likeness } from './likeness.ts'
import { type Model, modelNamed } from './models.ts'
import { createValidator, limits } from './validate.ts'

/** A batch's input read through once: what is wrong with it, or what comes of each line. */
export interface Scan {
  readonly lines: number
  readonly errors: readonly BatchError[]
  readonly model: Model | null
  readonly rows: RowTable
  /** Prompt tokens (embeddings: requests) that wait in the queue for this batch. */
  readonly enqueuedTokens: number
  readonly idsDigest: string
  readonly outputPath: string
  readonly errorPath: string
  /** One `[custom_id, body sha256, line, paid]` a line, in the order of execution. */
  readonly idsPath: string
}

export interface ScanOptions {
  readonly batchId: string
  readonly likeness: Likeness
  /** Of all lines, where the purchase names it. */
  readonly model: string | null
  readonly endpoint: string
  /** Null for a batch whose file does not exist: it has no lines, and has failed already. */
  readonly inputPath: string | null
  readonly dir: string
  readonly seed: number
  readonly course: Course
  readonly judge: (bodySha256: string, bodyText: string) => RowFault | undefined
  readonly byLine: ((line: number) => RowFault | undefined) | undefined
  readonly poison: string | undefined
  readonly unsupported: (model: Model) => boolean
  readonly shuffle: boolean
  readonly knowsFile: (id: string) => boolean
}

/** A finished line, waiting to be written. */
interface Done {
  readonly outcome: RowOutcome
  readonly output: string
  readonly error: string
  readonly usage: Usage | null
  readonly id: string
}

const shuffleRows = 2_000
const shuffleChars = 8 << 20

/**
 * Reads, checks and answers an input file in one pass and bounded memory. Lines come out in a seeded order that is not
 * the input's: the vendor promises none, and a client that joins by position must be caught.
 */
export async function scanBatch(options: ScanOptions): Promise<Scan> {
  const { batchId, endpoint, dir } = options
  const paths = ['output', 'error', 'ids'].map((part) => join(dir, `${batchId}.${part}`)) as [string, string, string]
  const [output, error, ids] = await Promise.all([
    createTextFile(paths[0]),
    createTextFile(paths[1]),
    createTextFile(paths[2]),
  ])
  const { dress, requestsMax = limits.requestsMax } = options.likeness
  const validator = createValidator(
    endpoint,
    options.unsupported,
    requestsMax,
    dress?.bareRows && { model: options.model },
  )
  const rows = createRowTable()
  const cache = createPromptCache()
  const shuffle = createShuffle<Done>(chanceOf('order', options.seed, batchId), {
    items: options.shuffle ? shuffleRows : 0,
    size: shuffleChars,
    sizeOf: (done) => done.output.length + done.error.length,
  })
  let lines = 0
  let enqueuedTokens = 0
  const idsDigest = createHash('sha256')
  let poisoned = false
  const emit = async (done: Done) => {
    rows.add(done.outcome, Buffer.byteLength(done.output), Buffer.byteLength(done.error), done.usage)
    await Promise.all([output.add(done.output), error.add(done.error), ids.add(done.id)])
  }
  try {
    let number = 0
    const blocks = options.inputPath === null ? [] : lineBlocks(options.inputPath)
    for await (const block of blocks) {
      for (const bytes of block) {
        number++
        if (bytes.length === 0) continue
        lines++
        if (lines > requestsMax) continue
        const parsed = validator.check(isUtf8(bytes) ? bytes.toString('utf8') : '', number)
        if (!parsed || validator.errors.length > 0) continue
        const bodyText = compactJson(parsed.body)
        if (options.poison !== undefined && bodyText.includes(options.poison)) poisoned = true
        const bodySha256 = digest(bodyText)
        idsDigest.update(`${parsed.customId}\n`)
        const done = runLine(options, cache, parsed.customId, parsed.body, bodyText, bodySha256, number)
        enqueuedTokens += endpoint === '/v1/embeddings' ? 1 : (done.usage?.promptTokens ?? tokensIn(bodyText))
        for (const out of shuffle.add(done)) await emit(out)
      }
    }
    for (const out of shuffle.drain()) await emit(out)
  } finally {
    await Promise.all([output.close(), error.close(), ids.close()])
  }
  const found = validator.finish(lines)
  const errors = poisoned && found.length === 0 ? [poisonError] : found
  const model = validator.model === null ? null : (modelNamed(validator.model) ?? null)
  return {
    lines,
    errors,
    model,
    rows,
    enqueuedTokens,
    idsDigest: idsDigest.digest('hex'),
    outputPath: paths[0],
    errorPath: paths[1],
    idsPath: paths[2],
  }
}

const poisonError: BatchError = {
  code: 'invalid_request',
  message: 'The batch could not be processed because of an invalid request in the input file.',
  param: null,
  line: null,
}

function runLine(
  options: ScanOptions,
  cache: ReturnType<typeof createPromptCache>,
  customId: string,
  body: Json,
  bodyText: string,
  bodySha256: string,
  line: number,
): Done {
  const fault = options.byLine?.(line) ?? options.judge(bodySha256, bodyText)
  const requestId = digest(options.batchId, line).slice(0, 32)
  const id = `batch_req_${requestId.slice(0, 24)}`
  const idLine = (paid: boolean) => `${JSON.stringify([customId, bodySha256, line, paid])}\n`
  const failed = (outcome: RowOutcome, response: ErrorRow['response'], error: ErrorRow['error']): Done => {
    const text = errorLine(options, { id, custom_id: customId, response, error })
    return { outcome, output: '', error: text, usage: null, id: idLine(false) }
  }
  const httpFailure = (status: number, error: unknown) =>
    failed(outcomes.failed, { status_code: status, request_id: requestId, body: error }, null)
  if (fault?.kind === 'http') return httpFailure(fault.error.status, fault.error.body)
  if (fault?.kind === 'error') return failed(outcomes.failed, null, { code: fault.code, message: fault.message })
  if (fault?.kind === 'status-0')
    return failed(outcomes.uncounted, { status_code: 0, request_id: '', body: null }, null)
  if (fault?.kind === 'missing')
    return { outcome: outcomes.missing, output: '', error: '', usage: null, id: idLine(false) }
  const { max_completion_tokens: limit, ...older } = body
  const { newerNames } = options.likeness
  if (newerNames === 'refused' && limit !== undefined)
    return httpFailure(422, extraForbidden('max_completion_tokens', limit))
  const answer = answerTo(options.endpoint, newerNames === undefined ? body : older, {
    seed: options.seed,
    bodySha256,
    createdAt: answeredAt(options.course, bodySha256),
    cache,
    serviceTier: 'default',
    twist: fault?.kind === 'twist' ? fault.twist : undefined,
    knowsFile: options.knowsFile,
  })
  if ('error' in answer) return httpFailure(answer.status, answer.error.body)
  const line200 = (rowId: string, shownId: string | null) =>
    `{"id":"${rowId}","custom_id":${JSON.stringify(shownId)},"response":{"status_code":200,"request_id":"${requestId}","body":${answer.text}},"error":null}\n`
  let output = line200(id, fault?.kind === 'null-id' ? null : customId)
  if (fault?.kind === 'twice') output += output
  if (fault?.kind === 'stranger') output += line200(`${id}x`, `stranger-${requestId.slice(0, 12)}`)
  return { outcome: outcomes.succeeded, output, error: '', usage: answer.usage, id: idLine(true) }
}

/** As Mistral tells of a member that it does not know. */
const extraForbidden = (name: string, input: unknown): Json => ({
  object: 'error',
  message: { detail: [{ type: 'extra_forbidden', loc: ['body', name], msg: 'Extra inputs are not permitted', input }] },
  type: 'invalid_request_error',
  param: null,
  code: null,
})

/** Some second while the batch was in progress, always the same for a body. */
function answeredAt(course: Course, bodySha256: string): number {
  const start = Number.isFinite(course.validatedAt) ? course.validatedAt : course.createdAt
  const share = Number.parseInt(bodySha256.slice(0, 6), 16) / 0x100_0000
  return Math.floor((start + share * course.runMs) / 1000)
}
