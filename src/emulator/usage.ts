import { manner } from './manner.ts'

/** Tokens of one answer, none counted twice except that a prompt holds its cached and its written part. */
export interface Usage {
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly cacheWriteTokens: number
  /** Reasoning included. */
  readonly outputTokens: number
  readonly reasoningTokens: number
}

/** Tokens of a text, in the emulator's own way to count. */
export function tokensIn(text: string): number {
  return manner().tokensIn(text)
}
