/** What the model reads: one text to find shared prefixes in, and its size. */
export interface Prompt {
  readonly text: string
  readonly tokens: number
}

export interface PromptCache {
  /**
   * @param minimum  tokens below which nothing is cached; null for a model without a cache
   * @param step     the shared part is read in steps of so many tokens
   * @returns        tokens read from the cache; `first` when nothing began like this before
   */
  look(prompt: Prompt, minimum: number | null, step: number): { readonly cachedTokens: number; readonly first: boolean }
}

const nothing = { cachedTokens: 0, first: false }
const representativesMax = 64
const representativeCharsMax = 1 << 20

/**
 * A prompt cache as long-lived as a batch: a prompt of at least the minimum that begins as an earlier one did reads the
 * shared part, and one that finds nothing is remembered. Nobody promises hits inside a batch; here they are sure,
 * because a test has to count them.
 */
export function createPromptCache(): PromptCache {
  const byStart = new Map<string, string>()
  return {
    look(prompt, minimum, step) {
      if (minimum === null || prompt.tokens < minimum) return nothing
      const start = prompt.text.slice(0, minimum * 4)
      const known = byStart.get(start)
      if (known === undefined) {
        if (byStart.size < representativesMax) byStart.set(start, prompt.text.slice(0, representativeCharsMax))
        return { cachedTokens: 0, first: true }
      }
      const shared = Math.floor(Buffer.byteLength(sharedStart(known, prompt.text)) / 4)
      // The last token of a prompt is always computed anew.
      const readable = Math.min(shared, prompt.tokens - 1)
      const cachedTokens = readable - (readable % step)
      return cachedTokens >= minimum ? { cachedTokens, first: false } : nothing
    },
  }
}

function sharedStart(a: string, b: string): string {
  let low = 0
  let high = Math.min(a.length, b.length)
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (a.startsWith(b.slice(low, middle), low)) low = middle
    else high = middle - 1
  }
  return b.slice(0, low)
}
