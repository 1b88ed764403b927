import OpenAI, { toFile } from 'openai'
import { afterEach } from 'vitest'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/index.ts'

/** An emulator with the official client at its door, closed after the test. */
export interface Trial {
  readonly emulator: Emulator
  readonly client: OpenAI
  /** A plain call, for what the client hides. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** Upload lines and create a batch of them. */
  submit(lines: readonly object[], endpoint?: Endpoint, metadata?: Record<string, string>): Promise<OpenAI.Batch>
  /** Jump ahead until the batch has ended. */
  ended(id: string, seconds?: number): Promise<OpenAI.Batch>
  rows(fileId: string | null | undefined): Promise<Row[]>
}

export type Endpoint = '/v1/chat/completions' | '/v1/responses' | '/v1/embeddings' | '/v1/completions'

export interface Row {
  readonly id: string
  readonly custom_id: string | null
  readonly response: { readonly status_code: number; readonly request_id: string; readonly body: Body } | null
  readonly error: { readonly code: string; readonly message: string } | null
}

/** The parts of an answer that tests look at, whatever the endpoint. */
export interface Body {
  readonly model?: string
  readonly service_tier?: string
  readonly status?: string
  readonly incomplete_details?: { readonly reason: string } | null
  readonly choices?: readonly {
    readonly finish_reason: string
    readonly message: { readonly content: string | null; readonly refusal: string | null }
  }[]
  readonly output?: readonly Record<string, unknown>[]
  readonly data?: readonly { readonly embedding: readonly number[] }[]
  readonly error?: { readonly code: string | null; readonly type: string; readonly message: string }
}

const open: Emulator[] = []
afterEach(async () => {
  for (const emulator of open.splice(0)) await emulator.close()
})

export async function trial(options: EmulatorOptions = {}): Promise<Trial> {
  const emulator = await startEmulator(options)
  open.push(emulator)
  const client = new OpenAI({
    baseURL: emulator.baseUrls.openai,
    apiKey: 'sk-test',
    adminAPIKey: 'sk-admin',
    maxRetries: 0,
  })
  return {
    emulator,
    client,
    fetch(path, init) {
      const headers = { authorization: 'Bearer sk-test', ...(init?.headers as Record<string, string> | undefined) }
      return fetch(`${emulator.baseUrls.openai}${path}`, { ...init, headers })
    },
    async submit(lines, endpoint = '/v1/chat/completions', metadata) {
      const file = await client.files.create({ file: await toFile(jsonl(lines), 'input.jsonl'), purpose: 'batch' })
      return client.batches.create({
        input_file_id: file.id,
        endpoint,
        completion_window: '24h',
        ...(metadata ? { metadata } : {}),
      })
    },
    async ended(id, seconds = 86_400 + 120) {
      emulator.advance(seconds)
      return client.batches.retrieve(id)
    },
    async rows(fileId) {
      if (!fileId) return []
      const text = await (await client.files.content(fileId)).text()
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Row)
    },
  }
}

export function jsonl(lines: readonly object[]): Buffer {
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

export function chatLine(id: string, body: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    custom_id: id,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'gpt-5-mini', messages: [{ role: 'user', content: `Question ${id}` }], ...body },
  }
}

export function chatLines(count: number, body: Record<string, unknown> = {}): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, index) => chatLine(`r-${String(index + 1).padStart(4, '0')}`, body))
}

/** Keys and types of a JSON value, all the way down: equal for two objects of one shape. Null is a type of its own. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length > 0 ? [shapeOf(value[0])] : []
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, shapeOf(inner)]),
  )
}

/** The fields of wire objects that tests look at. */
export interface Wire {
  readonly id: string
  readonly status: string
  readonly created_at: number
  readonly expires_at: number
  readonly filename: string
  readonly output_file_id: string | null
  readonly error_file_id: string | null
  readonly data: readonly Wire[]
  readonly errors: unknown
  readonly error: { readonly message: string; readonly code: string | null; readonly param: string | null }
}

export async function read(response: Response | Promise<Response>): Promise<Wire> {
  return (await (await response).json()) as Wire
}
