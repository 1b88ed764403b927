import { count, keepRaw, newCounts, type Reply, type Tier, type TokenCounts, type TokenLogprob } from '../reply.ts'
import { isRecord, type Json, type Translation, wordOf } from '../translation.ts'

/** Usage fields of both dialects; they differ in two words. */
const usageNames = {
  'openai-chat': { input: 'prompt_tokens', output: 'completion_tokens' },
  'openai-responses': { input: 'input_tokens', output: 'output_tokens' },
} as const
type OpenaiDialect = keyof typeof usageNames

export function readUsage(reply: Reply, usage: unknown, dialect: OpenaiDialect): TokenCounts | undefined {
  if (!isRecord(usage)) return undefined
  const { input, output } = usageNames[dialect]
  const counts = newCounts()
  for (const key in usage) {
    if (key === input) counts.input = count(usage[key])
    else if (key === output) counts.output = count(usage[key])
    else if (key === `${input}_details` || key === `${output}_details`) readDetails(reply, counts, usage[key], key)
    else if (key !== 'total_tokens') keepRaw(reply, `usage.${key}`, usage[key])
  }
  return counts
}

function readDetails(reply: Reply, counts: TokenCounts, details: unknown, name: string): void {
  if (!isRecord(details)) return
  for (const key in details) {
    if (key === 'cached_tokens') counts.cached = count(details[key])
    else if (key === 'cache_write_tokens') counts.written = count(details[key])
    else if (key === 'reasoning_tokens') counts.reasoning = count(details[key])
    else keepRaw(reply, `usage.${name}.${key}`, details[key])
  }
}

export function writeUsage(counts: TokenCounts, dialect: OpenaiDialect): Json {
  const { input, output } = usageNames[dialect]
  const { cached, written, reasoning } = counts
  const usage: Json = {}
  if (counts.input !== undefined) usage[input] = counts.input
  if (counts.output !== undefined) usage[output] = counts.output
  if (counts.input !== undefined && counts.output !== undefined) usage['total_tokens'] = counts.input + counts.output
  const details: Json = {}
  if (cached !== undefined) details['cached_tokens'] = cached
  if (written !== undefined) details['cache_write_tokens'] = written
  // Responses always has the objects, Chat where there is something in them.
  const always = dialect === 'openai-responses'
  if (always || cached !== undefined || written !== undefined) usage[`${input}_details`] = details
  if (reasoning !== undefined) usage[`${output}_details`] = { reasoning_tokens: reasoning }
  else if (always) usage[`${output}_details`] = {}
  return usage
}

const tierOfWord: Readonly<Record<string, Tier>> = {
  default: 'standard',
  flex: 'flex',
  priority: 'priority',
  fast: 'priority',
}

export function readTier(reply: Reply, word: unknown): void {
  reply.tier = Object.hasOwn(tierOfWord, wordOf(word)) ? tierOfWord[wordOf(word)] : undefined
  if (reply.tier === undefined) keepRaw(reply, 'service_tier', word)
}

/** undefined: OpenAI has no word for it. */
export const writeTier = (tier: Tier | undefined): string | undefined =>
  tier === 'standard' ? 'default' : tier === 'batch' ? undefined : tier

export function readLogprobs(list: unknown): readonly TokenLogprob[] | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined
  const one = (item: Json) => ({
    token: wordOf(item['token']),
    logprob: item['logprob'] as number,
    bytes: Array.isArray(item['bytes']) ? (item['bytes'] as number[]) : null,
  })
  const records = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isRecord) : [])
  return records(list).map((item) => ({ ...one(item), top: records(item['top_logprobs']).map(one) }))
}

/** @param bytes  Responses wants the bytes of each token; not every vendor tells them. */
export function writeLogprobs(t: Translation, list: readonly TokenLogprob[], at: string, bytes: boolean): Json[] {
  if (bytes && list.some((item) => item.bytes === null)) t.warnOnce('token_bytes_added', at)
  const withBytes = <T extends { readonly token: string; readonly bytes?: readonly number[] | null }>(item: T) => ({
    ...item,
    bytes: item.bytes ?? (bytes ? [...Buffer.from(item.token)] : null),
  })
  return list.map(({ token, logprob, bytes: own, top }) => ({
    ...withBytes({ token, logprob, bytes: own }),
    top_logprobs: top.map(withBytes),
  }))
}
