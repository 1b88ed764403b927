import type { Conversation } from './conversation.ts'
import type { ChatDialect, Translation } from './translation.ts'

/** Settings of a request that a dialect has or has not; there is nothing near to them. */
export type Setting =
  | 'topK'
  | 'stop'
  | 'frequencyPenalty'
  | 'presencePenalty'
  | 'seed'
  | 'logprobs'
  | 'choices'
  | 'bias'
  | 'endUser'
  | 'verbosity'
  | 'store'
  | 'serialTools'

/** Where each dialect has its settings; a dialect takes what it has a path for. */
export const settingPaths: Readonly<Record<ChatDialect, Readonly<Partial<Record<Setting, string>>>>> = {
  'openai-chat': {
    stop: 'stop',
    frequencyPenalty: 'frequency_penalty',
    presencePenalty: 'presence_penalty',
    seed: 'seed',
    logprobs: 'logprobs',
    choices: 'n',
    bias: 'logit_bias',
    endUser: 'safety_identifier',
    verbosity: 'verbosity',
    store: 'store',
    serialTools: 'parallel_tool_calls',
  },
  'openai-responses': {
    logprobs: 'include',
    endUser: 'safety_identifier',
    verbosity: 'text.verbosity',
    store: 'store',
    serialTools: 'parallel_tool_calls',
  },
  anthropic: {
    topK: 'top_k',
    stop: 'stop_sequences',
    endUser: 'metadata.user_id',
    serialTools: 'tool_choice.disable_parallel_tool_use',
  },
  gemini: {
    topK: 'generationConfig.topK',
    stop: 'generationConfig.stopSequences',
    frequencyPenalty: 'generationConfig.frequencyPenalty',
    presencePenalty: 'generationConfig.presencePenalty',
    seed: 'generationConfig.seed',
    logprobs: 'generationConfig.responseLogprobs',
    choices: 'generationConfig.candidateCount',
  },
}

/** Stop strings a request may have. */
export const stopMax: Readonly<Record<ChatDialect, number>> = {
  'openai-chat': 4,
  'openai-responses': 0,
  anthropic: Number.MAX_SAFE_INTEGER,
  gemini: 5,
}

const settings: readonly Setting[] = [
  ...(['topK', 'stop', 'frequencyPenalty', 'presencePenalty', 'seed', 'logprobs', 'choices', 'bias'] as const),
  ...(['endUser', 'verbosity', 'store', 'serialTools'] as const),
]

/** Refuses what the target has no setting for. */
export function refuseSettings(t: Translation, c: Conversation): void {
  const from = t.from as ChatDialect
  const to = t.to as ChatDialect
  const takes = settingPaths[to]
  for (const setting of settings) {
    const value = c[setting]
    if (value === undefined || value === false || takes[setting] !== undefined) continue
    if (setting === 'serialTools' && c.tools.length === 0) continue // says nothing without tools
    t.refuse(settingPaths[from][setting] ?? setting, 'there is no such setting')
  }
  if (c.stop !== undefined && c.stop.length > stopMax[to])
    t.refuse(settingPaths[from].stop ?? 'stop', `it takes at most ${stopMax[to]} stop strings`)
}

/** What only OpenAI has beside the settings. Hints for its cache change no answer; all else may. */
export function leaveOpenai(t: Translation, c: Conversation): void {
  if (c.openai === undefined) return
  for (const key in c.openai) {
    if (key === 'user') continue
    if (key.startsWith('prompt_cache')) t.warn('cache_hint_dropped', key)
    else t.refuse(key, 'only OpenAI knows this field')
  }
}
