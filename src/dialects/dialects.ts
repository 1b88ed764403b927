import { anthropic } from './anthropic.ts'
import type { Dialect } from './contract.ts'
import { gemini } from './gemini.ts'
import { geminiEmbeddings } from './gemini-embeddings.ts'
import { openaiChat } from './openai-chat.ts'
import { openaiEmbeddings } from './openai-embeddings.ts'
import { openaiResponses } from './openai-responses.ts'
import { type Setting, settingPaths, stopMax } from './settings.ts'
import type { ChatDialect, DialectName } from './translation.ts'

/** What a dialect can say, whatever the model. */
export interface Abilities {
  /** A model's name stands in the body, and not in the address. */
  readonly modelInBody: boolean
  /** Settings beside the temperature and the output limit, which all have. */
  readonly settings: readonly Setting[]
  /** Stop strings a request may have; 0: none. */
  readonly stopMax: number
  /** An output limit must be given. */
  readonly wantsMaxOutput: boolean
  /** System messages may stand amid the turns, whatever the model. */
  readonly systemAmid: boolean
  /** Images and documents may be given by their address. */
  readonly imageUrls: boolean
  readonly documentUrls: boolean
  /** Plain text can be sent as a document. */
  readonly textDocuments: boolean
  readonly audio: boolean
  readonly video: boolean
  /** JSON can be asked for without a schema. */
  readonly jsonMode: boolean
}

export interface DialectEntry extends Dialect {
  /** Path of the endpoint; for Gemini the method behind the model's name. */
  readonly endpoint: string
  /** undefined: it makes no conversation. */
  readonly abilities?: Abilities
}

const common = (name: ChatDialect) => ({
  settings: Object.keys(settingPaths[name]) as Setting[],
  stopMax: stopMax[name],
  modelInBody: name !== 'gemini',
  wantsMaxOutput: name === 'anthropic',
})

export const dialects = {
  'openai-chat': {
    ...openaiChat,
    endpoint: '/v1/chat/completions',
    abilities: {
      ...common('openai-chat'),
      systemAmid: true,
      imageUrls: true,
      documentUrls: false,
      textDocuments: false,
      audio: true,
      video: false,
      jsonMode: true,
    },
  },
  'openai-responses': {
    ...openaiResponses,
    endpoint: '/v1/responses',
    abilities: {
      ...common('openai-responses'),
      systemAmid: true,
      imageUrls: true,
      documentUrls: true,
      textDocuments: false,
      audio: false,
      video: false,
      jsonMode: true,
    },
  },
  anthropic: {
    ...anthropic,
    endpoint: '/v1/messages',
    abilities: {
      ...common('anthropic'),
      systemAmid: false,
      imageUrls: true,
      documentUrls: true,
      textDocuments: true,
      audio: false,
      video: false,
      jsonMode: false,
    },
  },
  gemini: {
    ...gemini,
    endpoint: ':generateContent',
    abilities: {
      ...common('gemini'),
      systemAmid: false,
      imageUrls: false,
      documentUrls: false,
      textDocuments: true,
      audio: true,
      video: true,
      jsonMode: true,
    },
  },
  'openai-embeddings': { ...openaiEmbeddings, endpoint: '/v1/embeddings' },
  'gemini-embeddings': { ...geminiEmbeddings, endpoint: ':embedContent' },
} as const satisfies Record<DialectName, DialectEntry>

export const endpointOf = (dialect: DialectName): string => dialects[dialect].endpoint
