import type { Manner } from '../../src/emulator/index.ts'
import { between, logBetween, normal, uniform } from '../simulate/random.ts'
import { instructions, type Script, scripts } from './words.ts'

/**
 * Jobs that people might send, drawn by a seed. They are not made to fit the estimator: what it looks at (a schema, a limit,
 * an effort, earlier jobs) is there or not as people say it or not, and how long answers are is drawn from how long they
 * are said to be by tasks, and from nothing that the estimator knows. docs/quotes.md states all of it.
 */
export interface GeneratedJob {
  readonly name: string
  readonly model: string
  readonly requests: number
  /** Requests of the job; those of an earlier night with the same template come before 0. */
  lines(first: number, count: number): readonly object[]
  /** How its model answers on that night: the length of answers drifts a little from one to the next. */
  manner(night: number, tokensOf: (text: string) => number): Manner
}

interface Task {
  readonly name: string
  /** How many in a hundred jobs. */
  readonly share: number
  /** Tokens of a prompt: the median of such jobs, and the spread of their logarithms. */
  readonly prompt: readonly [median: number, spread: number]
  /** The same of a plain answer. `translate`: as a share of the prompt. */
  readonly answer: readonly [median: number, spread: number]
  /** Of the answers within a job. */
  readonly within: number
  /** In so many of a hundred jobs the answer is JSON by a schema. */
  readonly schema: number
}

export const tasks: readonly Task[] = [
  { name: 'classify', share: 22, prompt: [150, 0.8], answer: [5, 0.5], within: 0.3, schema: 50 },
  { name: 'extract', share: 20, prompt: [700, 0.9], answer: [80, 0.6], within: 0.4, schema: 90 },
  { name: 'summarise', share: 15, prompt: [1500, 0.7], answer: [130, 0.5], within: 0.35, schema: 10 },
  { name: 'translate', share: 10, prompt: [250, 0.8], answer: [1.1, 0.15], within: 0.6, schema: 0 },
  { name: 'answer', share: 15, prompt: [900, 0.9], answer: [160, 0.7], within: 0.6, schema: 10 },
  { name: 'write', share: 8, prompt: [120, 0.6], answer: [600, 0.6], within: 0.4, schema: 0 },
  { name: 'embed', share: 10, prompt: [250, 0.9], answer: [1, 0], within: 0, schema: 0 },
]

const chatModels = [
  'gpt-4.1-mini',
  'gpt-4o-mini',
  'gpt-5-mini',
  'gpt-5.4-nano',
  'o4-mini',
  'claude-haiku-4-5',
  'claude-sonnet-4-6',
  'claude-opus-4-8',
  'gemini-2.5-flash',
  'gemini-2.5-flash-lite',
  'gemini-3.5-flash',
] as const
const embedders = ['text-embedding-3-small', 'text-embedding-3-large'] as const

/** Of each draw, what it is for. */
const draw = {
  task: 1,
  model: 2,
  requests: 3,
  prompt: 4,
  promptWithin: 5,
  system: 6,
  script: 7,
  answer: 8,
  schema: 9,
  fields: 10,
  limit: 11,
  limitRoom: 12,
  effort: 13,
  thoughts: 14,
  factor: 15,
  phrase: 16,
  mixed: 17,
  night: 18,
} as const

export interface Bounds {
  readonly requestsMin: number
  readonly requestsMax: number
}

export function jobOf(seed: number, number: number, { requestsMin, requestsMax }: Bounds): GeneratedJob {
  const own = seed * 100_003 + number
  const share = (what: number, which = 0): number => uniform(own, what, which)
  const logNormal = (median: number, spread: number, what: number): number =>
    median * Math.exp(spread * normal(own, what))
  const task = taskAt(share(draw.task) * 100)
  const embeds = task.name === 'embed'
  const model = pick<string>(embeds ? embedders : chatModels, share(draw.model))
  const script = scriptOf(share(draw.script))
  const promptMedian = logNormal(...task.prompt, draw.prompt)
  const answer = logNormal(...task.answer, draw.answer) * (task.name === 'translate' ? promptMedian : 1)
  const schema = share(draw.schema) * 100 < task.schema ? schemaFor(task, share) : undefined
  const isTold = share(draw.effort) < 0.35 && !/^(?:claude|gemini)-/.test(model)
  const effort = isTold ? pick(['low', 'medium', 'high'] as const, share(draw.effort, 1)) : undefined
  const hard = effort === 'low' ? 0.35 : effort === 'high' ? 2.5 : 1
  const thoughts = logNormal(300, 0.8, draw.thoughts) * hard
  const phraseWords = logNormal(4, 0.6, draw.phrase)
  const room = logBetween(1.5, 8, share(draw.limitRoom))
  const needs = (schema === undefined ? answer : 20 + 8 * phraseWords) + (thinks(model, effort) ? thoughts : 0)
  const limited = share(draw.limit) < 0.55
  // Claude cannot be asked without a limit: who has none in mind writes one that never matters.
  const limit = limited ? needs * room : model.startsWith('claude-') ? Math.max(1.5 * needs, 1024) : undefined
  const shape: Shape = {
    seed: own,
    model,
    script,
    promptMedian,
    promptWithin: between(0.2, 0.8, share(draw.promptWithin)),
    system: systemOf(own, task, script, share),
    schema,
    effort: thinks(model, effort) ? effort : undefined,
    maxTokens: limit === undefined || embeds ? undefined : roundLimit(limit),
  }
  return {
    name: `${task.name}, ${script}${schema === undefined ? '' : ', schema'}${shape.maxTokens === undefined ? '' : ', limit'}`,
    model,
    requests: Math.round(logBetween(requestsMin, requestsMax, share(draw.requests))),
    lines: (first, count) => Array.from({ length: count }, (_, at) => lineOf(shape, first + at)),
    manner: (night, tokensOf) => {
      const drift = Math.exp(0.08 * normal(own, draw.night, night))
      const factor = factorOf(model, own)
      const gauss = (chance: () => number): number =>
        Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance())
      const about = (mean: number, spread: number, chance: () => number): number =>
        Math.max(1, Math.round(mean * Math.exp(spread * gauss(chance) - spread ** 2 / 2)))
      return {
        tokensIn: (text) => Math.ceil(tokensOf(text) * factor),
        words: (chance) => about((answer * drift) / TOKENS_A_WORD, task.within, chance),
        phraseWords: (chance) => about(phraseWords * drift, 0.6, chance),
        thoughtTokens: (chance) => about(thoughts * drift, 0.7, chance),
      }
    },
  }
}

/** Of the words that the emulated models say. */
const TOKENS_A_WORD = 1.15

/** What the emulated vendor makes of a text against OpenAI's encoding: of each model the same in all of its jobs. */
function factorOf(model: string, own: number): number {
  const share = uniform(model.length * 31 + model.charCodeAt(model.length - 1), draw.factor)
  const ofText = Math.exp(0.03 * normal(own, draw.factor))
  if (model.startsWith('claude-')) return between(1.1, 1.4, share) * ofText
  return model.startsWith('gemini-') ? between(0.88, 1.15, share) * ofText : 1
}

const thinks = (model: string, effort: string | undefined): boolean =>
  /^(?:o4|gpt-5-|gemini-(?:2\.5|3\.5)-flash$)/.test(model) || (model.startsWith('gpt-5.') && effort !== undefined)

function taskAt(percent: number): Task {
  let left = percent
  return tasks.find(({ share }) => (left -= share) < 0) ?? (tasks[0] as Task)
}

const scriptOf = (share: number): Script | 'mixed' =>
  share < 0.6 ? 'english' : share < 0.72 ? 'german' : share < 0.82 ? 'russian' : share < 0.92 ? 'chinese' : 'mixed'

interface Shape {
  readonly seed: number
  readonly model: string
  readonly script: Script | 'mixed'
  readonly promptMedian: number
  readonly promptWithin: number
  readonly system: string
  readonly schema: object | undefined
  readonly effort: string | undefined
  readonly maxTokens: number | undefined
}

/** Tokens of one word of each script with what parts it from the next, about. */
const tokensAWord: Readonly<Record<Script, number>> = { english: 1.1, german: 1.7, russian: 1.8, chinese: 1 }

const EMBEDDED_MAX = 5000

function lineOf(shape: Shape, number: number): object {
  const { seed, model, script, promptMedian, promptWithin } = shape
  const which = number + 1_000_000
  const tongue = script === 'mixed' ? pick(allScripts, uniform(seed, draw.mixed, which)) : script
  const drawn = promptMedian * Math.exp(promptWithin * normal(seed, draw.promptWithin, which))
  // Texts are cut into pieces that an embedding model takes.
  const tokens = model.startsWith('text-embedding') ? Math.min(EMBEDDED_MAX, drawn) : drawn
  const prompt = `${number}: ${textOf(seed + 7919 * which, tongue, Math.max(2, tokens / tokensAWord[tongue]))}`
  const id = `r${number}`
  if (model.startsWith('claude-')) return { custom_id: id, params: claudeBody(shape, prompt) }
  if (model.startsWith('gemini-')) return { key: id, request: geminiBody(shape, prompt) }
  const url = model.startsWith('text-embedding') ? '/v1/embeddings' : '/v1/chat/completions'
  const body = url === '/v1/embeddings' ? { model, input: prompt } : openAiBody(shape, prompt)
  return { custom_id: id, method: 'POST', url, body }
}

const openAiBody = ({ model, system, schema, effort, maxTokens }: Shape, prompt: string) => ({
  model,
  messages: [...(system === '' ? [] : [{ role: 'system', content: system }]), { role: 'user', content: prompt }],
  ...(schema && { response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } } }),
  ...(effort && { reasoning_effort: effort }),
  ...(maxTokens && { max_completion_tokens: maxTokens }),
})

const claudeBody = ({ model, system, schema, maxTokens }: Shape, prompt: string) => ({
  model,
  max_tokens: maxTokens,
  ...(system === '' ? {} : { system }),
  messages: [{ role: 'user', content: prompt }],
  ...(schema && { output_config: { format: { type: 'json_schema', schema } } }),
})

const geminiBody = ({ model, system, schema, maxTokens }: Shape, prompt: string) => ({
  model: `models/${model}`,
  contents: [{ role: 'user', parts: [{ text: prompt }] }],
  ...(system === '' ? {} : { systemInstruction: { parts: [{ text: system }] } }),
  generationConfig: {
    ...(maxTokens && { maxOutputTokens: maxTokens }),
    ...(schema && { responseMimeType: 'application/json', responseJsonSchema: schema }),
  },
})

/**
 * Most have a paragraph of instructions, some none, some pages of them. They say what is asked: in English, mostly, or in
 * the language of the job.
 */
function systemOf(
  seed: number,
  { name }: Task,
  script: Script | 'mixed',
  share: (what: number, which?: number) => number,
): string {
  const length = share(draw.system)
  if (length < 0.15) return ''
  const words = length < 0.9 ? logBetween(12, 150, (length - 0.15) / 0.75) : logBetween(300, 2500, (length - 0.9) / 0.1)
  const tongue = script === 'mixed' || share(draw.system, 1) < 0.6 ? 'english' : script
  const asked = pick(instructions[tongue][name] ?? [''], share(draw.system, 2))
  return `${asked} ${textOf(seed, tongue, words)}`.trim()
}

const labels = ['billing', 'delivery', 'account', 'complaint', 'praise', 'spam', 'other', 'refund_not_showing_up']

function schemaFor({ name }: Task, share: (what: number, which?: number) => number): object {
  const label = { type: 'string', enum: labels.slice(0, 3 + Math.floor(5 * share(draw.fields))) }
  if (name === 'classify') {
    const sure = share(draw.fields, 1) < 0.4 ? { confidence: { type: 'number' } } : {}
    const why = share(draw.fields, 2) < 0.3 ? { reason: { type: 'string' } } : {}
    return objectOf({ label, ...sure, ...why })
  }
  const count = 2 + Math.floor(8 * share(draw.fields, 3))
  const kinds = ['string', 'string', 'string', 'number', 'integer', 'boolean', 'list', 'label'] as const
  const names = 'customer order_number date total_amount currency is_urgent product summary city next_step'.split(' ')
  const fields = Array.from({ length: count }, (_, at) => {
    const kind = pick(kinds, share(draw.fields, 10 + at))
    const field =
      kind === 'list' ? { type: 'array', items: { type: 'string' } } : kind === 'label' ? label : { type: kind }
    return [names[at] as string, field] as const
  })
  return objectOf(Object.fromEntries(fields))
}

const objectOf = (properties: Readonly<Record<string, object>>): object => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
})

/** As people write limits. */
function roundLimit(tokens: number): number {
  const round = [
    16, 32, 64, 100, 128, 200, 256, 300, 500, 512, 800, 1000, 1024, 1500, 2000, 2048, 3000, 4000, 4096, 8000,
  ]
  return round.find((limit) => limit >= tokens) ?? 8192
}

function textOf(seed: number, script: Script, words: number): string {
  const of = scripts[script]
  const gap = script === 'chinese' ? '' : ' '
  const parts: string[] = []
  for (let at = 0; at < Math.round(words); at++) {
    parts.push(pick<string>(of, uniform(seed, at)))
    if (at % 13 === 12) parts.push(`${Math.floor(1000 * uniform(seed, at, 1))}.`)
  }
  return parts.join(gap)
}

const allScripts = Object.keys(scripts) as Script[]
const pick = <T>(from: readonly T[], share: number): T => from[Math.floor(share * from.length)] as T
