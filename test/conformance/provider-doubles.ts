import { type Emulator, startEmulator } from '../../src/emulator/index.ts'
import { type Clock, clockAt } from '../../src/kit/clock.ts'
import { openHttp } from '../../src/kit/http.ts'
import type { Call } from '../../src/providers/contract.ts'

/** What can go wrong at any vendor, in our words. */
export type Trouble =
  | 'the answer to a purchase is lost'
  | 'a purchase fails though it was made'
  | 'a purchase is answered with a page though it was made'
  | 'a purchase is lost on its way'
  | 'a purchase lands late'
  | 'the queue is full'
  | 'purchases come too fast'
  | 'the money is used up'
  | 'the key is wrong'
  | 'the input file is not there yet'
  | 'the input file is lost'
  | 'validation names rows'
  | 'validation names no row'
  | 'the window closes half way'
  | 'the window closes on nothing'
  | 'it has a state nobody knows'
  | 'it is not known just after its purchase'
  | 'every row fails'
  | 'no file has an empty name'
  | 'an upload breaks'
  | 'a download breaks'
  | 'a download is refused twice'

/** A vendor that runs here. */
export interface DoubleVendor {
  readonly call: Call
  /** Lets its time pass. */
  advance(seconds: number): void
  /** Submissions that exist there, and rows that were run and are billed: the vendor's own count. */
  bought(): Promise<{ submissions: number; rows: number }>
  close(): Promise<void>
}

export interface Double {
  readonly endpoint: string
  /** Of all bodies. */
  readonly model: string
  /** A body that the endpoint takes, a different one for each number. */
  body(number: number): string
  /** A submission says how many of its rows have come to what; default true. */
  readonly tellsCounts?: boolean
  /** Troubles that this vendor cannot have, and why. */
  readonly without: Readonly<Partial<Record<Trouble, string>>>
  start(trouble?: Trouble, options?: { readonly slow?: boolean }): Promise<DoubleVendor>
}

const openaiTroubles: Record<Trouble, string> = {
  'the answer to a purchase is lost': 'create-response-lost',
  'a purchase fails though it was made': 'create-500-created',
  'a purchase is answered with a page though it was made': 'create-garbage-created',
  'a purchase is lost on its way': 'create-reset',
  'a purchase lands late': 'create-lands-late:90',
  'the queue is full': 'queue-full',
  'purchases come too fast': 'create-429',
  'the money is used up': 'insufficient-quota',
  'the key is wrong': 'wrong-key',
  'the input file is not there yet': 'upload-race:60',
  'the input file is lost': 'input-file-lost',
  'validation names rows': 'validation-fails:0.3',
  'validation names no row': 'poison-line:question 3',
  'the window closes half way': 'expire-partial:0.6',
  'the window closes on nothing': 'expire-none',
  'it has a state nobody knows': 'unknown-status:paused',
  'it is not known just after its purchase': 'not-found-after-create:60',
  'every row fails': 'all-failed',
  'no file has an empty name': 'empty-string-ids',
  'an upload breaks': 'drop-upload',
  'a download breaks': 'drop-download',
  'a download is refused twice': 'content-502:2',
}

const noFiles = 'the rows travel with the purchase; there are no input files'
const inRows = 'what is wrong with a request is told in its own row, and the others run'
const anthropicWithout: Partial<Record<Trouble, string>> = {
  'the queue is full': 'a full queue is refused at once, as too many calls',
  'the input file is not there yet': noFiles,
  'the input file is lost': noFiles,
  'validation names rows': inRows,
  'validation names no row': inRows,
  'no file has an empty name': 'results have no name of their own',
}
const anthropicTroubles: Partial<Record<Trouble, string>> = {
  'the answer to a purchase is lost': 'create-response-lost',
  'a purchase fails though it was made': 'create-500-created',
  'a purchase is answered with a page though it was made': 'create-garbage-created',
  'a purchase is lost on its way': 'create-reset',
  'a purchase lands late': 'create-lands-late:90',
  'purchases come too fast': 'create-429',
  'the money is used up': 'unpaid',
  'the key is wrong': 'wrong-key',
  'the window closes half way': 'expire-partial:0.6',
  'the window closes on nothing': 'expire-none',
  'it has a state nobody knows': 'unknown-status:paused',
  'it is not known just after its purchase': 'not-found-after-create:60',
  'every row fails': 'all-failed',
  'an upload breaks': 'drop-upload',
  'a download breaks': 'drop-download',
  'a download is refused twice': 'content-502:2',
}

const geminiWithout: Partial<Record<Trouble, string>> = {
  'the queue is full': 'a full queue is refused at once, and without its size',
  'validation names rows': 'what is wrong with a request is told in its own row, and the others run',
  'the window closes half way': 'a batch that expires hands out nothing',
}
const geminiTroubles: Partial<Record<Trouble, string>> = {
  'the answer to a purchase is lost': 'gemini/create-response-lost',
  'a purchase fails though it was made': 'gemini/create-500-created',
  'a purchase is answered with a page though it was made': 'gemini/create-garbage-created',
  'a purchase is lost on its way': 'gemini/create-reset',
  'a purchase lands late': 'gemini/create-lands-late:90',
  'purchases come too fast': 'gemini/create-429',
  'the money is used up': 'gemini/billing-disabled',
  'the key is wrong': 'gemini/wrong-key',
  'the input file is not there yet': 'gemini/upload-race:60',
  'the input file is lost': 'gemini/input-file-lost',
  'validation names no row': 'gemini/poison-line:question 3',
  'the window closes on nothing': 'gemini/expire-none',
  'it has a state nobody knows': 'gemini/unknown-status:paused',
  'it is not known just after its purchase': 'gemini/not-found-after-create:60',
  'every row fails': 'gemini/all-failed',
  'no file has an empty name': 'gemini/output-once',
  'an upload breaks': 'gemini/drop-upload',
  'a download breaks': 'gemini/drop-download',
  'a download is refused twice': 'gemini/content-502:2',
}
/** Whether a cancelled batch hands out what it had finished, no page says; here it does, and in the flights it does not. */
const geminiUsual = 'gemini/cancelled-with-output'

const vertexWithout: Partial<Record<Trouble, string>> = {
  'the queue is full': 'nothing limits what waits; a job waits for up to 72 hours',
  'the input file is not there yet': 'an object can be read by all as soon as it is written',
  'validation names rows': 'a job that cannot read its input names no row',
  'no file has an empty name': 'result files are found by listing a folder',
}
const vertexTroubles: Partial<Record<Trouble, string>> = {
  'the answer to a purchase is lost': 'vertex/create-response-lost',
  'a purchase fails though it was made': 'vertex/create-500-created',
  'a purchase is answered with a page though it was made': 'vertex/create-garbage-created',
  'a purchase is lost on its way': 'vertex/create-reset',
  'a purchase lands late': 'vertex/create-lands-late:90',
  'purchases come too fast': 'vertex/create-429',
  'the money is used up': 'vertex/billing-disabled',
  'the key is wrong': 'vertex/wrong-key+gcs/wrong-key',
  'the input file is lost': 'vertex/input-file-lost',
  'validation names no row': 'vertex/poison-line:question 3',
  'the window closes half way': 'vertex/run-cut:0.6',
  'the window closes on nothing': 'vertex/expire-none',
  'it has a state nobody knows': 'vertex/unknown-status:paused',
  'it is not known just after its purchase': 'vertex/not-found-after-create:60',
  'every row fails': 'vertex/all-failed',
  'an upload breaks': 'gcs/drop-upload',
  'a download breaks': 'gcs/drop-download',
  'a download is refused twice': 'gcs/content-502:2',
}
const vertexAccount = ({ baseUrls }: Emulator) => ({
  baseUrl: `${baseUrls.vertex}/v1/projects/conformance/locations/us-central1`,
  settings: { bucket: 'conformance', folder: 'redeye', storageUrl: baseUrls.gcs },
})

/** Vendors that take their rows as OpenAI does, met in the same troubles. */
const alike = (name: string, without: Double['without'] = {}): Double => ({
  ...openaiDouble,
  without,
  start: (trouble, options) =>
    startDouble(
      ({ alikeUrls }) => ({ baseUrl: alikeUrls[name] as string }),
      trouble === 'the key is wrong' ? 'sk-wrong' : 'test-conformance',
      trouble && openaiTroubles[trouble],
      options,
    ),
})

async function startDouble(
  accountOf: (emulator: Emulator) => Pick<Call, 'baseUrl' | 'settings'>,
  apiKey: string,
  scenario: string | undefined,
  { slow = false }: { readonly slow?: boolean } = {},
): Promise<DoubleVendor> {
  const emulator = await startEmulator({
    scenario: scenario ?? [],
    latency: {
      medianSeconds: slow ? 3600 : 0,
      sigma: 0,
      validatingSeconds: 1,
      finalizingSeconds: 1,
      cancellingSeconds: 60,
    },
  })
  const clock: Clock = { ...clockAt(), sleep: async () => {} }
  const http = openHttp({ clock })
  return {
    call: { ...accountOf(emulator), apiKey, headers: {}, http, clock },
    advance: (seconds) => emulator.advance(seconds),
    async bought() {
      const { submissions, executions } = await emulator.tally()
      return { submissions, rows: executions }
    },
    async close() {
      await http.close()
      await emulator.close()
    },
  }
}

const openaiDouble: Double = {
  endpoint: '/v1/chat/completions',
  model: 'gpt-4o-mini',
  body: (number) =>
    JSON.stringify({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: `Say "custom_id" to question ${number}.` }],
    }),
  without: {},
  start: (trouble, options) =>
    startDouble(
      ({ baseUrls }) => ({ baseUrl: baseUrls.openai }),
      'sk-test-conformance',
      trouble && openaiTroubles[trouble],
      options,
    ),
}

const noWindow = 'a late batch runs on until it is done or cancelled'

/** By the name of the provider. */
export const doubles: Readonly<Record<string, Double>> = {
  openai: openaiDouble,
  azure: alike('azure', { 'the window closes half way': noWindow, 'the window closes on nothing': noWindow }),
  groq: alike('groq'),
  mistral: alike('mistral', {
    'the queue is full': 'nothing limits what waits',
    'validation names rows': 'a job that failed names no row',
  }),
  together: {
    ...alike('together', {
      'the queue is full': 'what a full queue says is not published',
      'validation names rows': 'a job that failed names no row',
    }),
    tellsCounts: false,
  },
  xai: alike('xai', {
    'the queue is full': 'nothing limits what waits',
    'validation names rows': 'a batch that was given up names no row',
    'the window closes half way': noWindow,
    'the window closes on nothing': noWindow,
    'it has a state nobody knows': 'a batch has no word for its state',
    'no file has an empty name': 'results are pages of the batch, and no files',
    'a download breaks': 'results come in pages, each of them whole or not at all',
  }),
  anthropic: {
    endpoint: '/v1/messages',
    model: 'claude-haiku-4-5',
    body: (number) =>
      JSON.stringify({
        model: 'claude-haiku-4-5',
        max_tokens: 100,
        messages: [{ role: 'user', content: `Say "custom_id" to question ${number}.` }],
      }),
    without: anthropicWithout,
    start: (trouble, options) =>
      startDouble(
        ({ baseUrls }) => ({ baseUrl: baseUrls.anthropic }),
        'sk-ant-test-conformance',
        trouble && anthropicTroubles[trouble],
        options,
      ),
  },
  gemini: {
    endpoint: ':generateContent',
    model: 'gemini-3.5-flash',
    body: (number) =>
      JSON.stringify({ contents: [{ role: 'user', parts: [{ text: `Say "key":"x" to question ${number}.` }] }] }),
    without: geminiWithout,
    start: (trouble, options) =>
      startDouble(
        ({ baseUrls }) => ({ baseUrl: baseUrls.gemini }),
        'AIza-test-conformance',
        trouble === undefined ? geminiUsual : geminiTroubles[trouble],
        options,
      ),
  },
  vertex: {
    endpoint: ':generateContent',
    model: 'gemini-3.5-flash',
    body: (number) =>
      JSON.stringify({
        contents: [{ role: 'user', parts: [{ text: `Say "labels":{"redeye":"x"} to question ${number}.` }] }],
      }),
    without: vertexWithout,
    start: (trouble, options) =>
      startDouble(vertexAccount, 'ya29.conformance', trouble && vertexTroubles[trouble], options),
  },
}
