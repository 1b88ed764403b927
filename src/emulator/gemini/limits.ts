export const limits = {
  /** Strictly below, for the whole body of an inline create. */
  inlineBytes: 20_000_000,
  fileBytesMax: 2_000_000_000,
  storageBytesMax: 20_000_000_000,
  concurrentMax: 100,
  fileLifeMs: 48 * 3_600_000,
  batchLifeMs: 48 * 3_600_000,
  pageMax: 100,
}

/** Prompt tokens that may wait per model over all active batches: the highest published tier; scenarios set less. */
const enqueued: readonly (readonly [RegExp, number])[] = [
  [/embedding/, 10_000_000],
  [/^gemini-2\.5/, 1_000_000_000],
  [/-pro/, 1_000_000_000],
  [/./, 500_000_000],
]

export function enqueuedTokensMax(model: string): number {
  return enqueued.find(([name]) => name.test(model))?.[1] ?? 0
}
