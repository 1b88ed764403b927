/** A vendor that serves OpenAI's files and batches, and in what its door differs. */
export interface Likeness {
  readonly name: string
  /** Where its official base URL ends; below it paths are OpenAI's. */
  readonly path: string
  /** The header that carries the key, where that is no bearer token. */
  readonly keyHeader?: string
  /** Metadata of a batch is taken and thrown away. */
  readonly forgetsMetadata?: true
}

export const self: Likeness = { name: 'openai', path: '/v1' }

/** Written from the vendors' pages on their batch APIs, 2026-11. */
export const likenesses: readonly Likeness[] = [
  { name: 'azure', path: '/openai/v1', keyHeader: 'api-key' },
  { name: 'groq', path: '/openai/v1', forgetsMetadata: true },
  { name: 'dashscope', path: '/compatible-mode/v1' },
  { name: 'doubleword', path: '/v1' },
  { name: 'moonshot', path: '/v1', forgetsMetadata: true },
  { name: 'deepinfra', path: '/v1/openai' },
  { name: 'siliconflow', path: '/v1', forgetsMetadata: true },
]
