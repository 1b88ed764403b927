import {
  type Choice,
  count,
  keepRaw,
  newCounts,
  newReply,
  type Reply,
  type ReplyPart,
  type Stop,
  secondsOf,
  stringOf,
  type Tier,
  type TokenLogprob,
} from '../reply.ts'
import { isRecord, type Json, wordOf } from '../translation.ts'
import { fieldsOf } from './fields.ts'

/** Answer of `generateContent` → reply. A blocked prompt has no candidates: it is an answer that was refused. */
export function readReply(body: Json): Reply {
  const reply = newReply()
  const fields = fieldsOf(body)
  for (const key in fields) {
    const value = fields[key]
    if (key === 'responseId') reply.id = stringOf(value)
    else if (key === 'modelVersion') reply.model = stringOf(value)
    else if (key === 'createTime') reply.created = secondsOf(Math.floor(Date.parse(wordOf(value)) / 1_000))
    else if (key === 'usageMetadata') reply.usage = readUsage(reply, value)
    else if (key === 'candidates')
      reply.choices = records(value).map((candidate, index) => readCandidate(reply, candidate, index))
    else keepRaw(reply, key, value)
  }
  const feedback = isRecord(fields['promptFeedback']) ? fieldsOf(fields['promptFeedback']) : {}
  if (reply.choices.length === 0 && typeof feedback['blockReason'] === 'string')
    reply.choices.push(blocked(feedback['blockReason'], feedback['blockReasonMessage']))
  return reply
}

const records = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isRecord).map(fieldsOf) : [])

const blocked = (word: string, message: unknown): Choice => ({
  parts: [],
  stop: 'refusal',
  word,
  stopString: undefined,
  refusal: typeof message === 'string' ? message : undefined,
  logprobs: undefined,
  at: 'promptFeedback',
})

function readCandidate(reply: Reply, candidate: Json, index: number): Choice {
  const at = `candidates[${index}]`
  const content = isRecord(candidate['content']) ? candidate['content'] : {}
  const parts: ReplyPart[] = []
  for (const [place, part] of records(content['parts']).entries())
    readPart(reply, part, `${at}.content.parts[${place}]`, parts)
  for (const key in candidate) if (!read.has(key)) keepRaw(reply, `${at}.${key}`, candidate[key])
  const word = wordOf(candidate['finishReason'])
  const called = parts.some((part) => part.kind === 'call')
  const stop = Object.hasOwn(stops, word) ? (stops[word] as Stop) : 'error'
  const message = candidate['finishMessage']
  if (stop !== 'refusal') keepRaw(reply, `${at}.finishMessage`, message)
  return {
    parts,
    stop: called && stop === 'end' ? 'tools' : stop,
    word,
    stopString: undefined,
    refusal: stop === 'refusal' && typeof message === 'string' ? message : undefined,
    logprobs: readLogprobs(reply, candidate['logprobsResult'], `${at}.logprobsResult`),
    at,
  }
}
const read = new Set(['content', 'finishReason', 'finishMessage', 'index', 'logprobsResult'])

const stops: Readonly<Record<string, Stop>> = {
  STOP: 'end',
  MAX_TOKENS: 'length',
  SAFETY: 'refusal',
  RECITATION: 'refusal',
  BLOCKLIST: 'refusal',
  PROHIBITED_CONTENT: 'refusal',
  SPII: 'refusal',
  IMAGE_SAFETY: 'refusal',
  IMAGE_PROHIBITED_CONTENT: 'refusal',
  IMAGE_RECITATION: 'refusal',
  IMAGE_OTHER: 'refusal',
  CONTINUATION: 'paused',
}

function readPart(reply: Reply, part: Json, at: string, parts: ReplyPart[]): void {
  const { text, functionCall: call, thought } = part
  if (part['thoughtSignature'] !== undefined) reply.sealed ??= `${at}.thoughtSignature`
  if (typeof text === 'string' && thought === true) {
    if (text !== '') parts.push({ kind: 'reasoning', text })
  } else if (typeof text === 'string') {
    if (text !== '' || part['thoughtSignature'] === undefined) parts.push({ kind: 'text', text })
  } else if (isRecord(call)) {
    const id = typeof call['id'] === 'string' && call['id'] !== '' ? call['id'] : undefined
    parts.push({ kind: 'call', id, name: wordOf(call['name']), args: { value: call['args'] ?? {} } })
  } else if (thought !== true) keepRaw(reply, at, part)
}

function readLogprobs(reply: Reply, value: unknown, at: string): readonly TokenLogprob[] | undefined {
  if (!isRecord(value)) return undefined
  const result = fieldsOf(value)
  const chosen = records(result['chosenCandidates'])
  const top = records(result['topCandidates'])
  if (chosen.length === 0) return undefined
  keepRaw(reply, `${at}.logProbabilitySum`, result['logProbabilitySum'])
  if (chosen.some((item) => item['tokenId'] !== undefined))
    keepRaw(
      reply,
      `${at}.tokenIds`,
      chosen.map((item) => item['tokenId'] ?? null),
    )
  const one = (item: Json) => ({ token: wordOf(item['token']), logprob: item['logProbability'] as number, bytes: null })
  return chosen.map((item, index) => ({ ...one(item), top: records(top[index]?.['candidates']).map(one) }))
}

const tiers: Readonly<Record<string, Tier>> = {
  STANDARD: 'standard',
  FLEX: 'flex',
  PRIORITY: 'priority',
  ON_DEMAND: 'standard',
  ON_DEMAND_FLEX: 'flex',
  ON_DEMAND_PRIORITY: 'priority',
}

/** Gemini counts thoughts apart from the candidates, and what tools put into the prompt apart from the prompt. */
function readUsage(reply: Reply, value: unknown): Reply['usage'] {
  if (!isRecord(value)) return undefined
  const usage = fieldsOf(value)
  const counts = newCounts()
  let toolUse = 0
  for (const key in usage) {
    const raw = usage[key]
    if (key === 'promptTokenCount') counts.input = count(raw)
    else if (key === 'toolUsePromptTokenCount') toolUse = count(raw) ?? 0
    else if (key === 'cachedContentTokenCount') counts.cached = count(raw)
    else if (key === 'candidatesTokenCount') counts.output = count(raw)
    else if (key === 'thoughtsTokenCount') counts.reasoning = count(raw)
    else if (key === 'serviceTier' || key === 'trafficType') {
      const tier =
        tiers[
          wordOf(raw)
            .toUpperCase()
            .replace(/^SERVICE_TIER_/, '')
        ]
      reply.tier ??= tier
      if (tier === undefined) keepRaw(reply, `usageMetadata.${key}`, raw)
    } else if (key !== 'totalTokenCount') keepRaw(reply, `usageMetadata.${key}`, raw)
  }
  if (counts.input !== undefined) counts.input += toolUse
  // proto3 leaves out what is 0: an answer that was only thought about has no candidates count.
  if (counts.output === undefined && counts.reasoning !== undefined) counts.output = 0
  if (counts.output !== undefined) counts.output += counts.reasoning ?? 0
  return counts
}
