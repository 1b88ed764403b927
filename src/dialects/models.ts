import type { Effort } from './conversation.ts'

/**
 * What a model takes of what its dialect can say. A model that is not known takes all: the vendor is the judge, and a
 * row it refuses costs nothing. Sources: the vendors' pages on thinking ("Thinking support, defaults, and rejected
 * configurations by model"), effort, structured outputs and thinking levels, and their migration guides, 2026-11.
 */
export interface ModelFacts {
  /** Temperature, top_p and top_k may differ from their defaults. */
  readonly sampling: boolean
  /** A tool call may be forced. */
  readonly forcedTools: boolean
  /** System messages amid the turns. Only where the vendor says so. */
  readonly systemInThread: boolean
  /** The answer can be held to a schema. */
  readonly schema: boolean
  /** Ways of reasoning. */
  readonly adaptive: boolean
  readonly off: 'yes' | 'no' | 'between_tools'
  readonly efforts: readonly Effort[]
  /** Tokens that a reasoning budget may be of; undefined: none may be given. */
  readonly budget: { readonly min: number; readonly max: number } | undefined
  /** Cache marks inside the prompt. */
  readonly cacheMarks: boolean
  /** Calls of earlier turns must carry the thought signature they came with. */
  readonly signedCalls: boolean
}

const unknown: ModelFacts = {
  sampling: true,
  forcedTools: true,
  systemInThread: false,
  schema: true,
  adaptive: true,
  off: 'yes',
  efforts: ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'],
  budget: { min: 0, max: Number.MAX_SAFE_INTEGER },
  cacheMarks: true,
  signedCalls: false,
}

/** Facts by the model's id; a path before it (`anthropic/…`, `models/…`) and a date behind it do not matter. */
export function factsOf(dialect: string, model: string | undefined): ModelFacts {
  const key = `${dialect} ${model ?? ''}`
  let facts = remembered.get(key)
  if (facts === undefined) {
    const id = (model ?? '').slice((model ?? '').lastIndexOf('/') + 1).toLowerCase()
    facts = dialect === 'anthropic' ? claude(id) : dialect === 'gemini' ? gemini(id) : openai(id)
    if (remembered.size > 1_000) remembered.clear()
    remembered.set(key, facts)
  }
  return facts
}
const remembered = new Map<string, ModelFacts>()

/** Ten times the version: `claude-opus-4-6`, `claude-opus-4-5@20251101`, `claude-3-5-sonnet-20241022`. */
function claude(id: string): ModelFacts {
  const newer = /claude-([a-z]+)-(\d+)(?:[-.](\d))?(?!\d)/.exec(id)
  const older = /claude-(\d+)(?:[-.](\d))?(?!\d)-?([a-z]+)?/.exec(id)
  if (id.includes('claude-mythos-preview')) return mythosPreview
  const [family = '', major, minor = '0'] = newer ? newer.slice(1) : [older?.[3], older?.[1], older?.[2]]
  if (major === undefined) return unknownClaude
  const version = Number(major) * 10 + Number(minor)
  const top = family === 'fable' || family === 'mythos'
  // The generation of autumn 2026 always thinks; its smallest model excepted.
  const autumn = family !== 'haiku' && version >= (top ? 51 : 55)
  return {
    ...unknownClaude,
    sampling: version <= 46,
    forcedTools: !autumn,
    systemInThread: family === 'sonnet' ? version >= 55 : version >= (family === 'opus' ? 48 : 50),
    schema: version >= 45,
    adaptive: version >= 46,
    off: autumn && family === 'sonnet' ? 'between_tools' : top || autumn ? 'no' : 'yes',
    efforts: effortsOfClaude(family, version),
    budget: version >= 37 && version <= 46 ? claudeBudget : undefined,
  }
}

function effortsOfClaude(family: string, version: number): readonly Effort[] {
  if (version <= 45) return family === 'opus' && version === 45 ? ['low', 'medium', 'high'] : []
  return version === 46 ? ['low', 'medium', 'high', 'max'] : unknownClaude.efforts
}

const claudeBudget = { min: 1_024, max: Number.MAX_SAFE_INTEGER }
const unknownClaude: ModelFacts = {
  ...unknown,
  efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
  budget: claudeBudget,
}
const mythosPreview: ModelFacts = {
  ...unknownClaude,
  sampling: false,
  off: 'no',
  efforts: ['low', 'medium', 'high', 'max'],
}

/** `gemini-2.5-flash-lite`, `gemini-3.1-pro-preview`. */
function gemini(id: string): ModelFacts {
  const [, number, pro] = /gemini-(\d+(?:\.\d+)?)(-pro)?/.exec(id) ?? []
  if (number === undefined) return unknownGemini
  const version = Number(number)
  if (version < 3) {
    const budget = pro ? { min: 128, max: 32_768 } : { min: id.includes('-lite') ? 512 : 1, max: 24_576 }
    return { ...unknown, efforts: [], off: pro ? 'no' : 'yes', budget: version < 2.5 ? undefined : budget }
  }
  const efforts: readonly Effort[] = pro && version === 3 ? ['low', 'high'] : ['low', 'medium', 'high']
  const minimal = pro === undefined && version < 3.7
  return { ...unknownGemini, efforts: minimal ? ['minimal', ...efforts] : efforts, signedCalls: true }
}

const unknownGemini: ModelFacts = { ...unknown, efforts: ['minimal', 'low', 'medium', 'high'], off: 'no' }

/** `gpt-4.1-mini`, `gpt-5.6-sol`, `o3`. */
function openai(id: string): ModelFacts {
  const [, number] = /\bgpt-(\d+(?:\.\d+)?)/.exec(id) ?? []
  if (number === undefined) return /\bo[134]\b/.test(id) ? { ...unknown, sampling: false, cacheMarks: false } : unknown
  const version = Number(number)
  return {
    ...unknown,
    sampling: version !== 5,
    efforts: version < 5 ? [] : unknown.efforts,
    cacheMarks: version >= 5.6,
  }
}
