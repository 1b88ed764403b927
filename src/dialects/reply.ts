import type { Json } from './translation.ts'

/** An answer free of any vendor's spelling. */
export interface Reply {
  id: string | undefined
  model: string | undefined
  /** Epoch seconds. */
  created: number | undefined
  tier: Tier | undefined
  choices: Choice[]
  usage: TokenCounts | undefined
  /**
   * What the answer says besides and no other dialect has a place for, by JSON path; it goes along as it came. Never
   * what was already said elsewhere, nor what says nothing.
   */
  rest: Json
  /** Path of reasoning state that only its vendor can read, where there was any. It is of no use elsewhere. */
  sealed: string | undefined
}

export interface Choice {
  readonly parts: readonly ReplyPart[]
  readonly stop: Stop
  /** The vendor's own word for `stop`. */
  readonly word: string
  /** The stop string that was met. */
  readonly stopString: string | undefined
  /** In the model's or the vendor's words. */
  readonly refusal: string | undefined
  readonly logprobs: readonly TokenLogprob[] | undefined
  /** JSON path in the body that was read. */
  readonly at: string
}

/**
 * Why the model stopped. `paused`: unfinished, and only its vendor can go on; `error`: the model or the vendor failed.
 */
export type Stop = 'end' | 'stopString' | 'length' | 'context' | 'tools' | 'refusal' | 'paused' | 'error'

export type ReplyPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'call'; readonly id: string | undefined; readonly name: string; readonly args: CallArguments }
  | { readonly kind: 'reasoning'; readonly text: string }

export type CallArguments = { readonly json: string } | { readonly value: unknown }

export interface TokenLogprob {
  readonly token: string
  readonly logprob: number
  readonly bytes: readonly number[] | null
  readonly top: readonly {
    readonly token: string
    readonly logprob: number
    readonly bytes: readonly number[] | null
  }[]
}

/** Unknown counts are undefined, never 0. */
export interface TokenCounts {
  /** All input, cached or not. */
  input: number | undefined
  /** Of the input: read from a cache. */
  cached: number | undefined
  /** Of the input: written to a cache. */
  written: number | undefined
  /** All output, reasoning included. */
  output: number | undefined
  /** Of the output. */
  reasoning: number | undefined
}

export type Tier = 'standard' | 'flex' | 'priority' | 'batch'

export const newReply = (): Reply => ({
  id: undefined,
  model: undefined,
  created: undefined,
  tier: undefined,
  choices: [],
  usage: undefined,
  rest: {},
  sealed: undefined,
})

export const newCounts = (): TokenCounts => ({
  input: undefined,
  cached: undefined,
  written: undefined,
  output: undefined,
  reasoning: undefined,
})

/** Keeps a raw field that has no other place, unless it says nothing. */
export function keepRaw(reply: Reply, path: string, value: unknown): void {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return
  if (Array.isArray(value) && value.length === 0) return
  if (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0 && !JSON.isRawJSON(value))
    return
  reply.rest[path] = value
}

/** Count of a usage field. A vendor may leave out what is 0, or what it does not count: that is not for us to tell. */
export const count = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : undefined

/** Nothing of an answer is sure. */
export const stringOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
export const secondsOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Math.abs(value) < 8e12 ? value : undefined // what a Date can hold

/** `{json}` of arguments that are text, `{value}` of those that are not. */
export const argumentsJson = (args: CallArguments): string =>
  'json' in args ? args.json : JSON.stringify(args.value ?? {})

/** Text of an answer: its parts in one, for dialects that know a single one. */
export const textOf = (parts: readonly ReplyPart[]): string =>
  parts.reduce((text, part) => (part.kind === 'text' ? text + part.text : text), '')

/** `call_<answer>_<place>`: calls of Gemini may come without an id. */
export const callIdOf = (replyId: string | undefined, place: number): string =>
  `call_${(replyId ?? '0').replace(/[^A-Za-z0-9_-]/g, '').slice(-28)}_${place}`

/** Those of several answers that succeeded; a single one is kept whatever it is. */
export const isFailure = (choice: Choice): boolean => choice.stop === 'paused' || choice.stop === 'error'
