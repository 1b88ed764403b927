import * as anthropicReadReply from './anthropic/read-reply.ts'
import * as anthropicReadRequest from './anthropic/read-request.ts'
import * as anthropicWriteReply from './anthropic/write-reply.ts'
import * as anthropicWriteRequest from './anthropic/write-request.ts'
import type { Conversation } from './conversation.ts'
import { writeError } from './errors.ts'
import { parseExact, pathOfWideNumber } from './exact-json.ts'
import * as geminiReadReply from './gemini/read-reply.ts'
import * as geminiReadRequest from './gemini/read-request.ts'
import * as geminiWriteReply from './gemini/write-reply.ts'
import * as geminiWriteRequest from './gemini/write-request.ts'
import { factsOf } from './models.ts'
import * as chatReadReply from './openai-chat/read-reply.ts'
import * as chatReadRequest from './openai-chat/read-request.ts'
import * as chatWriteReply from './openai-chat/write-reply.ts'
import * as chatWriteRequest from './openai-chat/write-request.ts'
import * as responsesReadReply from './openai-responses/read-reply.ts'
import * as responsesReadRequest from './openai-responses/read-request.ts'
import * as responsesWriteReply from './openai-responses/write-reply.ts'
import * as responsesWriteRequest from './openai-responses/write-request.ts'
import { type Choice, isFailure, type Reply } from './reply.ts'
import { type ChatDialect, isRecord, type Json, type RequestOptions, Translation } from './translation.ts'
import { Untranslatable } from './untranslatable.ts'
import type { Warning } from './warnings.ts'

/** Four readers and four writers about one neutral shape make all pairs. */
interface Speech {
  readRequest(t: Translation, body: Json): Conversation
  writeRequest(t: Translation, conversation: Conversation): Json
  readReply(body: Json): Reply
  writeReply(t: Translation, reply: Reply): Json
}

const speeches: Readonly<Record<ChatDialect, Speech>> = {
  'openai-chat': { ...chatReadRequest, ...chatWriteRequest, ...chatReadReply, ...chatWriteReply },
  'openai-responses': {
    ...responsesReadRequest,
    ...responsesWriteRequest,
    ...responsesReadReply,
    ...responsesWriteReply,
  },
  anthropic: { ...anthropicReadRequest, ...anthropicWriteRequest, ...anthropicReadReply, ...anthropicWriteReply },
  gemini: { ...geminiReadRequest, ...geminiWriteRequest, ...geminiReadReply, ...geminiWriteReply },
}

/** A body as JSON text, its bytes, or its value. Only of text can be told whether all its numbers fit a double. */
export type BodyInput = string | Uint8Array | Json

export interface TranslatedRequest {
  readonly body: Json
  readonly warnings: readonly Warning[]
}

/**
 * The body of a request in the dialect of the lane. What is near but not the same is in `warnings`.
 * @throws Untranslatable (`untranslatable`) with the JSON path of what the lane cannot be told; nothing is left out
 *   in silence
 */
export function translateRequest(
  from: ChatDialect,
  to: ChatDialect,
  input: BodyInput,
  options: RequestOptions = {},
): TranslatedRequest {
  const { value, wide } = valueOf(input)
  if (!isRecord(value)) throw new Untranslatable('', to, 'it is no JSON object')
  if (from === to) return { body: withModel(value, to, options.model), warnings: [] }
  if (wide) throw new Untranslatable(pathOfWideNumber(value) ?? '', to, 'a double does not hold this number')
  const model = options.model ?? (typeof value['model'] === 'string' ? value['model'] : undefined)
  const t = new Translation(from, to, factsOf(to, model), options)
  const conversation = speeches[from].readRequest(t, value)
  conversation.model = model
  if (model === undefined && to !== 'gemini') t.refuse('model', 'no model is named')
  return { body: speeches[to].writeRequest(t, conversation), warnings: t.warnings }
}

/** Gemini has the model in its address. */
const withModel = (body: Json, dialect: ChatDialect, model: string | undefined): Json =>
  model === undefined || dialect === 'gemini' ? body : { ...body, model }

function valueOf(input: BodyInput): { readonly value: unknown; readonly wide: boolean } {
  if (typeof input !== 'string' && !(input instanceof Uint8Array)) return { value: input, wide: false }
  const text =
    typeof input === 'string' ? input : Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString()
  try {
    return parseExact(text)
  } catch {
    return { value: undefined, wide: false } // not JSON, which is no object either
  }
}

export interface ResponseOptions {
  /** What an answer without an id, time (epoch seconds) or model of its own is given. */
  readonly id: string
  readonly created: number
  readonly model: string
}

export interface TranslatedResponse {
  /** 200, or the status of the error the answer became: it was not finished, or not in words `to` has. */
  readonly status: number
  readonly body: Json
  readonly warnings: readonly Warning[]
}

/**
 * A successful answer of a lane, in the dialect that asked for it. Everything the vendor said that this dialect has no
 * place for is in `redeye`: `{dialect, stop, rest}`, with the vendor's own word for why the model stopped, and the
 * other fields as they came, by their JSON path. Never throws: an answer was paid for.
 */
export function translateResponse(
  from: ChatDialect,
  to: ChatDialect,
  input: BodyInput,
  options: ResponseOptions,
): TranslatedResponse {
  const { value } = valueOf(input)
  if (from === to && isRecord(value)) return { status: 200, body: value, warnings: [] }
  const t = new Translation(from, to, factsOf(to, undefined))
  if (!isRecord(value))
    return failed(t, 'unreadable_answer', 'The answer of the vendor is no JSON object.', value ?? null)
  try {
    const reply = speeches[from].readReply(value)
    const kept = keepGood(t, reply, value)
    if (kept.length === 0) return failedReply(t, reply, value)
    if (reply.sealed !== undefined) t.warn('reasoning_dropped', reply.sealed)
    const words = kept.map((choice) => choice.word)
    reply.choices = kept
    fillIn(t, reply, options)
    const body = speeches[to].writeReply(t, reply)
    keepRest(to, reply)
    const rest = Object.keys(reply.rest).length > 0 ? { rest: reply.rest } : {}
    body['redeye'] = { dialect: from, stop: words.length > 1 ? words : words[0], ...rest }
    return { status: 200, body, warnings: t.warnings }
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error
    return failed(t, 'untranslatable_answer', error.message, value)
  }
}

/** What does not fit goes along raw: of several answers those that failed, and where there is one only, all others. */
function keepGood(t: Translation, reply: Reply, answer: Json): Choice[] {
  const good = reply.choices.filter((choice) => !isFailure(choice))
  if (good.length === 0) return good
  const single = t.to === 'anthropic' || t.to === 'openai-responses'
  const kept = single ? good.slice(0, 1) : good
  for (const choice of reply.choices) {
    if (kept.includes(choice)) continue
    t.warn(isFailure(choice) ? 'choice_failed' : 'choice_left_out', choice.at, choice.word)
    const [list = '', index = ''] = choice.at.split(/[[\]]/)
    reply.rest[choice.at] = (answer[list] as unknown[])[Number(index)]
  }
  return kept
}

function failedReply(t: Translation, reply: Reply, answer: Json): TranslatedResponse {
  const [choice] = reply.choices
  if (choice === undefined) return failed(t, 'empty_answer', 'The vendor answered without an answer.', answer)
  if (choice.stop === 'paused')
    return failed(t, 'incomplete_turn', `The model paused (${choice.word}); only its vendor can go on.`, answer)
  return failed(t, 'failed_answer', `The model stopped with ${choice.word}.`, answer)
}

/** An error that holds the whole answer, which was paid for. Responses has answers that failed; others have errors. */
function failed(t: Translation, code: string, message: string, answer: unknown): TranslatedResponse {
  const redeye = { dialect: t.from, answer }
  if (t.to === 'openai-responses') {
    const id = isRecord(answer) ? (answer['id'] ?? answer['responseId'] ?? null) : null
    const error = { code: 'server_error', message: `${message} (${code})` }
    return {
      status: 200,
      body: { id, object: 'response', status: 'failed', error, output: [], redeye },
      warnings: t.warnings,
    }
  }
  const { status, body } = writeError(t.to, 'internal', message, code)
  return { status, body: { ...body, redeye }, warnings: t.warnings }
}

function fillIn(t: Translation, reply: Reply, options: ResponseOptions): void {
  if (reply.id === undefined) {
    t.warn('id_added', t.from === 'gemini' ? 'responseId' : 'id', null, options.id)
    reply.id = options.id
  }
  if (reply.created === undefined && t.to.startsWith('openai')) {
    t.warn('created_added', '', null, options.created)
    reply.created = options.created
  }
  reply.model ??= options.model
}

/** What the other dialect has no word for. */
function keepRest(to: ChatDialect, reply: Reply): void {
  const { usage, tier, rest } = reply
  if (to === 'gemini' && (usage?.written ?? 0) > 0) rest['cacheWriteTokens'] = usage?.written
  const [choice] = reply.choices
  if (to === 'anthropic' && choice?.logprobs !== undefined) rest['logprobs'] = choice.logprobs
  const unsaid = to === 'anthropic' ? tier === 'flex' : tier === 'batch'
  if (unsaid) rest['tier'] = tier
}
