import { without } from '../anthropic/without.ts'
import { compactJson } from '../compact-json.ts'
import { answerGenerate } from '../gemini/answer-generate.ts'
import { invalidArgument, type Problem, rpc } from '../gemini/errors.ts'
import type { RowFault } from '../gemini/faults.ts'
import { timestamp } from '../gemini/proto-json.ts'
import type { Line, Ran } from '../gemini/run-lines.ts'
import { isJson, type Json } from '../json.ts'
import type { PromptCache } from '../prompt-cache.ts'
import { outcomes } from '../row-table.ts'
import { tokensIn, type Usage } from '../usage.ts'
import { answerClaude } from './answer-claude.ts'
import { labelsProblem } from './create-checks.ts'
import type { JobModel } from './desk.ts'
import type { BatchFaults } from './faults.ts'

export interface RowMaker {
  readonly model: JobModel
  readonly seed: number
  readonly faults: BatchFaults
  readonly cache: PromptCache
  readonly fileProblem: (uri: string) => Problem | undefined
  readonly fault: (line: Line) => RowFault | undefined
  /** Epoch milliseconds at which a row is through. */
  readonly processedAt: (line: Line) => number
}

type Response = { readonly text: string; readonly usage: Usage } | { readonly problem: Problem }

/** Runs one line and writes its row of the predictions file: what was asked is echoed beside the answer. */
export function runRow(maker: RowMaker, line: Line): Ran {
  const fault = maker.fault(line)
  const claude = maker.model.publisher === 'anthropic'
  const id = claude ? line.record['custom_id'] : labelsOf(line.record)
  const done = (outcome: Ran['outcome'], output: string, usage: Usage | null): Ran => {
    return { outcome, output, usage, id, promptTokens: usage?.promptTokens ?? tokensIn(line.text) }
  }
  if (fault?.kind === 'missing') return done(outcomes.missing, '', null)
  const response = fault?.kind === 'error' ? { problem: fault.problem } : responseTo(maker, line, fault)
  const text = rowText(maker, line, response, fault?.kind === 'keyless')
  if ('problem' in response) return done(outcomes.failed, text, null)
  let output = text
  if (fault?.kind === 'twice') output += text
  if (fault?.kind === 'stranger') output += rowText(maker, strangerOf(line, claude), response, false)
  return done(outcomes.succeeded, output, response.usage)
}

function responseTo(maker: RowMaker, line: Line, fault: RowFault | undefined): Response {
  const request = line.record['request']
  if (!isJson(request)) return { problem: invalidArgument('Row has no request.') }
  const twist = fault?.kind === 'twist' ? fault.twist : undefined
  const { model, seed, cache } = maker
  try {
    if (model.publisher === 'anthropic') return answerClaude(request, model.model, seed, line.sha256, twist)
    const labels = request['labels']
    const wrong = isJson(labels) ? labelsProblem(labels) : undefined
    if (wrong !== undefined) return { problem: invalidArgument(wrong) }
    return answerGenerate(request, model.model, {
      seed,
      bodySha256: line.sha256,
      cache,
      twist,
      fileProblem: maker.fileProblem,
      explicitCache: () => invalidArgument('Explicit context caching is not supported for batch prediction.'),
      rules: vertexRules,
      finish: (response) => vertexResponse(response, 'ON_DEMAND', maker.processedAt(line)),
    })
  } catch (error) {
    // A schema that never ends, or a request nested past all reason, is the request's fault.
    if (!(error instanceof RangeError)) throw error
    return { problem: invalidArgument() }
  }
}

export const vertexRules = { extraFields: ['labels'], rolesRequired: true }

/** The response as this surface has it: no index of a candidate, no split of the prompt, and how it was served. */
export function vertexResponse(response: Json, trafficType: string, at: number): Json {
  const usage = without(response['usageMetadata'] as Json, 'promptTokensDetails', 'cacheTokensDetails')
  const candidates = response['candidates'] as readonly Json[] | undefined
  const { modelVersion, responseId } = response
  return {
    ...(candidates
      ? { candidates: candidates.map((candidate) => ({ ...without(candidate, 'index'), avgLogprobs: -0.01 })) }
      : { promptFeedback: response['promptFeedback'] }),
    usageMetadata: { ...usage, trafficType },
    modelVersion,
    createTime: timestamp(at, 6),
    responseId,
  }
}

function labelsOf({ request }: Json): unknown {
  return isJson(request) ? (request['labels'] ?? null) : null
}

/** A line that nobody sent: only its mark is new. */
function strangerOf(line: Line, claude: boolean): Line {
  const mark = `stranger-${line.sha256.slice(0, 12)}`
  const request = line.record['request'] as Json
  const record = claude
    ? { ...line.record, custom_id: mark }
    : { ...line.record, request: { ...request, labels: { stranger: mark } } }
  return { ...line, record }
}

function rowText(maker: RowMaker, line: Line, response: Response, keyless: boolean): string {
  const { record } = line
  const claude = maker.model.publisher === 'anthropic'
  const status = 'problem' in response ? statusText(response.problem, claude) : ''
  const answer = 'problem' in response ? '{}' : response.text
  if (claude) {
    const mark = keyless ? '' : `"custom_id":${JSON.stringify(record['custom_id'] ?? null)},`
    return `{${mark}"request":${compactJson(record['request'] ?? null)},"response":${answer},"status":${JSON.stringify(status)}}\n`
  }
  const request = echoOf(record['request'], keyless || maker.faults.dropsLabels === true)
  const extras = without(record, 'request')
  const more = maker.faults.echoesExtras && Object.keys(extras).length > 0 ? `,${compactJson(extras).slice(1, -1)}` : ''
  const processed = timestamp(maker.processedAt(line), 6).replace('Z', '+00:00')
  return `{"status":${JSON.stringify(status)},"processed_time":"${processed}","request":${request},"response":${answer}${more}}\n`
}

/** What was asked comes back as it was, its own labels included. */
function echoOf(request: unknown, withoutLabels: boolean): string {
  if (!withoutLabels || !isJson(request)) return compactJson(request ?? null)
  return compactJson(without(request, 'labels'))
}

const phrases: Record<number, string> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

/** Words for a person, with an error envelope in them. */
function statusText({ name, message }: Problem, claude: boolean): string {
  const { http } = rpc[name]
  const phrase = phrases[http] ?? 'Error'
  if (claude) return `${phrase}: ${message}`
  return `${phrase}: {"error": {"code": ${http}, "message": ${JSON.stringify(message)}, "status": "${name}"}}`
}
