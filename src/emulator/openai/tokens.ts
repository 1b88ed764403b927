import { compactJson } from '../compact-json.ts'
import { isJson, type Json, list } from '../json.ts'
import type { Prompt, PromptCache } from '../prompt-cache.ts'
import { tokensIn } from '../usage.ts'
import { chargesCacheWrites, type Model } from './models.ts'

const messageOverhead = 4
const replyOverhead = 3
/** An image, a sound or a file in a message: a flat figure, as no pixels are looked at. */
const attachmentTokens = 765

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
  let text = [body['tools'], schemaOf(body)].map((part) => (part === undefined ? '' : compactJson(part))).join('')
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

/** The JSON schema of the answer, in a chat body or a responses body. */
function schemaOf(body: Json): unknown {
  const chat = isJson(body['response_format']) ? body['response_format']['json_schema'] : undefined
  const responses = isJson(body['text']) ? body['text']['format'] : undefined
  return isJson(chat) ? chat['schema'] : isJson(responses) ? responses['schema'] : undefined
}

/** What of a prompt was read from, and what was written to, the prompt cache. */
export interface CacheLook {
  readonly cachedTokens: number
  readonly cacheWriteTokens: number
}

const nothingCached: CacheLook = { cachedTokens: 0, cacheWriteTokens: 0 }

/** Before gpt-5.6 the cache is read in steps of 128 tokens and written for nothing; from then on exactly, at a fee. */
export function lookInCache(cache: PromptCache | null, model: Model, body: Json, prompt: Prompt): CacheLook {
  if (!cache || isCachingOff(body)) return nothingCached
  const exact = chargesCacheWrites(model)
  const { cachedTokens, first } = cache.look(prompt, model.entry.minCacheableTokens, exact ? 1 : 128)
  return { cachedTokens, cacheWriteTokens: first && exact ? prompt.tokens : 0 }
}

/** `explicit` without any breakpoint switches caching off. */
function isCachingOff(body: Json): boolean {
  const options = body['prompt_cache_options']
  if (!isJson(options) || options['mode'] !== 'explicit') return false
  return !compactJson(body['messages'] ?? body['input'] ?? '').includes('prompt_cache_breakpoint')
}
