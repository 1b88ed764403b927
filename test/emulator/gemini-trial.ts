import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GoogleGenAI } from '@google/genai'
import { afterEach } from 'vitest'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/index.ts'

/** An emulator with plain HTTP and the official client at Gemini's door, closed after the test. */
export interface Trial {
  readonly emulator: Emulator
  readonly client: GoogleGenAI
  /** A plain call below `/gemini`. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  json(path: string, init?: RequestInit): Promise<Wire>
  post(path: string, body: unknown): Promise<Response>
  /** Upload lines by the resumable protocol. @returns `files/…` */
  upload(lines: readonly object[] | string, mimeType?: string): Promise<string>
  create(fileName: string, more?: object, model?: string): Promise<Response>
  /** Upload lines and create a batch of them. @returns its name */
  submit(lines: readonly object[], more?: object, model?: string): Promise<string>
  /** Jump ahead, then look at the batch in raw REST. */
  after(name: string, seconds?: number): Promise<Operation>
  rows(fileName: string | undefined): Promise<Row[]>
  /** Submit, wait for the end, read the rows. */
  flown(lines: readonly object[], more?: object, model?: string): Promise<{ operation: Operation; rows: Row[] }>
}

export interface Wire {
  readonly name?: string
  readonly operations?: readonly Operation[]
  readonly files?: readonly { readonly name: string; readonly source: string }[]
  readonly nextPageToken?: string
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly status: string
    readonly details?: unknown[]
  }
  readonly [key: string]: unknown
}

export interface Operation {
  readonly name: string
  readonly done?: boolean
  readonly error?: { readonly code: number; readonly message: string }
  readonly response?: Output
  readonly metadata: {
    readonly state: string
    readonly displayName?: string
    readonly model: string
    readonly output?: Output
    readonly inputConfig?: { readonly fileName: string }
    readonly batchStats: Readonly<Record<string, string>>
    readonly endTime?: string
  }
}

export interface Output {
  readonly responsesFile?: string
  readonly inlinedResponses?: { readonly inlinedResponses: readonly Row[] }
}

export interface Row {
  readonly key?: string
  readonly metadata?: { readonly key?: string }
  readonly error?: { readonly code: number; readonly message: string }
  readonly status?: { readonly code: number; readonly message: string }
  readonly response?: {
    readonly candidates?: readonly {
      readonly finishReason: string
      readonly content: { readonly parts?: readonly { readonly text?: string; readonly functionCall?: unknown }[] }
    }[]
    readonly promptFeedback?: { readonly blockReason: string }
    readonly embedding?: { readonly values: readonly number[] }
    readonly usageMetadata?: Readonly<Record<string, number>>
    readonly tokenCount?: string
    readonly modelVersion?: string
  }
}

export const flash = 'gemini-3.5-flash'

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

export async function trial(options: EmulatorOptions = {}): Promise<Trial> {
  const emulator = await startEmulator(options)
  open.push(() => emulator.close())
  const base = emulator.baseUrls.gemini
  const client = new GoogleGenAI({ apiKey: 'AIza-test', httpOptions: { baseUrl: base } })
  const call = (path: string, init?: RequestInit) => {
    const headers = { 'x-goog-api-key': 'AIza-test', ...(init?.headers as Record<string, string> | undefined) }
    return fetch(`${base}${path}`, { ...init, headers })
  }
  const json = async (path: string, init?: RequestInit) => (await (await call(path, init)).json()) as Wire
  const post = (path: string, body: unknown) =>
    call(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })
  const on: Trial = {
    emulator,
    client,
    fetch: call,
    json,
    post,
    async upload(lines, mimeType = 'application/jsonl') {
      const bytes = typeof lines === 'string' ? Buffer.from(lines) : jsonl(lines)
      const { url } = await startUpload(on, bytes.length, mimeType)
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'x-goog-upload-command': 'upload, finalize', 'x-goog-upload-offset': '0' },
        body: new Uint8Array(bytes),
      })
      return ((await response.json()) as { file: { name: string } }).file.name
    },
    create: (fileName, more = {}, model = flash) =>
      post(
        `/v1beta/models/${model}:${model.includes('embedding') ? 'asyncBatchEmbedContent' : 'batchGenerateContent'}`,
        {
          batch: { displayName: 'trial', inputConfig: { fileName }, ...more },
        },
      ),
    async submit(lines, more, model) {
      const created = (await (await on.create(await on.upload(lines), more, model)).json()) as Wire
      if (created.name === undefined) throw new Error(JSON.stringify(created))
      return created.name
    },
    async after(name, seconds = 7_200) {
      emulator.advance(seconds)
      return (await json(`/v1beta/${name}`)) as unknown as Operation
    },
    async rows(fileName) {
      if (fileName === undefined) return []
      const text = await (await call(`/v1beta/${fileName}:download?alt=media`)).text()
      return rowsOf(text)
    },
    async flown(lines, more, model) {
      const operation = await on.after(await on.submit(lines, more, model))
      return { operation, rows: await on.rows(operation.response?.responsesFile) }
    },
  }
  return on
}

/** The first call of an upload. */
export async function startUpload(
  on: Trial,
  bytes: number,
  mimeType = 'application/jsonl',
  file: object = {},
): Promise<{ url: string; response: Response }> {
  const response = await on.fetch('/upload/v1beta/files', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-goog-upload-protocol': 'resumable',
      'x-goog-upload-command': 'start',
      'x-goog-upload-header-content-length': String(bytes),
      'x-goog-upload-header-content-type': mimeType,
    },
    body: JSON.stringify({ file: { mimeType, displayName: 'input.jsonl', ...file } }),
  })
  return { url: response.headers.get('x-goog-upload-url') ?? '', response }
}

export function rowsOf(text: string): Row[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}

export function jsonl(lines: readonly object[]): Buffer {
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

export function line(key: string, request: object = {}): { key: string; request: Record<string, unknown> } {
  return { key, request: { contents: [{ role: 'user', parts: [{ text: `Question ${key}` }] }], ...request } }
}

export function lines(count: number, request: object = {}): ReturnType<typeof line>[] {
  return Array.from({ length: count }, (_, index) => line(`r-${String(index + 1).padStart(4, '0')}`, request))
}

export function embedLines(count: number, request: object = {}): object[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `e-${index + 1}`,
    request: { content: { parts: [{ text: `Text number ${index + 1}` }] }, outputDimensionality: 8, ...request },
  }))
}

export function textOf(row: Row | undefined): string {
  return (row?.response?.candidates?.[0]?.content.parts ?? []).map((part) => part.text ?? '').join('')
}

export function golden(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../src/emulator/gemini/__fixtures__/${name}`, import.meta.url), 'utf8'))
}

export function goldenLines(name: string): unknown[] {
  const url = new URL(`../../src/emulator/gemini/__fixtures__/${name}`, import.meta.url)
  return rowsOf(readFileSync(url, 'utf8'))
}

/** A folder that is gone after the test. */
export async function folder(): Promise<{
  path: (name: string) => string
  put: typeof writeFile
  get: typeof readFile
}> {
  const dir = await mkdtemp(join(tmpdir(), 'emulator-gemini-'))
  open.push(() => rm(dir, { recursive: true, force: true }))
  return { path: (name) => join(dir, name), put: writeFile, get: readFile }
}
