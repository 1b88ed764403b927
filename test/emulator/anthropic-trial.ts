import Anthropic from '@anthropic-ai/sdk'
import AnthropicZero from 'anthropic-sdk-0'
import { afterEach } from 'vitest'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/index.ts'

/** An emulator with the official client at its door, closed after the test. */
export interface Trial {
  readonly emulator: Emulator
  /** The client of today: API version 2026-10-21. */
  readonly client: Anthropic
  /** The client before 1.0: API version 2023-06-01. */
  readonly zero: AnthropicZero
  /** A plain call below `/anthropic/v1`, for what the client hides. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  submit(requests: readonly Request[]): Promise<Batch>
  /** Jump ahead until the batch has ended. */
  ended(id: string, seconds?: number): Promise<Batch>
  rows(id: string): Promise<Row[]>
}

export type Batch = Anthropic.Messages.MessageBatch
export type Request = Anthropic.Messages.BatchCreateParams.Request

export interface Row {
  readonly custom_id: string | null
  readonly result: {
    readonly type: string
    readonly message?: Message
    readonly error?: { readonly type: string; readonly error: Wire; readonly request_id: string | null }
  } | null
}

/** The parts of a message that tests look at. */
export interface Message {
  readonly id: string
  readonly model: string
  readonly content: readonly {
    readonly type: string
    readonly text?: string
    readonly thinking?: string
    readonly name?: string
    readonly input?: unknown
  }[]
  readonly stop_reason: string
  readonly stop_sequence: string | null
  readonly stop_details: { readonly type: string; readonly category: string } | null
  readonly usage: Usage
}

export interface Usage {
  readonly input_tokens: number
  readonly cache_creation_input_tokens: number
  readonly cache_read_input_tokens: number
  readonly cache_creation: { readonly ephemeral_5m_input_tokens: number; readonly ephemeral_1h_input_tokens: number }
  readonly output_tokens: number
  readonly output_tokens_details: { readonly thinking_tokens: number }
  readonly server_tool_use: { readonly web_search_requests: number } | null
  readonly service_tier: string
  readonly inference_geo: string
}

/** The fields of wire objects that tests look at. */
export interface Wire {
  readonly id: string
  readonly type: string
  readonly message: string
  readonly details?: unknown
  readonly error: Wire
  readonly request_id: string | null
  readonly data: readonly Wire[]
  readonly has_more: boolean
}

const open: Emulator[] = []
afterEach(async () => {
  for (const emulator of open.splice(0)) await emulator.close()
})

export async function trial(options: EmulatorOptions = {}): Promise<Trial> {
  const emulator = await startEmulator(options)
  open.push(emulator)
  const settings = { baseURL: emulator.baseUrls.anthropic, apiKey: 'sk-ant-test', maxRetries: 0 }
  const client = new Anthropic(settings)
  const get = (path: string, init?: RequestInit) => {
    const sent = init?.headers as Record<string, string> | undefined
    const headers = { 'x-api-key': 'sk-ant-test', 'anthropic-version': '2023-06-01', ...sent }
    return fetch(`${emulator.baseUrls.anthropic}/v1${path}`, { ...init, headers })
  }
  return {
    emulator,
    client,
    zero: new AnthropicZero(settings),
    fetch: get,
    submit: (requests) => client.messages.batches.create({ requests: [...requests] }),
    async ended(id, seconds = 86_400 + 120) {
      emulator.advance(seconds)
      return client.messages.batches.retrieve(id)
    },
    async rows(id) {
      const text = await (await get(`/messages/batches/${id}/results`)).text()
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Row)
    },
  }
}

/** A request whose params may be anything: what is wrong with them is found when it is run. */
export function ask(id: string, params: Readonly<Record<string, unknown>> = {}): Request {
  return {
    custom_id: id,
    params: {
      model: 'claude-haiku-4-5',
      max_tokens: 256,
      messages: [{ role: 'user', content: `Question ${id}` }],
      ...params,
    } as Request['params'],
  }
}

export function asks(count: number, params: Readonly<Record<string, unknown>> = {}): Request[] {
  return Array.from({ length: count }, (_, index) => ask(`r-${String(index + 1).padStart(4, '0')}`, params))
}

export const post = (on: Trial, path: string, body: unknown, headers: Record<string, string> = {}) =>
  on.fetch(path, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })

export async function read(response: Response | Promise<Response>): Promise<Wire> {
  return (await (await response).json()) as Wire
}

/** The usage of every answer, added up as a customer would. */
export function counted(rows: readonly Row[]) {
  const sum = { input: 0, read: 0, write5m: 0, write1h: 0, output: 0 }
  for (const { result } of rows) {
    const usage = result?.message?.usage
    if (!usage) continue
    sum.input += usage.input_tokens
    sum.read += usage.cache_read_input_tokens
    sum.write5m += usage.cache_creation.ephemeral_5m_input_tokens
    sum.write1h += usage.cache_creation.ephemeral_1h_input_tokens
    sum.output += usage.output_tokens
  }
  return sum
}
