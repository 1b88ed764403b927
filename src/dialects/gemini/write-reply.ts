import { type Choice, type Reply, type ReplyPart, type Stop, type TokenCounts, type TokenLogprob } from '../reply.ts'
import type { Json, Translation } from '../translation.ts'

/** Reply → answer of `generateContent`. */
export function writeReply(t: Translation, reply: Reply): Json {
  const body: Json = { candidates: reply.choices.map((choice, index) => writeCandidate(t, choice, index)) }
  if (reply.usage !== undefined) body['usageMetadata'] = writeUsage(reply.usage, reply.tier)
  if (reply.model !== undefined) body['modelVersion'] = reply.model
  body['responseId'] = reply.id
  if (reply.created !== undefined) body['createTime'] = new Date(reply.created * 1_000).toISOString()
  return body
}

function writeCandidate(t: Translation, choice: Choice, index: number): Json {
  const { stop, refusal, logprobs, at } = choice
  const parts = choice.parts.flatMap((part) => writePart(t, part, at))
  const candidate: Json = { content: { role: 'model', parts }, finishReason: reasons[stop], index }
  if (stop === 'refusal') {
    t.warn('refusal_as_safety', at)
    if (parts.length > 0) t.warn('partial_content_kept', at)
    if (refusal !== undefined && refusal !== '') candidate['finishMessage'] = refusal
  }
  if (logprobs !== undefined) candidate['logprobsResult'] = writeLogprobs(logprobs)
  return candidate
}

/** Paused and failed answers do not get here. */
const reasons: Readonly<Record<Stop, string>> = {
  end: 'STOP',
  stopString: 'STOP',
  length: 'MAX_TOKENS',
  context: 'MAX_TOKENS',
  tools: 'STOP',
  refusal: 'SAFETY',
  paused: 'CONTINUATION',
  error: 'OTHER',
}

function writePart(t: Translation, part: ReplyPart, at: string): Json[] {
  if (part.kind === 'text') return part.text === '' ? [] : [{ text: part.text }]
  if (part.kind === 'reasoning') {
    t.warnOnce('visible_reasoning_changed', at)
    return [{ text: part.text, thought: true }]
  }
  const call: Json = { name: part.name, args: t.callArguments(part.args, at) }
  if (part.id !== undefined) call['id'] = part.id
  return [{ functionCall: call }]
}

function writeLogprobs(list: readonly TokenLogprob[]): Json {
  const one = (item: { readonly token: string; readonly logprob: number }): Json => ({
    token: item.token,
    logProbability: item.logprob,
  })
  const tops = list.some((item) => item.top.length > 0)
  return {
    chosenCandidates: list.map(one),
    ...(tops && { topCandidates: list.map((item) => ({ candidates: item.top.map(one) })) }),
  }
}

/** Thoughts are counted apart from the candidates. */
function writeUsage(counts: TokenCounts, tier: Reply['tier']): Json {
  const { input, cached, output, reasoning } = counts
  const usage: Json = {}
  if (input !== undefined) usage['promptTokenCount'] = input
  if (cached !== undefined) usage['cachedContentTokenCount'] = cached
  if (output !== undefined) usage['candidatesTokenCount'] = output - (reasoning ?? 0)
  if (reasoning !== undefined) usage['thoughtsTokenCount'] = reasoning
  if (input !== undefined && output !== undefined) usage['totalTokenCount'] = input + output
  if (tier !== undefined && tier !== 'batch') usage['serviceTier'] = tier
  return usage
}
