import type { Json } from '../json.ts'
import type { WireError } from '../wire.ts'
import type { Desk } from './desk.ts'
import { mistral } from './mistral.ts'
import type { Route } from './routes.ts'
import { together } from './together.ts'
import { xai } from './xai.ts'

/** A vendor that serves OpenAI's files and batches, and in what its door differs. */
export interface Likeness {
  readonly name: string
  /** Where its official base URL ends; below it paths are OpenAI's. */
  readonly path: string
  /** The header that carries the key, where that is no bearer token. */
  readonly keyHeader?: string
  /** Metadata of a batch is taken and thrown away. */
  readonly forgetsMetadata?: true
  /** A batch that is late runs on until it is done or cancelled. */
  readonly neverExpires?: true
  /** Lists have all there is on one page, and say nothing of pages. */
  readonly onePage?: true
  /** What becomes of a row with `max_completion_tokens`, where only `max_tokens` is known. */
  readonly newerNames?: 'refused' | 'ignored'
  /** Default: OpenAI's. */
  readonly requestsMax?: number
  readonly fileBytesMax?: number
  /** Another wire over the same workings. */
  readonly dress?: Dress
}

/** How a vendor's wire is put over the workings of an OpenAI: calls of its own, and its own words in what comes back. */
export interface Dress {
  /** Of an input file; inside it is `batch`. */
  readonly purpose: string
  /** Lines have neither method nor address, nor need they a model. */
  readonly bareRows?: true
  routes(desk: Desk): readonly Route[]
  /** A purchase in OpenAI's words, and the model of all its lines where it names one. */
  purchaseOf(body: Json): { readonly body: Json; readonly model: string | null }
  /** What goes wrong, told in OpenAI's envelope, as the vendor tells it. */
  error(wire: WireError): WireError
  /** A row that failed, or did not run, in the error file; undefined: it is left out. */
  errorRow(row: ErrorRow): Json | undefined
}

/** A row of OpenAI's error file. */
export interface ErrorRow {
  readonly id: string
  readonly custom_id: string
  readonly response: { readonly status_code: number; readonly request_id: string; readonly body: unknown } | null
  readonly error: { readonly code: string; readonly message: string } | null
}

export const self: Likeness = { name: 'openai', path: '/v1' }

/** Written from the vendors' pages on their batch APIs, 2026-11. */
export const likenesses: readonly Likeness[] = [
  { name: 'azure', path: '/openai/v1', keyHeader: 'api-key', neverExpires: true },
  { name: 'groq', path: '/openai/v1', forgetsMetadata: true, onePage: true },
  { name: 'dashscope', path: '/compatible-mode/v1', fileBytesMax: 500_000_000 },
  { name: 'doubleword', path: '/v1' },
  { name: 'moonshot', path: '/v1', forgetsMetadata: true },
  { name: 'deepinfra', path: '/v1/openai', newerNames: 'ignored' },
  {
    name: 'siliconflow',
    path: '/v1',
    newerNames: 'ignored',
    forgetsMetadata: true,
    requestsMax: 5_000,
    fileBytesMax: 1_000_000_000,
  },
  {
    name: 'mistral',
    path: '/v1',
    newerNames: 'refused',
    requestsMax: 1_000_000,
    fileBytesMax: 512_000_000,
    dress: mistral,
  },
  {
    name: 'together',
    path: '/v1',
    newerNames: 'ignored',
    forgetsMetadata: true,
    fileBytesMax: 100_000_000,
    dress: together,
  },
  { name: 'xai', path: '/v1', neverExpires: true, requestsMax: 1_000_000, fileBytesMax: 512_000_000, dress: xai },
]
