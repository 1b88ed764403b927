import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/index.ts'
import { type Job, type JobInput, type JobSettings, type OpenOptions, open, type Redeye } from '../../src/index.ts'

/** An emulated vendor, a folder with a home in it, and clocks that run alike; all gone at the end of the test. */
export interface Field extends AsyncDisposable {
  readonly emulator: Emulator
  readonly folder: string
  readonly home: string
  readonly speed: number
  /** The environment a process needs to fly here. */
  readonly env: Readonly<Record<string, string>>
  /** A path in the folder. */
  path(name: string): string
  /** One more handle on the home, as one more process would have it; closed with the field. */
  open(options?: OpenOptions): Promise<Redeye>
}

/** Fast enough that a night is seconds. */
export const SPEED = 3600

export interface FieldOptions extends EmulatorOptions {
  /** The account on Google Cloud is there too. */
  readonly cloud?: boolean
}

export async function field({ cloud = false, ...options }: FieldOptions = {}): Promise<Field> {
  const speed = options.speed ?? SPEED
  const folder = await mkdtemp(join(tmpdir(), 'redeye-flight-'))
  const emulator = await startEmulator({ ...options, speed })
  const home = join(folder, 'home')
  const env = {
    OPENAI_API_KEY: 'sk-test-flight',
    OPENAI_BASE_URL: emulator.baseUrls.openai,
    ANTHROPIC_API_KEY: 'sk-ant-test-flight',
    ANTHROPIC_BASE_URL: emulator.baseUrls.anthropic,
    GEMINI_API_KEY: 'AIza-test-flight',
    GOOGLE_GEMINI_BASE_URL: emulator.baseUrls.gemini,
    ...(cloud ? cloudAccount(emulator) : {}),
  }
  const opened: Redeye[] = []
  return {
    emulator,
    folder,
    home,
    speed,
    env,
    path: (name) => join(folder, name),
    open: async (more = {}) => {
      const redeye = await open({ home, speed, env, ...more })
      opened.push(redeye)
      return redeye
    },
    async [Symbol.asyncDispose]() {
      for (const redeye of opened) await redeye.close()
      await emulator.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const cloudAccount = ({ baseUrls }: Emulator) => ({
  GOOGLE_CLOUD_PROJECT: 'flight',
  GOOGLE_CLOUD_LOCATION: 'us-central1',
  GOOGLE_ACCESS_TOKEN: 'ya29.test-flight',
  GOOGLE_VERTEX_BASE_URL: baseUrls.vertex,
  STORAGE_EMULATOR_HOST: baseUrls.gcs,
  REDEYE_VERTEX_BUCKET: 'gs://flight/night',
})

/** One line of a request file, and one of an output. */
export interface RequestLine {
  readonly custom_id: string
  readonly method: 'POST'
  readonly url: string
  readonly body: Readonly<Record<string, unknown>>
}
export interface OutputLine {
  readonly custom_id: string
  readonly response: { readonly status_code: number; readonly body: Readonly<Record<string, unknown>> } | null
  readonly error: { readonly code: string; readonly message: string } | null
  /** Anthropic's lines have this instead. */
  readonly result?: { readonly type: string; readonly message?: Readonly<Record<string, unknown>> }
  /** Gemini's lines have this instead of `custom_id`. */
  readonly key?: string
  readonly status?: object
}

/** A line of either kind, by its id. */
export type Named = { readonly custom_id: string } | { readonly key: string }
export const idOf = (line: Named): string => ('custom_id' in line ? line.custom_id : line.key)

/** Chat requests, each with a body of its own, so that the vendor's log can tell them apart. */
export const chats = (count: number, more: Readonly<Record<string, unknown>> = {}, first = 0): RequestLine[] =>
  Array.from({ length: count }, (_, index) => ({
    custom_id: `q-${first + index}`,
    method: 'POST',
    url: '/v1/chat/completions',
    body: {
      model: 'gpt-5.4-mini',
      messages: [{ role: 'user', content: `Say something about the number ${first + index}.` }],
      ...more,
    },
  }))

/** The same in Anthropic's lines. */
export const messages = (count: number, more: Readonly<Record<string, unknown>> = {}, first = 0) =>
  Array.from({ length: count }, (_, index) => ({
    custom_id: `q-${first + index}`,
    params: {
      model: 'claude-haiku-4-5',
      max_tokens: 200,
      messages: [{ role: 'user', content: `Say something about the number ${first + index}.` }],
      ...more,
    },
  }))

/** The same in Gemini's lines. */
export const contents = (count: number, more: Readonly<Record<string, unknown>> = {}, first = 0) =>
  Array.from({ length: count }, (_, index) => ({
    key: `q-${first + index}`,
    request: {
      model: 'models/gemini-3.5-flash',
      contents: [{ role: 'user', parts: [{ text: `Say something about the number ${first + index}.` }] }],
      generationConfig: { maxOutputTokens: 4000 },
      ...more,
    },
  }))

export const jsonl = (lines: readonly unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('')

/** Bytes as standard input would bring them: in pieces that know nothing of lines. */
export async function* inPieces(text: string | Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield Uint8Array.from(bytes.subarray(at, at + size))
}

/** Flies a job until it is home. */
export async function fly(redeye: Redeye, input: JobInput, settings: JobSettings = {}): Promise<Job> {
  const job = await redeye.submit(input, settings)
  await job.wait()
  return job
}

export async function outputText(job: Job): Promise<string> {
  const blocks: Uint8Array[] = []
  for await (const block of job.output()) blocks.push(block)
  return Buffer.concat(blocks).toString()
}

export const outputLines = async (job: Job): Promise<OutputLine[]> => linesIn(await outputText(job))

export const readLines = async (path: string): Promise<OutputLine[]> => linesIn(await readFile(path, 'utf8'))

const linesIn = (text: string): OutputLine[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as OutputLine)

/** The types of what happened to a job, in order. */
export async function eventTypes(job: Job): Promise<string[]> {
  const types: string[] = []
  for await (const { type } of job.events({ follow: false })) types.push(type)
  return types
}

/** Waits for something that happens elsewhere; the test's own time-out is the limit. */
export async function until(done: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 20))
}
