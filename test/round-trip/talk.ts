import * as fc from 'fast-check'
import type { ChatDialect, Json } from '../../src/dialects/translation.ts'

/** What a generated request says, in no dialect's words. */
export interface Talk {
  readonly system: readonly string[]
  readonly developer: boolean
  readonly rounds: readonly Round[]
  readonly last: string
  readonly tools: boolean
  readonly strict: boolean
  readonly choice: 'auto' | 'none' | 'required' | 'named' | 'subset' | undefined
  readonly serial: boolean
  readonly format: 'json' | 'schema' | 'wish' | undefined
  readonly effort: 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'max' | undefined
  readonly settings: { readonly [S in Setting]?: S extends 'stop' ? readonly string[] : unknown }
  readonly marked: boolean
  readonly ids: boolean
}
type Setting =
  | 'max'
  | 'temperature'
  | 'topP'
  | 'topK'
  | 'stop'
  | 'seed'
  | 'n'
  | 'penalty'
  | 'logprobs'
  | 'user'
  | 'labels'

interface Round {
  readonly asked: readonly string[]
  readonly media: 'image' | 'url' | 'pdf' | 'text' | undefined
  readonly said: string | undefined
  readonly thought: boolean
  readonly calls: readonly {
    readonly name: 'f' | 'g'
    readonly args: Json
    readonly result: string
    readonly failed: boolean
  }[]
}

const text = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
const args = fc
  .dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
  .filter((value) => !JSON.stringify(value).includes('__proto__'))
const seldom = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 })
const flag = fc.integer({ min: 0, max: 5 }).map((roll) => roll === 0)

const round: fc.Arbitrary<Round> = fc.record({
  asked: fc.array(text, { minLength: 1, maxLength: 2 }),
  media: fc.option(fc.constantFrom('image', 'url', 'pdf', 'text'), { nil: undefined, freq: 2 }),
  said: fc.option(text, { nil: undefined }),
  thought: flag,
  calls: fc.array(fc.record({ name: fc.constantFrom('f', 'g'), args, result: text, failed: flag }), { maxLength: 3 }),
})

const values = {
  max: fc.integer({ min: 1, max: 9_999 }),
  temperature: fc.constantFrom(0, 0.5, 1, 1.5),
  topP: fc.double({ min: 0, max: 1, noNaN: true }),
  topK: fc.constant(40),
  stop: fc.array(
    text.filter((stop) => /\S/.test(stop)),
    { minLength: 1, maxLength: 6 },
  ),
  seed: fc.integer(),
  n: fc.constantFrom(2, 3),
  penalty: fc.constantFrom(-1, 0.5),
  logprobs: fc.constantFrom(0, 3),
  user: fc.constant('user-1'),
  labels: fc.constant({ team: 'a' }),
}
/** A few of them at most, or every talk is refused for one. */
const settings = fc
  .subarray(Object.keys(values) as Setting[], { maxLength: 3 })
  .chain((keys) => fc.record(Object.fromEntries(keys.map((key) => [key, values[key] as fc.Arbitrary<unknown>]))))

export const talk: fc.Arbitrary<Talk> = fc
  .record({
    system: fc.array(text, { maxLength: 2 }),
    developer: flag,
    rounds: fc.array(round, { maxLength: 3 }),
    last: text,
    tools: fc.boolean(),
    strict: flag,
    choice: seldom(fc.constantFrom('auto', 'none', 'required', 'named', 'subset')),
    serial: flag,
    format: seldom(fc.constantFrom('json', 'schema', 'wish')),
    effort: seldom(fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'max')),
    settings,
    marked: flag,
    ids: fc.boolean(),
  })
  .map((value) => JSON.parse(JSON.stringify(value)) as Talk)

const png = 'iVBORw0KGgo='
export const pdf = Buffer.from('DOCUMENT').toString('base64')
const schema = (): Json => ({
  type: 'object',
  properties: { a: { type: 'string' } },
  required: ['a'],
  additionalProperties: false,
})
const id = (turn: number, place: number): string => `id_${turn}_${place}`
const names = ['f', 'g'] as const

/** The talk in each dialect, as its writer would spell it; what a dialect has no words for is left out. */
export const render: Record<ChatDialect, (talk: Talk) => Json> = {
  'openai-chat': (it) => openai(it, true),
  'openai-responses': (it) => openai(it, false),
  anthropic(it) {
    const mark = it.marked ? { cache_control: { type: 'ephemeral', ttl: '1h' } } : {}
    const source = (media: Round['media']): Json[] =>
      media === 'image'
        ? [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }]
        : media === 'url'
          ? [{ type: 'image', source: { type: 'url', url: 'https://a.example/b.png' } }]
          : media === 'pdf'
            ? [
                {
                  type: 'document',
                  source: { type: 'base64', media_type: 'application/pdf', data: pdf },
                  title: 'DOCUMENT',
                },
              ]
            : media === 'text'
              ? [
                  {
                    type: 'document',
                    source: { type: 'text', media_type: 'text/plain', data: 'DOCUMENT' },
                    context: 'c',
                  },
                ]
              : []
    const messages: Json[] = []
    const say = (role: string, content: Json[]) => {
      const [only] = content
      const alone = content.length === 1 && only?.['type'] === 'text' && only['cache_control'] === undefined
      messages.push({ role, content: alone ? only?.['text'] : content })
    }
    let results: Json[] = []
    it.rounds.forEach((one, turn) => {
      say('user', [
        ...results,
        ...source(one.media),
        ...one.asked.map((said) => ({ type: 'text', text: said, ...mark })),
      ])
      results = one.calls.map((call, place) => ({
        type: 'tool_result',
        tool_use_id: id(turn, place),
        content: call.result,
        ...(call.failed && { is_error: true }),
      }))
      const thought = one.thought ? [{ type: 'thinking', thinking: 't', signature: 's' }] : []
      const spoken = one.said === undefined && one.calls.length > 0 ? [] : [{ type: 'text', text: one.said ?? 'ok' }]
      say('assistant', [
        ...thought,
        ...spoken,
        ...one.calls.map((call, place) => ({
          type: 'tool_use',
          id: id(turn, place),
          name: call.name,
          input: call.args,
        })),
      ])
    })
    say('user', [...results, { type: 'text', text: it.last }])
    const { max, topP, topK, stop, user } = it.settings
    const temperature = it.settings.temperature === 1.5 ? 1 : it.settings.temperature
    const choices = {
      auto: { type: 'auto' },
      none: { type: 'none' },
      required: { type: 'any' },
      named: { type: 'tool', name: 'f' },
      subset: undefined,
    }
    const choice = it.tools && it.choice !== undefined ? choices[it.choice] : undefined
    const serial =
      it.tools && it.serial && it.choice !== 'none'
        ? { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true }
        : choice
    const effort = it.effort === 'none' || it.effort === 'minimal' ? undefined : it.effort
    return clean({
      model: 'claude-opus-4-6',
      max_tokens: max ?? 100,
      system: it.system.length > 0 ? it.system.map((said) => ({ type: 'text', text: said })) : undefined,
      messages,
      tools: it.tools
        ? names.map((name) => ({ name, input_schema: schema(), ...(it.strict && { strict: true }) }))
        : undefined,
      tool_choice: serial,
      temperature,
      top_p: topP,
      top_k: topK,
      stop_sequences: stop,
      thinking: it.effort === 'none' ? { type: 'disabled' } : effort && { type: 'adaptive' },
      output_config:
        it.format === 'schema' || effort
          ? clean({ format: it.format === 'schema' ? { type: 'json_schema', schema: schema() } : undefined, effort })
          : undefined,
      metadata: user && { user_id: user },
    })
  },
  gemini(it) {
    const source = (media: Round['media']): Json[] =>
      media === 'image'
        ? [{ inlineData: { mimeType: 'image/png', data: png } }]
        : media === 'pdf'
          ? [{ inlineData: { mimeType: 'application/pdf', data: pdf } }]
          : media === 'text'
            ? [{ inlineData: { mimeType: 'text/plain', data: Buffer.from('DOCUMENT').toString('base64') } }]
            : []
    const contents: Json[] = []
    let results: Json[] = []
    it.rounds.forEach((one, turn) => {
      contents.push({
        role: 'user',
        parts: [...results, ...source(one.media), ...one.asked.map((said) => ({ text: said }))],
      })
      const own = (place: number) => (it.ids ? { id: id(turn, place) } : {})
      results = one.calls.map((call, place) => ({
        functionResponse: {
          ...own(place),
          name: call.name,
          response: { [call.failed ? 'error' : 'output']: call.result },
        },
      }))
      const thought = one.thought ? [{ text: 't', thought: true }] : []
      const spoken = one.said === undefined && one.calls.length > 0 ? [] : [{ text: one.said ?? 'ok' }]
      contents.push({
        role: 'model',
        parts: [
          ...thought,
          ...spoken,
          ...one.calls.map((call, place) => ({ functionCall: { ...own(place), name: call.name, args: call.args } })),
        ],
      })
    })
    contents.push({ role: 'user', parts: [...results, { text: it.last }] })
    const { max, temperature, topP, topK, stop, seed, n, penalty, logprobs, labels } = it.settings
    const config = clean({
      maxOutputTokens: max,
      temperature,
      topP,
      topK,
      stopSequences: stop?.slice(0, 5),
      seed,
      candidateCount: n,
      frequencyPenalty: penalty,
      responseLogprobs: logprobs === undefined ? undefined : true,
      logprobs: logprobs === 0 ? undefined : logprobs,
      responseMimeType: it.format && 'application/json',
      responseJsonSchema: it.format === undefined || it.format === 'json' ? undefined : schema(),
      thinkingConfig:
        it.effort === undefined || it.effort === 'none' || it.effort === 'max'
          ? undefined
          : { thinkingLevel: it.effort.toUpperCase() },
    })
    const modes = {
      auto: { mode: 'AUTO' },
      none: { mode: 'NONE' },
      required: { mode: 'ANY' },
      named: { mode: 'ANY', allowedFunctionNames: ['f'] },
      subset: { mode: 'VALIDATED', allowedFunctionNames: ['g'] },
    }
    return clean({
      contents,
      systemInstruction: it.system.length > 0 ? { parts: it.system.map((said) => ({ text: said })) } : undefined,
      tools: it.tools
        ? [{ functionDeclarations: names.map((name) => ({ name, parametersJsonSchema: schema() })) }]
        : undefined,
      toolConfig: it.tools && it.choice !== undefined ? { functionCallingConfig: modes[it.choice] } : undefined,
      generationConfig: Object.keys(config).length > 0 ? config : undefined,
      labels,
    })
  },
}

function openai(it: Talk, chat: boolean): Json {
  const mark = it.marked ? { prompt_cache_breakpoint: { mode: 'explicit' } } : {}
  const words = (said: string): Json => ({ type: chat ? 'text' : 'input_text', text: said, ...mark })
  const source = (media: Round['media']): Json[] => {
    const url = media === 'url' ? 'https://a.example/b.png' : `data:image/png;base64,${png}`
    if (media === 'image' || media === 'url')
      return [
        chat ? { type: 'image_url', image_url: { url } } : { type: 'input_image', image_url: url, detail: 'auto' },
      ]
    const file = { filename: 'DOCUMENT', file_data: `data:application/pdf;base64,${pdf}` }
    return media === 'pdf' ? [chat ? { type: 'file', file } : { type: 'input_file', ...file }] : []
  }
  const system = it.developer ? 'developer' : 'system'
  const items: Json[] = it.system.map((content) => ({ role: system, content }))
  const user = (content: Json[]) => {
    const [only] = content
    const alone = content.length === 1 && !it.marked && typeof only?.['text'] === 'string'
    items.push({ role: 'user', content: alone ? only?.['text'] : content })
  }
  it.rounds.forEach((one, turn) => {
    user([...source(one.media), ...one.asked.map(words)])
    const spoken = one.said === undefined && one.calls.length > 0 ? undefined : (one.said ?? 'ok')
    const callsOf = one.calls.map((call, place) => ({
      id: id(turn, place),
      name: call.name,
      arguments: JSON.stringify(call.args),
      result: call.result,
    }))
    if (chat) {
      const calls = callsOf.map((call) => ({
        id: call.id,
        type: 'function',
        function: { name: call.name, arguments: call.arguments },
      }))
      items.push({ role: 'assistant', content: spoken ?? null, ...(calls.length > 0 && { tool_calls: calls }) })
      for (const call of callsOf) items.push({ role: 'tool', tool_call_id: call.id, content: call.result })
    } else {
      if (one.thought) items.push({ type: 'reasoning', id: 'rs_1', summary: [] })
      if (spoken !== undefined) items.push({ role: 'assistant', content: spoken })
      for (const call of callsOf)
        items.push({ type: 'function_call', call_id: call.id, name: call.name, arguments: call.arguments })
      for (const call of callsOf) items.push({ type: 'function_call_output', call_id: call.id, output: call.result })
    }
  })
  user([words(it.last)])
  const { max, temperature, topP, stop, seed, n, penalty, logprobs, user: who, labels } = it.settings
  const named = (name: string): Json => (chat ? { type: 'function', function: { name } } : { type: 'function', name })
  const subset = { mode: 'auto', tools: [named('g')] }
  const allowed = chat ? { type: 'allowed_tools', allowed_tools: subset } : { type: 'allowed_tools', ...subset }
  const choice = it.choice === 'named' ? named('f') : it.choice === 'subset' ? allowed : it.choice
  const format =
    it.format && it.format !== 'json'
      ? { name: 'n', schema: schema(), ...(it.format === 'schema' && { strict: true }) }
      : undefined
  const shared = {
    temperature,
    top_p: topP,
    tool_choice: it.tools ? choice : undefined,
    parallel_tool_calls: it.tools && it.serial && it.choice !== 'none' ? false : undefined,
    metadata: labels,
    safety_identifier: who,
  }
  if (!chat)
    return clean({
      model: 'gpt-5.6-sol',
      input: items,
      max_output_tokens: max,
      tools: it.tools
        ? names.map((name) => ({ type: 'function', name, parameters: schema(), strict: it.strict }))
        : undefined,
      text: it.format && { format: format ? { type: 'json_schema', ...format } : { type: 'json_object' } },
      reasoning: it.effort && { effort: it.effort },
      include: logprobs === undefined ? undefined : ['message.output_text.logprobs'],
      top_logprobs: logprobs === 0 ? undefined : logprobs,
      ...shared,
      store: false,
    })
  return clean({
    model: 'gpt-5.6-sol',
    messages: items,
    max_completion_tokens: max,
    tools: it.tools
      ? names.map((name) => ({
          type: 'function',
          function: { name, parameters: schema(), ...(it.strict && { strict: true }) },
        }))
      : undefined,
    response_format: it.format && (format ? { type: 'json_schema', json_schema: format } : { type: 'json_object' }),
    reasoning_effort: it.effort,
    stop: stop?.slice(0, 4),
    seed,
    n,
    frequency_penalty: penalty,
    logprobs: logprobs === undefined ? undefined : true,
    top_logprobs: logprobs === 0 ? undefined : logprobs,
    ...shared,
  })
}

/** Without members that are undefined. */
const clean = (body: Json): Json => JSON.parse(JSON.stringify(body)) as Json
