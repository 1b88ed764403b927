import { isJson, type Json } from '../json.ts'
import { embeddingInputs } from './answer-embeddings.ts'
import type { BatchError } from './faults.ts'
import { type Model, modelNamed } from './models.ts'

export const limits = {
  requestsMax: 50_000,
  embeddingInputsMax: 50_000,
  batchFileBytesMax: 200_000_000,
  fileBytesMax: 512_000_000,
  batchesPerHourMax: 2_000,
  uploadsPerMinuteMax: 1_000,
  metadataPairsMax: 16,
  metadataKeyMax: 64,
  metadataValueMax: 512,
  /** How many errors of one file are told; the vendor does not say. */
  errorsMax: 100,
}

export interface ParsedLine {
  readonly customId: string
  readonly body: Json
}

export interface Validator {
  /** The line, when nothing is wrong with it. */
  check(text: string, line: number): ParsedLine | undefined
  /** Everything found, file-wide limits included. */
  finish(lines: number): BatchError[]
  readonly errors: readonly BatchError[]
  readonly model: string | null
}

/** Checks the lines of one input file, in order, as the batch's validation does: all errors are gathered, none stops it. */
export function createValidator(
  endpoint: string,
  unsupported: (model: Model) => boolean,
  requestsMax: number,
  /** Lines have neither method nor address, nor need they a model: those are the job's. */
  bare?: { readonly model: string | null },
): Validator {
  const errors: BatchError[] = []
  const seen = new Set<string>()
  let model: string | null = null
  let inputs = 0
  const fail = (line: number | null, code: string, message: string, param: string | null) => {
    if (errors.length < limits.errorsMax) errors.push({ code, message, param, line })
    return undefined
  }
  const missing = (line: number, param: string) =>
    fail(line, 'missing_required_parameter', `Missing required parameter: '${param}'.`, param)

  const completed = (record: Json, named: string | null): Json => {
    const { body } = record
    return {
      ...record,
      method: 'POST',
      url: endpoint,
      body: named === null || !isJson(body) ? body : { ...body, model: named },
    }
  }

  const checkBody = (body: Json, line: number): boolean => {
    const before = errors.length
    const name = body['model']
    if (typeof name !== 'string' || name === '') {
      fail(line, 'invalid_request', 'Model parameter is required.', 'body.model')
    } else {
      const known = modelNamed(name)
      if (!known?.batchable || unsupported(known)) {
        fail(line, 'model_not_found', `The provided model '${name}' is not supported by the Batch API.`, 'body.model')
      } else if (model !== null && name !== model) {
        const message = `The model '${name}' for this request does not match the rest of the batch. Each batch must contain requests for a single model.`
        fail(line, 'mismatched_model', message, 'body.model')
      }
      model ??= name
    }
    if (endpoint === '/v1/chat/completions' && body['messages'] === undefined) {
      fail(line, 'invalid_request', 'Messages parameter is required.', 'body.messages')
    }
    if (endpoint === '/v1/embeddings') {
      const input = embeddingInputs(body['input'])
      if (input === undefined) fail(line, 'invalid_request', 'Input parameter is required.', 'body.input')
      inputs += input?.length ?? 0
    }
    if (body['stream'] === true) {
      const what = endpoint === '/v1/responses' ? 'Responses' : 'Chat Completions'
      fail(line, 'streaming_unsupported', `${what}: Streaming is not supported in the Batch API.`, 'body.stream')
    }
    return errors.length === before
  }

  return {
    errors,
    get model() {
      return model
    },
    check(text, line) {
      let record: unknown
      try {
        record = JSON.parse(text)
      } catch {
        record = undefined
      }
      if (!isJson(record)) return fail(line, 'invalid_json_line', 'This line is not parseable as valid JSON.', null)
      const { custom_id: customId, method, url, body } = bare ? completed(record, bare.model) : record
      let sound = true
      const broken = (param: string) => {
        missing(line, param)
        sound = false
      }
      if (customId === undefined || customId === null || customId === '') broken('custom_id')
      else if (typeof customId !== 'string') {
        const message = `Invalid type for 'custom_id': expected a string, but got ${articleOf(customId)} instead.`
        fail(line, 'invalid_type', message, 'custom_id')
        sound = false
      } else if (seen.has(customId)) {
        const message = `The custom_id '${customId}' for this request is a duplicate of another request. The custom_id parameter must be unique for each request in a batch.`
        fail(line, 'duplicate_custom_id', message, 'custom_id')
        sound = false
      } else seen.add(customId)
      if (method === undefined || method === null) broken('method')
      else if (method !== 'POST') {
        fail(line, 'invalid_value', `Invalid value: '${String(method)}'. Supported values are: 'POST'.`, 'method')
        sound = false
      }
      if (url === undefined || url === null) broken('url')
      else if (url !== endpoint) {
        fail(line, 'invalid_url', 'The URL provided for this request does not match the batch endpoint.', 'url')
        sound = false
      }
      if (body === undefined || body === null) broken('body')
      else if (!isJson(body)) {
        fail(
          line,
          'invalid_type',
          `Invalid type for 'body': expected an object, but got ${articleOf(body)} instead.`,
          'body',
        )
        sound = false
      } else if (!checkBody(body, line)) sound = false
      return sound ? { customId: customId as string, body: body as Json } : undefined
    },
    finish(lines) {
      if (lines === 0) fail(null, 'empty_file', 'The input file is empty.', null)
      if (lines > requestsMax) {
        const message = `The number of requests in the input file (${lines}) exceeds the maximum of ${requestsMax} requests per batch.`
        errors.unshift({ code: 'too_many_tasks', message, param: null, line: null })
      }
      if (inputs > limits.embeddingInputsMax) {
        const message = `The number of embedding inputs across all requests (${inputs}) exceeds the maximum of ${limits.embeddingInputsMax} inputs per batch.`
        errors.unshift({ code: 'too_many_embedding_inputs', message, param: null, line: null })
      }
      return errors
    },
  }
}

export function articleOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal number'
  return `a ${typeof value}`
}
