import type { Json } from './translation.ts'

/**
 * A request free of any vendor's spelling: what all readers read into and all writers write from. `at` is the JSON
 * path a thing was read from. An absent thing is `undefined`; what says nothing (a penalty of 0, `n: 1`) is absent.
 */
export interface Conversation {
  model: string | undefined
  /** System prompts before the first turn. */
  system: SystemMessage[]
  turns: Turn[]
  tools: Tool[]
  toolChoice: ToolChoice | undefined
  /** At most one tool call a turn. */
  serialTools: boolean
  format: Format | undefined
  reasoning: Reasoning | undefined
  maxOutput: number | undefined
  temperature: number | undefined
  topP: number | undefined
  topK: number | undefined
  stop: readonly string[] | undefined
  frequencyPenalty: number | undefined
  presencePenalty: number | undefined
  seed: number | undefined
  /** How many alternatives of each token are told; 0: the chosen one only. */
  logprobs: number | undefined
  /** Answers wanted, when more than one. */
  choices: number | undefined
  bias: Json | undefined
  /** Who uses the user's product. */
  endUser: string | undefined
  labels: Json | undefined
  /** The vendor may keep the exchange. */
  store: boolean | undefined
  /** low or high; medium is the default. */
  verbosity: string | undefined
  /** Hints and options that both dialects of OpenAI have, under the same name. */
  openai: Json | undefined
}

export const newConversation = (): Conversation => ({
  model: undefined,
  system: [],
  turns: [],
  tools: [],
  toolChoice: undefined,
  serialTools: false,
  format: undefined,
  reasoning: undefined,
  maxOutput: undefined,
  temperature: undefined,
  topP: undefined,
  topK: undefined,
  stop: undefined,
  frequencyPenalty: undefined,
  presencePenalty: undefined,
  seed: undefined,
  logprobs: undefined,
  choices: undefined,
  bias: undefined,
  endUser: undefined,
  labels: undefined,
  store: undefined,
  verbosity: undefined,
  openai: undefined,
})

export interface SystemMessage {
  readonly role: 'system' | 'developer'
  readonly parts: readonly Text[]
  readonly at: string
}

export interface Turn {
  /** system and developer: amid the turns. */
  readonly role: 'user' | 'model' | 'system' | 'developer'
  /** Tool results stand before all else. */
  readonly parts: Part[]
  readonly at: string
}

export type Part = Text | Media | Call | Result | Refusal

export interface Text {
  readonly kind: 'text'
  readonly text: string
  readonly cache: CacheMark | undefined
  readonly at: string
}

/** The model said that it will not. */
export interface Refusal {
  readonly kind: 'refusal'
  readonly text: string
  readonly at: string
}

export interface Media {
  readonly kind: 'image' | 'document' | 'audio' | 'video'
  readonly source: Source
  readonly at: string
  readonly detail?: 'low' | 'high' | 'original' | undefined
  /** Title of a document, or its file name. */
  readonly title?: string | undefined
  readonly context?: string | undefined
  readonly cache?: CacheMark | undefined
}

export type Source =
  | { readonly kind: 'base64'; readonly mime: string; readonly data: string }
  | { readonly kind: 'url'; readonly url: string; readonly mime?: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly id: string; readonly vendor: 'openai' | 'anthropic' | 'google' }
  /** It will be uploaded to whoever answers, and its reference be written over the slot. */
  | { readonly kind: 'slot'; readonly slot: string; readonly mime: string }

export interface Call {
  readonly kind: 'call'
  id: string
  readonly name: string
  /** The JSON text of the arguments, or their value, as the dialect has them. */
  readonly args: { readonly json: string } | { readonly value: Json }
  readonly at: string
}

export interface Result {
  readonly kind: 'result'
  id: string
  /** Of the tool; filled in from the call. */
  name: string | undefined
  readonly parts: readonly (Text | Media)[]
  readonly error: boolean
  readonly at: string
}

/** A vendor's wish of how long a cached prefix lives. */
export interface CacheMark {
  readonly ttl: string | undefined
}

export interface Tool {
  readonly name: string
  readonly description: string | undefined
  /** JSON Schema of the arguments; undefined: none. */
  readonly schema: Json | undefined
  /** undefined: by the vendor's default. */
  readonly strict: boolean | undefined
  readonly at: string
}

export type ToolChoice =
  | { readonly mode: 'auto' | 'none' | 'required'; readonly at: string }
  | { readonly mode: 'named'; readonly name: string; readonly at: string }
  | { readonly mode: 'subset'; readonly required: boolean; readonly names: readonly string[]; readonly at: string }

export type Format =
  | { readonly kind: 'json'; readonly at: string }
  | {
      readonly kind: 'schema'
      readonly schema: Json
      readonly name: string | undefined
      readonly description: string | undefined
      /** false: a wish. */
      readonly strict: boolean
      readonly at: string
    }

export const efforts = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const
export type Effort = (typeof efforts)[number]

export interface Reasoning {
  readonly off: boolean
  readonly effort: Effort | undefined
  /** Tokens; -1: the model decides. */
  readonly budget: number | undefined
  /** The model decides how much, guided by `effort`. */
  readonly adaptive: boolean
  /** Reasoning is shown in some form, or expressly not. */
  readonly visible: boolean | undefined
  /** Paths of the fields these were read from. */
  readonly at: { readonly effort: string; readonly budget: string; readonly visible: string }
}
