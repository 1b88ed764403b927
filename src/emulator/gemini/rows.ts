import { isJson, type Json } from '../json.ts'
import type { PromptCache } from '../prompt-cache.ts'
import { outcomes } from '../row-table.ts'
import { tokensIn } from '../usage.ts'
import { answerEmbed } from './answer-embed.ts'
import { type Answer, answerGenerate, type Circumstances } from './answer-generate.ts'
import { invalidArgument, type Problem, rpc, statusOf } from './errors.ts'
import type { BatchFaults, FailureForm, RowFault } from './faults.ts'
import type { Model } from './models.ts'
import type { Line, Ran } from './run-lines.ts'

export interface RowMaker {
  readonly method: 'generate' | 'embed'
  readonly kind: 'file' | 'inline'
  readonly model: Model
  readonly seed: number
  readonly faults: BatchFaults
  readonly cache: PromptCache
  readonly fault: (line: Line) => RowFault | undefined
  readonly fileProblem: Circumstances['fileProblem']
  readonly explicitCache: Circumstances['explicitCache']
}

/** Runs one line and writes its row, as a result file or an inline result has it. */
export function runRow(maker: RowMaker, line: Line): Ran {
  const mark = markOf(line.record, maker.kind)
  const id = isJson(mark) ? mark['key'] : mark
  const fault = maker.fault(line)
  const promptTokens = tokensIn(line.text)
  const failed = (problem: Problem, form: FailureForm = 'error'): Ran => ({
    outcome: outcomes.failed,
    output: rowText(maker.kind, mark, failure(problem, form)),
    usage: null,
    id,
    promptTokens,
  })
  if (fault?.kind === 'error') return failed(fault.problem, fault.form)
  if (fault?.kind === 'missing') return { outcome: outcomes.missing, output: '', usage: null, id, promptTokens }
  const answer = answerTo(maker, line, fault)
  if ('problem' in answer) return failed(answer.problem)
  const response = `"response":${answer.text}`
  let output = rowText(maker.kind, fault?.kind === 'keyless' ? undefined : mark, response)
  if (fault?.kind === 'twice') output += output
  if (fault?.kind === 'stranger') {
    const key = `stranger-${line.sha256.slice(0, 12)}`
    output += rowText(maker.kind, maker.kind === 'file' ? key : { key }, response)
  }
  return {
    outcome: outcomes.succeeded,
    output,
    usage: answer.usage,
    id,
    promptTokens: answer.usage.promptTokens,
  }
}

function answerTo(maker: RowMaker, { record, sha256 }: Line, fault: RowFault | undefined): Answer {
  const request = record['request']
  if (!isJson(request)) return { problem: invalidArgument() }
  const twist = fault?.kind === 'twist' ? fault.twist : undefined
  const { model, seed, cache, fileProblem, explicitCache } = maker
  try {
    if (maker.method === 'embed') {
      return answerEmbed(request, model, seed, maker.faults.embedUsage ?? 'usageMetadata')
    }
    return answerGenerate(request, model, { seed, bodySha256: sha256, cache, twist, fileProblem, explicitCache })
  } catch (error) {
    // A schema that never ends, or a request nested past all reason, is the request's fault.
    if (!(error instanceof RangeError)) throw error
    return { problem: invalidArgument() }
  }
}

/** The client's own mark, which comes back as it is: `key` of a line, `metadata` of an inline request. */
function markOf(record: Json, kind: 'file' | 'inline'): unknown {
  return kind === 'file' ? record['key'] : record['metadata']
}

function failure(problem: Problem, form: FailureForm): string {
  const status = statusOf(problem)
  if (form === 'status') return `"status":${JSON.stringify(status)}`
  if (form === 'empty') return '"response":{}'
  if (form === 'http-code') return `"error":${JSON.stringify({ ...status, code: rpc[problem.name].http })}`
  return `"error":${JSON.stringify(status)}`
}

function rowText(kind: 'file' | 'inline', mark: unknown, content: string): string {
  if (mark === undefined) return `{${content}}\n`
  const text = JSON.stringify(mark)
  return kind === 'file' ? `{"key":${text},${content}}\n` : `{${content},"metadata":${text}}\n`
}
