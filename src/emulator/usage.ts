/** Tokens of one answer, none counted twice except that a prompt holds its cached and its written part. */
export interface Usage {
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly cacheWriteTokens: number
  /** Reasoning included. */
  readonly outputTokens: number
  readonly reasoningTokens: number
}

/** The emulator's own way to count: four UTF-8 bytes are a token. Near enough to price by, and anyone can redo it. */
export function tokensIn(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4)
}
