import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { execute } from '../../src/executor/execute.ts'
import { answersIn } from '../../src/executor/read-journal.ts'
import type { Ended, Progress, SourceRow, Work } from '../../src/executor/work.ts'
import { type Clock, clockAt } from '../../src/kit/clock.ts'
import { openHttp } from '../../src/kit/http.ts'
import type { Call, SyncLane } from '../../src/providers/contract.ts'
import { openai } from '../../src/providers/openai/index.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})
export const atEnd = (close: () => unknown): void => void closing.push(close)

/** A request as a far end sees it. */
export interface Asked {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly text: string
  readonly body: { readonly messages: readonly { readonly content: string }[]; readonly service_tier?: string }
  /** The content of its first message: what the test calls it. */
  readonly name: string
  readonly at: number
}
export interface Said {
  readonly status?: number
  readonly json?: unknown
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Break the connection instead. */
  readonly reset?: boolean
}

export interface FarEnd {
  readonly url: string
  readonly asked: Asked[]
  /** The most that were ever under way at once. */
  readonly most: () => number
  readonly close: () => Promise<void>
}

/** A vendor that answers as the test says. */
export async function farEnd(answer: (asked: Asked, nth: number) => Said | Promise<Said>): Promise<FarEnd> {
  const asked: Asked[] = []
  let now = 0
  let most = 0
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    most = Math.max(most, ++now)
    const text = Buffer.concat(chunks).toString()
    const body = JSON.parse(text) as Asked['body']
    const one = {
      path: request.url ?? '',
      headers: request.headers,
      text,
      body,
      name: body.messages?.[0]?.content ?? '',
      at: performance.now(),
    }
    asked.push(one)
    const said = await answer(one, asked.length)
    now--
    if (said.reset) return void request.socket.destroy()
    const out = said.text ?? JSON.stringify(said.json ?? chatAnswer(one))
    response.writeHead(said.status ?? 200, { 'content-type': 'application/json', ...said.headers })
    response.end(out)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  closing.push(() => (server.listening ? close() : undefined))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked, most: () => most, close }
}

export const chatAnswer = ({ name, body }: Pick<Asked, 'name' | 'body'>, tier = body.service_tier ?? 'default') => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt-5-mini-2025-08-07',
  choices: [{ index: 0, message: { role: 'assistant', content: `re: ${name}` }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  service_tier: tier,
})
export const envelope = (code: string | null, message = 'no', type = 'invalid_request_error') => ({
  error: { message, type, param: null, code },
})

export const chat = (row: number, content = `r${row}`): SourceRow => ({
  row,
  body: Buffer.from(JSON.stringify({ model: 'gpt-5-mini', messages: [{ role: 'user', content }] })),
  endpoint: '/v1/chat/completions',
  model: 'gpt-5-mini',
  inputTokens: 100,
  outputMax: 1000,
})
export async function* rows(count: number, of: (row: number) => SourceRow = chat): AsyncGenerator<SourceRow> {
  for (let row = 0; row < count; row++) yield of(row)
}

export const keyed = (row: number): string => `abcdefghijklmnopqrst-${String(row).padStart(7, '0')}`

export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'redeye-executor-'))
  closing.push(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export function callTo(baseUrl: string, clock: Clock = clockAt(1)): Call {
  const http = openHttp({ clock })
  closing.push(() => http.close())
  return { baseUrl, apiKey: 'sk-secret-0123456789', headers: {}, http, clock }
}

export interface Flown {
  readonly ended: Ended
  readonly views: Progress[]
  readonly journal: string
  /** Rows of results, parsed, by row. */
  readonly results: Map<number, ResultLine>
}
export interface ResultLine {
  readonly custom_id?: string
  /** Gemini's name for it. */
  readonly key: string
  readonly response: { readonly status_code: number; readonly body: Record<string, unknown> } | null
  readonly error: { readonly code: string; readonly message: string } | null
}

type Part = Partial<Work> & { readonly to: string; readonly lane?: SyncLane; readonly clock?: Clock }

export function workFor({ to, clock, ...part }: Part): Work {
  return {
    lane: openai.sync.standard,
    call: callTo(to, clock),
    idOf: keyed,
    source: rows(10),
    journal: join(folder(), 'journal'),
    progressMs: 20,
    ...part,
  }
}

/** A run to its end. `seen` may end it by throwing. */
export async function fly(work: Work, seen: (progress: Progress) => void = () => {}): Promise<Flown> {
  const run = execute(work)
  const views: Progress[] = []
  for (;;) {
    const { done, value } = await run.next()
    if (done) {
      const journals = [...(work.earlier ?? []), work.journal]
      return { ended: value, views, journal: work.journal, results: await resultsIn(journals) }
    }
    views.push(value)
    seen(value)
  }
}

export async function resultsIn(journals: readonly string[]): Promise<Map<number, ResultLine>> {
  const results = new Map<number, ResultLine>()
  for await (const bytes of answersIn(journals)) {
    const line = JSON.parse(Buffer.from(bytes).toString()) as ResultLine
    const row = Number((line.custom_id ?? line.key).slice(-7))
    if (results.has(row)) throw new Error(`row ${row} was answered twice`)
    results.set(row, line)
  }
  return results
}
