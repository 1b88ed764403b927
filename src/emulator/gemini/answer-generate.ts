import { valueOf } from '../answers/schema.ts'
import { plainText } from '../answers/text.ts'
import { type Utterance, utter } from '../answers/utterance.ts'
import { type Chance, chanceFromHex, word } from '../chance.ts'
import { isJson, type Json, list, positiveWhole } from '../json.ts'
import type { PromptCache } from '../prompt-cache.ts'
import { tokensIn, type Usage } from '../usage.ts'
import { generateProblem, type Rules } from './answer-checks.ts'
import { promptOf, type ReadPrompt } from './answer-prompt.ts'
import { type Format, formatOf, schemaOf } from './answer-schema.ts'
import { invalidArgument, type Problem } from './errors.ts'
import type { GeminiTwist } from './faults.ts'
import type { Model } from './models.ts'
import { field } from './proto-json.ts'

export interface Circumstances {
  readonly seed: number
  /** sha256 of the request: answers depend on it and the seed, and on nothing else. */
  readonly bodySha256: string
  /** Null for a call that shares no cache. */
  readonly cache: PromptCache | null
  readonly twist?: GeminiTwist | undefined
  /** Why a file that a request points to cannot be read. */
  readonly fileProblem: (uri: string) => Problem | undefined
  /** Tokens of an explicit cache, or why there is none. */
  readonly explicitCache: (name: string) => number | Problem
  /** What a surface makes of the response: its own fields, and without those it does not have. */
  readonly finish?: (response: Json) => Json
  readonly rules?: Rules
}

/** `text` is the response as JSON: a vector of thousands of numbers is written faster by hand. */
export type Answer = { readonly text: string; readonly usage: Usage } | { readonly problem: Problem }

interface Candidate {
  readonly view: Json
  readonly answerTokens: number
  readonly thoughtTokens: number
}

export function answerGenerate(request: Json, model: Model, circumstances: Circumstances): Answer {
  const problem = generateProblem(request, model, circumstances.rules ?? {})
  if (problem) return { problem }
  const config = configOf(request)
  const format = formatOf(config)
  if (format.problem) return { problem: format.problem }
  const prompt = promptOf(request)
  for (const uri of prompt.fileUris) {
    const trouble = circumstances.fileProblem(uri)
    if (trouble) return { problem: trouble }
  }
  const cached = cachedTokens(request, model, prompt, circumstances)
  if (typeof cached !== 'number') return { problem: cached }
  // An explicit cache is part of the prompt, though none of its words are in the request.
  const promptTokens = prompt.tokens + (field(request, 'cachedContent') === undefined ? 0 : cached)
  const window = model.entry.contextWindow
  if (window !== null && promptTokens > window) {
    return {
      problem: invalidArgument(
        `The input token count (${promptTokens}) exceeds the maximum number of tokens allowed (${window}).`,
      ),
    }
  }
  if (circumstances.twist === 'blocked') return blocked(promptTokens, model, circumstances)
  const candidates: Candidate[] = []
  for (let index = 0; index < (positiveWhole(field(config, 'candidateCount')) ?? 1); index++) {
    candidates.push(candidateOf(request, model, config, format, index, circumstances))
  }
  const sum = (count: (candidate: Candidate) => number) =>
    candidates.reduce((total, candidate) => total + count(candidate), 0)
  const answered = sum(({ answerTokens }) => answerTokens)
  const thought = sum(({ thoughtTokens }) => thoughtTokens)
  const usage: Usage = {
    promptTokens,
    cachedTokens: cached,
    cacheWriteTokens: 0,
    outputTokens: answered + thought,
    reasoningTokens: thought,
  }
  const response = {
    candidates: candidates.map(({ view }) => view),
    usageMetadata: usageView(usage, prompt),
    ...tail(model, circumstances),
  }
  return { usage, text: JSON.stringify(circumstances.finish?.(response) ?? response) }
}

function configOf(request: Json): Json {
  const config = field(request, 'generationConfig')
  return isJson(config) ? config : {}
}

function cachedTokens(
  request: Json,
  model: Model,
  prompt: ReadPrompt,
  { cache, explicitCache }: Circumstances,
): number | Problem {
  const name = field(request, 'cachedContent')
  if (name !== undefined) return explicitCache(String(name))
  return cache?.look(prompt, model.entry.minCacheableTokens, 1).cachedTokens ?? 0
}

/** The prompt itself is refused: no candidate at all, and nothing but the prompt to pay. */
function blocked(promptTokens: number, model: Model, circumstances: Circumstances): Answer {
  const usage = { promptTokens, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 }
  const response = {
    promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
    usageMetadata: { promptTokenCount: promptTokens, totalTokenCount: promptTokens },
    ...tail(model, circumstances),
  }
  return { usage, text: JSON.stringify(circumstances.finish?.(response) ?? response) }
}

function tail(model: Model, { bodySha256 }: Circumstances): Json {
  return { modelVersion: model.entry.id, responseId: bodySha256.slice(0, 22) }
}

/** The wire's answer count leaves the thoughts out, and its prompt count holds the cached part. */
function usageView(usage: Usage, prompt: ReadPrompt): Json {
  const { promptTokens, cachedTokens: cached, outputTokens, reasoningTokens } = usage
  const answered = outputTokens - reasoningTokens
  return {
    promptTokenCount: promptTokens,
    ...(cached > 0 ? { cachedContentTokenCount: cached } : {}),
    ...(answered > 0 ? { candidatesTokenCount: answered } : {}),
    totalTokenCount: promptTokens + outputTokens,
    promptTokensDetails: prompt.details,
    ...(cached > 0 ? { cacheTokensDetails: [{ modality: 'TEXT', tokenCount: cached }] } : {}),
    ...(reasoningTokens > 0 ? { thoughtsTokenCount: reasoningTokens } : {}),
  }
}

function candidateOf(
  request: Json,
  model: Model,
  config: Json,
  format: Format,
  index: number,
  circumstances: Circumstances,
): Candidate {
  const { twist, seed, bodySha256 } = circumstances
  const chance = chanceFromHex(bodySha256, (seed * 0x85eb_ca6b + index * 0x9e37_79b9) | 0)
  const call = functionCall(request, chance)
  if (call) {
    const signature = model.signsThoughts ? { thoughtSignature: Buffer.from(word(chance, 48)).toString('base64') } : {}
    const id = model.signsThoughts ? { id: word(chance, 8).toLowerCase() } : {}
    const parts = [{ functionCall: { ...id, ...call }, ...signature }]
    return candidate(index, parts, 'STOP', tokensIn(JSON.stringify(call)), 0)
  }
  const tokensMax = positiveWhole(field(config, 'maxOutputTokens')) ?? model.entry.maxOutput ?? 65_536
  const plainTwist = twistOf(twist, format)
  const said = utter(chance, format.format, thoughtsMax(config, model), tokensMax, plainTwist)
  if (twist === 'safety' || twist === 'recitation') {
    return candidate(index, [], twist === 'safety' ? 'SAFETY' : 'RECITATION', 0, said.reasoningTokens)
  }
  const text = format.isEnum && said.finish === 'stop' ? bareText(said.text) : (said.refusal ?? said.text)
  const parts = [...thoughtParts(config, said, chance), ...(text === '' ? [] : [{ text }])]
  const finish = said.finish === 'length' ? 'MAX_TOKENS' : 'STOP'
  return candidate(index, parts, finish, said.contentTokens, said.reasoningTokens)
}

function candidate(
  index: number,
  parts: readonly Json[],
  finishReason: string,
  answerTokens: number,
  thoughtTokens: number,
): Candidate {
  const content = { ...(parts.length > 0 ? { parts } : {}), role: 'model' }
  return { view: { content, finishReason, index }, answerTokens, thoughtTokens }
}

function twistOf(twist: GeminiTwist | undefined, { asked }: Format) {
  if (twist === 'schema-ignored') return asked === 'responseJsonSchema' ? 'off-schema' : undefined
  if (twist === 'safety' || twist === 'recitation' || twist === 'blocked') return undefined
  return twist
}

/** An answer of `text/x.enum` is the bare word, not JSON. */
function bareText(text: string): string {
  return /^".+"$/s.test(text) ? String(JSON.parse(text)) : text
}

/** Most thoughts, of 64 tokens each. */
function thoughtsMax(config: Json, model: Model): number {
  const thinking = field(config, 'thinkingConfig')
  const asked = isJson(thinking) ? thinking : {}
  const level = String(field(asked, 'thinkingLevel') ?? '').toUpperCase()
  const budget = Number(field(asked, 'thinkingBudget') ?? -1)
  if (budget >= 0) return Math.floor(Math.min(budget, 1024) / 64)
  const byLevel: Record<string, number> = { MINIMAL: 0, LOW: 2, MEDIUM: 4, HIGH: 16 }
  return byLevel[level] ?? (model.thinks ? 4 : 0)
}

function thoughtParts(config: Json, said: Utterance, chance: Chance): Json[] {
  const thinking = field(config, 'thinkingConfig')
  const shown = isJson(thinking) && field(thinking, 'includeThoughts') === true
  return shown && said.reasoningTokens > 0 ? [{ text: plainText(chance, 6, 12), thought: true }] : []
}

/** A function is called only where the request insists on it; left to choose, this model prefers to talk. */
function functionCall(request: Json, chance: Chance): Json | undefined {
  const toolConfig = field(request, 'toolConfig')
  const calling = isJson(toolConfig) ? field(toolConfig, 'functionCallingConfig') : undefined
  if (!isJson(calling) || calling['mode'] !== 'ANY') return undefined
  const allowed = list(field(calling, 'allowedFunctionNames'))
  for (const tool of list(field(request, 'tools'))) {
    if (!isJson(tool)) continue
    for (const declaration of list(field(tool, 'functionDeclarations'))) {
      if (!isJson(declaration)) continue
      if (allowed.length > 0 && !allowed.includes(declaration['name'])) continue
      const schema = field(declaration, 'parametersJsonSchema') ?? schemaOf(declaration['parameters'])
      const args = schema === undefined ? {} : valueOf(schema, chance)
      return { name: declaration['name'], args }
    }
  }
  return undefined
}
