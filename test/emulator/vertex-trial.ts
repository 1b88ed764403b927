import { readFileSync } from 'node:fs'
import { GoogleGenAI } from '@google/genai'
import { OAuth2Client } from 'google-auth-library'
import { afterEach } from 'vitest'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/index.ts'

/** An emulator with plain HTTP at the doors of Vertex and of its storage, closed after the test. */
export interface Trial {
  readonly emulator: Emulator
  readonly client: GoogleGenAI
  /** A plain call below `/vertex/v1/projects/proj/locations/us-central1`. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  json(path: string, init?: RequestInit): Promise<Wire>
  /** A plain call below `/gcs`. */
  storage(path: string, init?: RequestInit): Promise<Response>
  /** Lines into the bucket. @returns `gs://…` */
  put(lines: readonly object[] | string, name?: string): Promise<string>
  create(uri: string, more?: object): Promise<Response>
  /** Put lines and create a job of them. @returns its id */
  submit(lines: readonly object[], more?: object): Promise<string>
  /** Jump ahead, then look at the job. */
  after(id: string, seconds?: number): Promise<Job>
  /** Rows of every object in a directory. */
  rows(directory: string | undefined): Promise<Row[]>
  objects(prefix: string): Promise<string[]>
  flown(lines: readonly object[], more?: object): Promise<{ job: Job; rows: Row[] }>
}

export interface Wire {
  readonly name?: string
  readonly batchPredictionJobs?: readonly Job[]
  readonly nextPageToken?: string
  readonly error?: { readonly code: number; readonly message: string; readonly status: string }
  readonly [key: string]: unknown
}

export interface Job {
  readonly name: string
  readonly displayName: string
  readonly state: string
  readonly labels?: Readonly<Record<string, string>>
  readonly error?: { readonly code: number; readonly message: string }
  readonly startTime?: string
  readonly endTime?: string
  readonly outputInfo?: { readonly gcsOutputDirectory: string }
  readonly completionStats?: Readonly<Record<string, string>>
}

export interface Row {
  readonly status: string
  readonly custom_id?: string
  readonly processed_time?: string
  /** Null for a line that had none. */
  readonly request: { readonly labels?: Readonly<Record<string, string>>; readonly [key: string]: unknown } | null
  readonly response: {
    readonly candidates?: readonly {
      readonly finishReason: string
      readonly content: { readonly parts?: readonly { readonly text?: string }[] }
    }[]
    readonly promptFeedback?: object
    readonly content?: readonly { readonly type: string; readonly text?: string }[]
    readonly stop_reason?: string
    readonly usage?: Readonly<Record<string, number>>
    readonly usageMetadata?: Readonly<Record<string, number | string>>
  }
  readonly [key: string]: unknown
}

export const flash = 'publishers/google/models/gemini-3.5-flash'
export const claude = 'publishers/anthropic/models/claude-sonnet-4-6'
export const bucket = 'trial-bucket'

const open: Emulator[] = []
afterEach(async () => {
  for (const emulator of open.splice(0)) await emulator.close()
})

/** The way the client takes a token without asking Google for one. */
export function tokenOf(access_token = 'ya29.test'): OAuth2Client {
  const auth = new OAuth2Client()
  auth.setCredentials({ access_token, expiry_date: Date.now() + 3_600_000 })
  return auth
}

export async function trial(options: EmulatorOptions = {}): Promise<Trial> {
  const emulator = await startEmulator(options)
  open.push(emulator)
  const client = new GoogleGenAI({
    vertexai: true,
    project: 'proj',
    location: 'us-central1',
    httpOptions: { baseUrl: emulator.baseUrls.vertex },
    googleAuthOptions: { authClient: tokenOf() },
  })
  const calling = (base: string) => (path: string, init?: RequestInit) => {
    const headers = { authorization: 'Bearer ya29.test', ...(init?.headers as Record<string, string> | undefined) }
    return fetch(`${base}${path}`, { ...init, headers })
  }
  const call = calling(`${emulator.baseUrls.vertex}/v1/projects/proj/locations/us-central1`)
  const storage = calling(emulator.baseUrls.gcs)
  const json = async (path: string, init?: RequestInit) => (await (await call(path, init)).json()) as Wire
  const objects = async (prefix: string) => {
    const listed = await storage(`/storage/v1/b/${bucket}/o?prefix=${encodeURIComponent(prefix)}`)
    return ((await listed.json()) as { items?: { name: string }[] }).items?.map(({ name }) => name) ?? []
  }
  const on: Trial = {
    emulator,
    client,
    fetch: call,
    json,
    storage,
    objects,
    async put(lines, name = 'in/input.jsonl') {
      const body = typeof lines === 'string' ? lines : lines.map((line) => `${JSON.stringify(line)}\n`).join('')
      const path = `/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(name)}`
      const response = await storage(path, { method: 'POST', body })
      if (response.status !== 200) throw new Error(await response.text())
      return `gs://${bucket}/${name}`
    },
    create: (uri, more = {}) =>
      call('/batchPredictionJobs', {
        method: 'POST',
        body: JSON.stringify({
          displayName: 'trial',
          model: flash,
          inputConfig: { instancesFormat: 'jsonl', gcsSource: { uris: [uri] } },
          outputConfig: { predictionsFormat: 'jsonl', gcsDestination: { outputUriPrefix: `gs://${bucket}/out` } },
          ...more,
        }),
      }),
    async submit(lines, more) {
      const created = (await (await on.create(await on.put(lines), more)).json()) as Wire
      if (created.name === undefined) throw new Error(JSON.stringify(created))
      return created.name.split('/').at(-1) ?? ''
    },
    async after(id, seconds = 7_200) {
      emulator.advance(seconds)
      return (await json(`/batchPredictionJobs/${id}`)) as unknown as Job
    },
    async rows(directory) {
      if (directory === undefined) return []
      const rows: Row[] = []
      for (const name of await objects(directory.replace(`gs://${bucket}/`, ''))) {
        const read = await storage(`/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}?alt=media`)
        rows.push(...rowsOf(await read.text()))
      }
      return rows
    },
    async flown(lines, more) {
      const job = await on.after(await on.submit(lines, more))
      return { job, rows: await on.rows(job.outputInfo?.gcsOutputDirectory) }
    },
  }
  return on
}

export function rowsOf(text: string): Row[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}

export function line(id: string, request: object = {}): { request: Record<string, unknown> } {
  const contents = [{ role: 'user', parts: [{ text: `Question ${id}` }] }]
  return { request: { contents, labels: { row: id }, ...request } }
}

export function lines(count: number, request: object = {}): ReturnType<typeof line>[] {
  return Array.from({ length: count }, (_, index) => line(`r-${String(index + 1).padStart(4, '0')}`, request))
}

export function claudeLines(count: number, request: object = {}): object[] {
  return Array.from({ length: count }, (_, index) => ({
    custom_id: `c-${index + 1}`,
    request: {
      anthropic_version: 'vertex-2023-10-16',
      max_tokens: 200,
      messages: [{ role: 'user', content: `Question ${index + 1}` }],
      ...request,
    },
  }))
}

export const labelOf = (row: Row) => row.request?.labels?.['row']

export function textOf(row: Row | undefined): string {
  return (row?.response.candidates?.[0]?.content.parts ?? []).map((part) => part.text ?? '').join('')
}

export function golden(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../src/emulator/vertex/__fixtures__/${name}`, import.meta.url), 'utf8'))
}

export function goldenLines(name: string): unknown[] {
  const url = new URL(`../../src/emulator/vertex/__fixtures__/${name}`, import.meta.url)
  return rowsOf(readFileSync(url, 'utf8'))
}
