import Anthropic from '@anthropic-ai/sdk'
import { type BatchJob, GoogleGenAI } from '@google/genai'
import { OAuth2Client } from 'google-auth-library'
import OpenAI, { toFile } from 'openai'
import { chats, contents, type Field, jsonl, messages, until } from './field.ts'

/** What somebody else flies with the vendor's own client, knowing nothing of us. */
export interface ByOthers {
  readonly id: string
  /** Waits until the vendor says that it is over; result rows as the client reads them, in the vendor's order. */
  results(): Promise<readonly { readonly id: string | undefined; readonly row: unknown }[]>
}

export const openaiAt = ({ emulator }: Field): OpenAI =>
  new OpenAI({ apiKey: 'sk-test-flight', baseURL: emulator.baseUrls.openai, maxRetries: 0 })

export async function byOpenai(
  on: Field,
  lines: readonly object[] = chats(20),
  metadata = {},
): Promise<ByOthers & { readonly file: string }> {
  const client = openaiAt(on)
  const file = await client.files.create({
    file: await toFile(Buffer.from(jsonl(lines)), 'mine.jsonl'),
    purpose: 'batch',
  })
  const { url: endpoint = '/v1/chat/completions' } = (lines[0] ?? {}) as { url?: '/v1/chat/completions' }
  const how = { endpoint, completion_window: '24h', metadata } as const
  const { id } = await client.batches.create({ input_file_id: file.id, ...how })
  return {
    id,
    file: file.id,
    results: async () => {
      await until(async () =>
        ['completed', 'expired', 'cancelled', 'failed'].includes((await client.batches.retrieve(id)).status),
      )
      const { output_file_id, error_file_id } = await client.batches.retrieve(id)
      const files = [output_file_id, error_file_id].filter((one) => one)
      const texts = await Promise.all(files.map(async (one) => (await client.files.content(one as string)).text()))
      return rowsIn(texts.join(''))
    },
  }
}

export async function byAnthropic({ emulator }: Field, requests = messages(20)): Promise<ByOthers> {
  const client = new Anthropic({ apiKey: 'sk-ant-test-flight', baseURL: emulator.baseUrls.anthropic, maxRetries: 0 })
  const { id } = await client.messages.batches.create({ requests: requests as never })
  return {
    id,
    results: async () => {
      await until(async () => (await client.messages.batches.retrieve(id)).processing_status === 'ended')
      const rows = await Array.fromAsync(await client.messages.batches.results(id))
      return rows.map((row) => ({ id: row.custom_id, row }))
    },
  }
}

const geminiAt = ({ emulator }: Field): GoogleGenAI =>
  new GoogleGenAI({ apiKey: 'AIza-test-flight', httpOptions: { baseUrl: emulator.baseUrls.gemini } })

export async function byGemini(on: Field, lines: readonly object[] = contents(20)): Promise<ByOthers> {
  const client = geminiAt(on)
  const config = { mimeType: 'application/jsonl', displayName: 'theirs' }
  const file = await client.files.upload({ file: new Blob([jsonl(lines)], { type: 'application/jsonl' }), config })
  const created = await client.batches.create({ model: 'gemini-3.5-flash', src: file.name ?? '' })
  return {
    id: created.name ?? '',
    results: async () => {
      const { dest } = await over(client, created)
      const headers = { 'x-goog-api-key': 'AIza-test-flight' }
      const answer = await fetch(`${on.emulator.baseUrls.gemini}/v1beta/${dest?.fileName}:download?alt=media`, {
        headers,
      })
      return rowsIn(await answer.text())
    },
  }
}

/** Requests inside of the call, none of them with a name. */
export async function byGeminiInline(on: Field, count = 5): Promise<ByOthers> {
  const client = geminiAt(on)
  const src = contents(count).map(({ request }) => ({ contents: request.contents }))
  const created = await client.batches.create({ model: 'gemini-3.5-flash', src })
  return {
    id: created.name ?? '',
    results: async () => {
      const { dest } = await over(client, created)
      return (dest?.inlinedResponses ?? []).map((row) => ({ id: undefined, row }))
    },
  }
}

async function over(client: GoogleGenAI, { name = '' }: BatchJob): Promise<BatchJob> {
  let batch = await client.batches.get({ name })
  await until(async () => {
    batch = await client.batches.get({ name })
    return batch.endTime !== undefined
  })
  return batch
}

/** Rows as Vertex has them: the model is the job's, and nothing names them. */
export const vertexRows = (count: number): object[] =>
  contents(count).map((line) => {
    const { model: _model, ...request } = line.request
    return { request }
  })

/** The same of Claude, whose rows have names. */
export const vertexClaudeRows = (count: number): object[] =>
  messages(count).map(({ custom_id, params }) => {
    const { model: _model, ...request } = params
    return { custom_id, request: { anthropic_version: 'vertex-2023-10-16', ...request } }
  })

/** From bucket to bucket, in the account of the field. */
export async function byVertex(
  { emulator }: Field,
  rows: readonly object[],
  model = 'gemini-3.5-flash',
): Promise<ByOthers> {
  const authClient = new OAuth2Client()
  authClient.setCredentials({ access_token: 'ya29.test-flight', expiry_date: Date.now() + 3_600_000 })
  const client = new GoogleGenAI({
    vertexai: true,
    project: 'flight',
    location: 'us-central1',
    httpOptions: { baseUrl: emulator.baseUrls.vertex },
    googleAuthOptions: { authClient },
  })
  const headers = { authorization: 'Bearer ya29.test-flight' }
  const place = `${emulator.baseUrls.gcs}/upload/storage/v1/b/theirs/o?uploadType=media&name=in.jsonl`
  await fetch(place, { method: 'POST', headers, body: jsonl(rows) })
  const config = { dest: 'gs://theirs/out', displayName: 'theirs' }
  const created = await client.batches.create({ model, src: 'gs://theirs/in.jsonl', config })
  return {
    id: created.name ?? '',
    results: async () => {
      const done = await over(client, created)
      const prefix = (done.outputInfo?.gcsOutputDirectory ?? '').replace('gs://theirs/', '')
      const list = `${emulator.baseUrls.gcs}/storage/v1/b/theirs/o?prefix=${encodeURIComponent(prefix)}`
      const { items } = (await (await fetch(list, { headers })).json()) as { items: readonly { name: string }[] }
      const texts = await Promise.all(
        items.map(async ({ name }) => {
          const url = `${emulator.baseUrls.gcs}/storage/v1/b/theirs/o/${encodeURIComponent(name)}?alt=media`
          return (await fetch(url, { headers })).text()
        }),
      )
      return rowsIn(texts.join(''))
    },
  }
}

const rowsIn = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { readonly custom_id?: string; readonly key?: string })
    .map((row) => ({ id: row.custom_id ?? row.key, row }))

/** At a vendor like OpenAI: its file and its batch, by plain calls. */
export async function byAlike(
  on: Field,
  vendor: 'groq' | 'mistral' | 'together' | 'xai',
  count: number,
): Promise<string> {
  const base = on.emulator.alikeUrls[vendor] as string
  const headers = { authorization: 'Bearer test-flight' }
  const bare = vendor === 'mistral' || vendor === 'together'
  const rows = chats(count).map(({ custom_id, body, ...address }) => {
    const { model: _model, ...rest } = body
    return bare ? { custom_id, body: vendor === 'mistral' ? rest : body } : { custom_id, ...address, body }
  })
  const form = new FormData()
  form.set('purpose', vendor === 'together' ? 'batch-api' : 'batch')
  if (vendor === 'together') form.set('file_name', 'theirs.jsonl')
  form.set('file', new File([jsonl(rows)], 'theirs.jsonl'))
  const post = async (path: string, body: FormData | object) => {
    const sent = body instanceof FormData ? { body } : { body: JSON.stringify(body), json: 'application/json' }
    const more = sent.json === undefined ? headers : { ...headers, 'content-type': sent.json }
    const answer = await fetch(`${base}${path}`, { method: 'POST', headers: more, body: sent.body })
    return (await answer.json()) as { id?: string; batch_id?: string; job?: { id: string } }
  }
  const { id: file } = await post(vendor === 'together' ? '/files/upload' : '/files', form)
  const endpoint = '/v1/chat/completions'
  const made = {
    groq: () => post('/batches', { input_file_id: file, endpoint, completion_window: '24h' }),
    mistral: () => post('/batch/jobs', { input_files: [file], endpoint, model: 'gpt-5.4-mini' }),
    together: () => post('/batches', { input_file_id: file, endpoint, completion_window: '24h' }),
    xai: () => post('/batches', { name: 'theirs', input_file_id: file }),
  }
  const { id, batch_id, job } = await made[vendor]()
  return id ?? batch_id ?? job?.id ?? ''
}
