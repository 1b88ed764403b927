import { type Conversation, type Effort, newConversation, type Reasoning } from '../conversation.ts'
import { refuseTier } from '../openai/read-tools.ts'
import { isNothing, type Json, type Translation, wordOf } from '../translation.ts'
import { fieldOf, fieldsOf, numberOf } from './fields.ts'
import { readContents, readSystem } from './read-contents.ts'
import { readSchema } from './read-schema.ts'
import { readToolConfig, readTools } from './read-tools.ts'

/** `generateContent`: request → conversation. The model is in the address, not in the body. */
export function readRequest(t: Translation, body: Json): Conversation {
  const c = newConversation()
  for (const name in body) {
    const value = body[name]
    if (value === null || value === undefined) continue
    switch (fieldOf(name)) {
      case 'contents':
        c.turns = readContents(t, value)
        break
      case 'systemInstruction':
        readSystem(t, c, value, name)
        break
      case 'generationConfig':
        readConfig(t, c, t.record(value, name), name)
        break
      case 'tools':
        c.tools = readTools(t, t.list(value, name))
        break
      case 'toolConfig':
        c.toolChoice = readToolConfig(t, t.record(value, name), name)
        break
      case 'labels':
        if (Object.keys(t.record(value, name)).length > 0) c.labels = value as Json
        break
      case 'serviceTier':
        refuseTier(t, wordOf(value).replace(/^SERVICE_TIER_/i, ''), name, ['standard', 'unspecified'])
        break
      case 'model':
        break // said by the address as well
      case 'store':
        if (value !== false) t.alone('', name)
        break
      case 'safetySettings':
        if (!isNothing(value)) t.alone('', name)
        break
      case 'cachedContent':
        t.refuse(name, 'what it stands for lies at the vendor; send it in the request')
        break
      default:
        t.unknown('', name)
    }
  }
  return c
}

function readConfig(t: Translation, c: Conversation, config: Json, at: string): void {
  let logprobs = false
  let alternatives: number | undefined
  for (const name in config) {
    const value = config[name]
    if (value === null || value === undefined) continue
    const path = `${at}.${name}`
    switch (fieldOf(name)) {
      case 'temperature':
        c.temperature = value as number
        break
      case 'topP':
        c.topP = value as number
        break
      case 'topK':
        c.topK = numberOf(value)
        break
      case 'maxOutputTokens':
        c.maxOutput = numberOf(value)
        break
      case 'stopSequences':
        if (!isNothing(value)) c.stop = t.texts(value, path)
        break
      case 'candidateCount':
        if (numberOf(value) !== 1) c.choices = numberOf(value)
        break
      case 'seed':
        c.seed = numberOf(value)
        break
      case 'presencePenalty':
        if (value !== 0) c.presencePenalty = value as number
        break
      case 'frequencyPenalty':
        if (value !== 0) c.frequencyPenalty = value as number
        break
      case 'responseLogprobs':
        logprobs = value === true
        break
      case 'logprobs':
        alternatives = numberOf(value)
        break
      case 'responseMimeType':
      case 'responseSchema':
      case 'responseJsonSchema':
        break // together, below
      case 'responseModalities':
        if (t.list(value, path).some((modality) => wordOf(modality).toUpperCase() !== 'TEXT')) t.alone(at, name)
        break
      case 'mediaResolution':
        if (value !== 'MEDIA_RESOLUTION_UNSPECIFIED') t.alone(at, name)
        break
      case 'thinkingConfig':
        c.reasoning = readThinking(t, fieldsOf(t.record(value, path)), path)
        break
      case 'enableEnhancedCivicAnswers':
      case 'audioTimestamp':
        if (value !== false) t.alone(at, name)
        break
      case 'speechConfig':
      case 'imageConfig':
      case 'routingConfig':
      case 'modelSelectionConfig':
        t.alone(at, name)
        break
      default:
        t.unknown(at, name)
    }
  }
  if (logprobs) c.logprobs = alternatives ?? 0
  else if (alternatives !== undefined && alternatives !== 0)
    t.refuse(`${at}.logprobs`, '`responseLogprobs` must be true with it')
  readFormat(t, c, fieldsOf(config), at)
}

function readFormat(t: Translation, c: Conversation, config: Json, at: string): void {
  const mime = config['responseMimeType'] ?? 'text/plain'
  const open = config['responseSchema'] ?? undefined
  const json = config['responseJsonSchema'] ?? undefined
  if (mime !== 'application/json') {
    if (mime !== 'text/plain') t.refuse(`${at}.responseMimeType`, `answers of type ${wordOf(mime)} have no counterpart`)
    if (open !== undefined || json !== undefined)
      t.refuse(`${at}.responseMimeType`, 'a schema wants the media type application/json')
    return
  }
  if (open !== undefined && json !== undefined) t.refuse(`${at}.responseSchema`, '`responseJsonSchema` says it as well')
  if (open === undefined && json === undefined) {
    c.format = { kind: 'json', at: `${at}.responseMimeType` }
    return
  }
  const path = `${at}.${json === undefined ? 'responseSchema' : 'responseJsonSchema'}`
  const schema = readSchema(t, json ?? open, path, json === undefined)
  c.format = { kind: 'schema', schema, name: undefined, description: undefined, strict: true, at: path }
}

const levels: Readonly<Record<string, Effort | undefined>> = {
  MINIMAL: 'minimal',
  LOW: 'low',
  MEDIUM: 'medium',
  HIGH: 'high',
  THINKING_LEVEL_UNSPECIFIED: undefined,
}

function readThinking(t: Translation, config: Json, at: string): Reasoning | undefined {
  for (const key in config) if (!thinkingKeys.has(key) && config[key] !== null) t.unknown(at, key)
  const level = config['thinkingLevel'] ?? undefined
  const budget = isNothing(config['thinkingBudget']) ? undefined : numberOf(config['thinkingBudget'])
  const word = wordOf(level).toUpperCase()
  if (level !== undefined && !Object.hasOwn(levels, word))
    t.refuse(`${at}.thinkingLevel`, `level "${word}" is not known`)
  const effort = level === undefined ? undefined : levels[word]
  if (effort !== undefined && budget !== undefined) t.refuse(`${at}.thinkingBudget`, '`thinkingLevel` says it as well')
  const visible = config['includeThoughts'] === true ? true : undefined
  if (effort === undefined && budget === undefined && visible === undefined) return undefined
  return {
    off: budget === 0,
    effort,
    budget: budget === 0 ? undefined : budget,
    adaptive: false,
    visible,
    at: { effort: `${at}.thinkingLevel`, budget: `${at}.thinkingBudget`, visible: `${at}.includeThoughts` },
  }
}
const thinkingKeys = new Set(['thinkingLevel', 'thinkingBudget', 'includeThoughts'])
