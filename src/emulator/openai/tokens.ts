import { compactJson } from '../compact-json.ts'
import { chargesCacheWrites, type Model } from './models.ts'

/** Tokens of one answer, none counted twice except that a prompt holds its cached and its written part. */
export interface Usage {
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly cacheWriteTokens: number
  /** Reasoning included, as the wire counts it. */
  readonly outputTokens: number
  readonly reasoningTokens: number
}

export type Json = Record<string, unknown>

/** The emulator's own way to count: four UTF-8 bytes are a token. Near enough to price by, and anyone can redo it. */
export function tokensIn(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4)
}

const messageOverhead = 4
const replyOverhead = 3
/** An image, a sound or a file in a message: a flat figure, as no pixels are looked at. */
const attachmentTokens = 765

/** What the model reads: one text to find shared prefixes in, and its size. */
export interface Prompt {
  readonly text: string
  readonly tokens: number
}

export function chatPrompt(body: Json): Prompt {
  return promptOf(body, list(body['messages']))
}

export function responsesPrompt(body: Json): Prompt {
  const input = body['input']
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : list(input)
  const instructions = body['instructions']
  return promptOf(
    body,
    typeof instructions === 'string' ? [{ role: 'developer', content: instructions }, ...items] : items,
  )
}

function promptOf(body: Json, messages: readonly unknown[]): Prompt {
  // Tool and schema definitions stand before the messages in what the model reads, so they lead the shared prefix.
  let text = body['tools'] === undefined ? '' : compactJson(body['tools'])
  let tokens = replyOverhead
  let attachments = 0
  for (const message of messages) {
    if (!isJson(message)) continue
    tokens += messageOverhead
    const content = message['content'] ?? message['output'] ?? message['arguments']
    text += `\n${String(message['role'] ?? message['type'] ?? '')}\n`
    if (typeof content === 'string') text += content
    else {
      for (const part of list(content)) {
        if (isJson(part) && typeof part['text'] === 'string') text += part['text']
        else attachments++
      }
    }
  }
  return { text, tokens: tokens + tokensIn(text) + attachments * attachmentTokens }
}

/** What of a prompt was read from, and what was written to, the prompt cache. */
export interface CacheLook {
  readonly cachedTokens: number
  readonly cacheWriteTokens: number
}

export interface PromptCache {
  look(model: Model, body: Json, prompt: Prompt): CacheLook
}

const nothingCached: CacheLook = { cachedTokens: 0, cacheWriteTokens: 0 }
const representativesMax = 64
const representativeCharsMax = 1 << 20

/**
 * A prompt cache as long-lived as a batch: a prompt of at least the model's minimum that begins as an earlier one did
 * reads the shared part, in steps of 128 tokens before gpt-5.6 and exactly from then on. A prompt that finds nothing is
 * remembered, and written at a fee where the model charges one. Nobody promises hits inside a batch; here they are sure,
 * because a test has to count them.
 */
export function createPromptCache(): PromptCache {
  const byStart = new Map<string, string>()
  return {
    look(model, body, prompt) {
      const minimum = model.entry.minCacheableTokens
      if (minimum === null || prompt.tokens < minimum || isCachingOff(body)) return nothingCached
      const exact = chargesCacheWrites(model)
      const start = prompt.text.slice(0, minimum * 4)
      const known = byStart.get(start)
      if (known === undefined) {
        if (byStart.size < representativesMax) byStart.set(start, prompt.text.slice(0, representativeCharsMax))
        return { cachedTokens: 0, cacheWriteTokens: exact ? prompt.tokens : 0 }
      }
      const shared = Math.floor(Buffer.byteLength(sharedStart(known, prompt.text)) / 4)
      // The last token of a prompt is always computed anew.
      const readable = Math.min(shared, prompt.tokens - 1)
      const cachedTokens = exact ? readable : readable - (readable % 128)
      return cachedTokens >= minimum ? { cachedTokens, cacheWriteTokens: 0 } : nothingCached
    },
  }
}

/** `explicit` without any breakpoint switches caching off. */
function isCachingOff(body: Json): boolean {
  const options = body['prompt_cache_options']
  if (!isJson(options) || options['mode'] !== 'explicit') return false
  return !compactJson(body['messages'] ?? body['input'] ?? '').includes('prompt_cache_breakpoint')
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

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
