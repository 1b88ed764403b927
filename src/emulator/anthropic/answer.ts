import { valueOf } from '../answers/schema.ts'
import { phrase, plainText } from '../answers/text.ts'
import { type Twist as PlainTwist, utter } from '../answers/utterance.ts'
import { between, type Chance, chanceFromHex, digest, word } from '../chance.ts'
import { isJson, type Json, list, positiveWhole } from '../json.ts'
import { tokensIn } from '../usage.ts'
import type { CacheUse } from './cache.ts'
import type { Model } from './models.ts'
import { blocksOf, type Prompt } from './prompt.ts'
import type { Usage } from './usage.ts'

/** Something odd about a message that is a success all the same. */
export type Twist = PlainTwist | 'pause-turn' | 'context-window' | 'thinking-only'

export interface Circumstances {
  readonly seed: number
  /** sha256 of the params: answers depend on it and the seed, and on nothing else. */
  readonly bodySha256: string
  readonly cache: CacheUse
  /** Where a request runs that does not say where. */
  readonly defaultGeo: 'us' | 'global'
  readonly twist: Twist | undefined
}

/** What the model answers, and what is paid for it. */
export interface Said {
  readonly content: readonly Json[]
  readonly stopReason: string
  readonly stopSequence: string | null
  readonly stopDetails: Json | null
  readonly usage: Usage
}

/** Results of a search are read like any prompt. */
const tokensPerSearch = 2000

/** The answer to params that were found in order. */
export function say(params: Json, model: Model, prompt: Prompt, circumstances: Circumstances): Said {
  const chance = chanceFromHex(circumstances.bodySha256, (circumstances.seed * 0x85eb_ca6b) | 0)
  const { twist } = circumstances
  const window = (model.entry.contextWindow ?? Number.POSITIVE_INFINITY) - prompt.tokens
  const asked = Number(params['max_tokens'])
  const tokensMax = Math.min(asked, window)
  const thoughts = thoughtsOf(params, model)
  const searches = searchesIn(params) || twist === 'pause-turn' ? search(chance) : []
  const searched = searchesIn(params) ? 1 : 0
  const calls = twist === undefined ? callsOf(params, chance) : []
  const said = utter(chance, formatOf(params), thoughts.most, tokensMax, plainTwist(twist))
  const silent = twist === 'thinking-only' || (said.reasoningTokens >= tokensMax && tokensMax > 0)
  const thinking = silent ? tokensMax : said.reasoningTokens
  const content = thinking > 0 && thoughts.most > 0 ? [thought(chance, thoughts.shown)] : []
  const stopped = stopAt(said.text, params['stop_sequences'])
  const text = stopped ? stopped.text : said.text
  const before = { ...baseUsage(params, model, prompt, circumstances), webSearches: searched }
  const end = (blocks: readonly Json[], stopReason: string, tokens: number, more: Partial<Said> = {}): Said => ({
    content: [...content, ...blocks],
    stopReason,
    stopSequence: null,
    stopDetails: null,
    usage: { ...before, output: Math.max(1, tokens), thinking: content.length > 0 ? thinking : 0 },
    ...more,
  })
  if (silent) return end([], 'max_tokens', tokensMax)
  if (twist === 'refusal') return refusal(end, thinking)
  if (twist === 'pause-turn') return end(searches, 'pause_turn', thinking + tokensIn(JSON.stringify(searches)))
  if (calls.length > 0) {
    const tokens =
      thinking + calls.reduce((sum, call) => sum + tokensIn(JSON.stringify(call['input'] ?? call['text'])) + 8, 0)
    if (tokens <= tokensMax) return end(calls, 'tool_use', tokens)
  }
  const blocks = [...(searched ? searches : []), ...(text === '' ? [] : [textBlock(text)])]
  const tokens = thinking + tokensIn(text)
  if (stopped) return end(blocks, 'stop_sequence', tokens, { stopSequence: stopped.sequence })
  if (twist === 'context-window') return end(blocks, 'model_context_window_exceeded', tokens)
  if (said.finish !== 'length') return end(blocks, 'end_turn', tokens)
  return end(blocks, window < asked ? 'model_context_window_exceeded' : 'max_tokens', tokens)
}

type End = (blocks: readonly Json[], stopReason: string, tokens: number, more?: Partial<Said>) => Said

function refusal(end: End, thinking: number): Said {
  const said = end([], 'refusal', thinking + 1, {
    stopDetails: { type: 'refusal', category: 'cyber', explanation: null },
  })
  return { ...said, content: [] }
}

function plainTwist(twist: Twist | undefined): PlainTwist | undefined {
  if (twist === 'pause-turn' || twist === 'thinking-only') return undefined
  return twist === 'context-window' ? 'length' : twist
}

function baseUsage(params: Json, model: Model, prompt: Prompt, { cache, defaultGeo }: Circumstances): Usage {
  const extra = searchesIn(params) ? tokensPerSearch : 0
  return {
    input: prompt.tokens - cache.read - cache.write5m - cache.write1h + extra,
    cacheRead: cache.read,
    cacheWrite5m: cache.write5m,
    cacheWrite1h: cache.write1h,
    output: 0,
    thinking: 0,
    webSearches: 0,
    geo: model.residencyTenths === null ? 'not_available' : String(params['inference_geo'] ?? defaultGeo),
  }
}

const textBlock = (text: string): Json => ({ type: 'text', text, citations: null })

/** Most thoughts, of 64 tokens each, and whether their text is shown. */
function thoughtsOf(params: Json, model: Model): { most: number; shown: boolean } {
  const thinking = isJson(params['thinking']) ? params['thinking'] : {}
  const type = thinking['type'] ?? (model.thinksUnasked ? 'adaptive' : 'disabled')
  const shown = (thinking['display'] ?? (model.generation >= 4.7 ? 'omitted' : 'summarized')) === 'summarized'
  if (type === 'disabled' || type === 'between_tools') return { most: 0, shown }
  if (type === 'enabled') return { most: Math.floor((positiveWhole(thinking['budget_tokens']) ?? 0) / 64), shown }
  const effort = isJson(params['output_config']) ? params['output_config']['effort'] : undefined
  return { most: { low: 1, medium: 2, high: 4, xhigh: 8, max: 16 }[String(effort)] ?? 4, shown }
}

function thought(chance: Chance, shown: boolean): Json {
  const signature = Buffer.from(word(chance, 48)).toString('base64')
  return { type: 'thinking', thinking: shown ? plainText(chance, 5, 20) : '', signature }
}

function formatOf(params: Json): Json | undefined {
  const within = isJson(params['output_config']) ? params['output_config']['format'] : undefined
  const format = within ?? params['output_format']
  return isJson(format) ? { type: 'json_schema', schema: format['schema'] } : undefined
}

/** The text up to the first of the sequences in it. */
function stopAt(text: string, sequences: unknown): { text: string; sequence: string } | undefined {
  let first: { at: number; sequence: string } | undefined
  for (const sequence of list(sequences) as string[]) {
    const at = text.indexOf(sequence)
    if (at >= 0 && (!first || at < first.at)) first = { at, sequence }
  }
  return first && { text: text.slice(0, first.at), sequence: first.sequence }
}

/**
 * Tools are called where the request insists, and by every other request that leaves it to the model; never in answer to
 * a tool's result, so that a conversation comes to an end.
 */
function callsOf(params: Json, chance: Chance): Json[] {
  const own = list(params['tools']).filter(
    (tool): tool is Json => isJson(tool) && (tool['type'] === undefined || tool['type'] === 'custom'),
  )
  const choice = isJson(params['tool_choice']) ? params['tool_choice'] : { type: 'auto' }
  const wills = chance() < 0.5
  if (own.length === 0 || choice['type'] === 'none') return []
  if (choice['type'] === 'auto' && (!wills || answersTool(params) || formatOf(params))) return []
  const named = choice['type'] === 'tool' ? own.filter((tool) => tool['name'] === choice['name']) : own
  const parallel = choice['disable_parallel_tool_use'] !== true && choice['type'] !== 'tool'
  const count = parallel ? between(chance, 1, Math.min(2, named.length)) : 1
  const start = between(chance, 0, named.length - count)
  const calls = named.slice(start, start + count).map((tool) => ({
    type: 'tool_use',
    id: `toolu_01${word(chance, 22)}`,
    name: tool['name'],
    input: valueOf(tool['input_schema'], chance),
    caller: { type: 'direct' },
  }))
  // A model that is forced says nothing before.
  return choice['type'] === 'auto' ? [textBlock(plainText(chance, 3, 8)), ...calls] : calls
}

function answersTool(params: Json): boolean {
  const last = list(params['messages']).at(-1)
  return isJson(last) && blocksOf(last['content']).some((block) => isJson(block) && block['type'] === 'tool_result')
}

function searchesIn(params: Json): boolean {
  return list(params['tools']).some((tool) => isJson(tool) && String(tool['type']).startsWith('web_search_'))
}

function search(chance: Chance): Json[] {
  const id = `srvtoolu_01${word(chance, 22)}`
  const caller = { type: 'direct' }
  const query = phrase(chance)
  const result = {
    type: 'web_search_result',
    url: `https://example.com/${digest(query).slice(0, 8)}`,
    title: phrase(chance),
    encrypted_content: Buffer.from(word(chance, 24)).toString('base64'),
    page_age: null,
  }
  return [
    { type: 'server_tool_use', id, name: 'web_search', input: { query }, caller },
    { type: 'web_search_tool_result', tool_use_id: id, content: [result], caller },
  ]
}
