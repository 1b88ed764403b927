import { isJson, type Json, list, positiveWhole } from '../json.ts'
import { extra, invalid, type Problem, required, unknownModel } from './errors.ts'
import { type Model, modelNamed } from './models.ts'
import { lifetimeOf, type Prompt } from './prompt.ts'
import { schemaProblem } from './schema-rules.ts'
import { messagesProblem } from './validate-messages.ts'

/** Under which rules a request is judged. */
export interface Rules {
  readonly inBatch: boolean
  /** Token counting asks for no `max_tokens`. */
  readonly countsOnly?: boolean
  readonly version: string
  readonly betas: readonly string[]
  readonly refuses: (model: Model) => boolean
}

const known = new Set(
  (
    'model messages max_tokens system metadata stop_sequences stream temperature top_k top_p thinking tools tool_choice ' +
    'service_tier cache_control container inference_geo output_config output_format speed diagnostics mcp_servers ' +
    'context_management fallbacks billing_policy'
  ).split(' '),
)
/** Keys that the service knows and a batch does not take. */
const syncOnly = ['speed', 'store', 'previous_thread_event_id', 'cache_hint', 'context_hint']
const extendedOutput = { beta: 'output-300k-2026-03-24', tokens: 300_000 }

/** @returns the model, or the first thing that is wrong with the request */
export function checked(params: Json, rules: Rules): { model: Model } | { problem: Problem } {
  const problem = paramsProblem(params, rules)
  if (problem) return { problem }
  const model = modelNamed(String(params['model']))
  if (!model || rules.refuses(model)) return { problem: unknownModel(String(params['model'])) }
  const found =
    outputProblem(params, model, rules) ??
    samplingProblem(params, model, rules) ??
    thinkingProblem(params, model) ??
    toolsProblem(params, model) ??
    residencyProblem(params, model) ??
    messagesProblem(params, model, rules.version)
  return found ? { problem: found } : { model }
}

function paramsProblem(params: Json, { inBatch, countsOnly }: Rules): Problem | undefined {
  if (inBatch && params['stream'] === true) return invalid('"stream=True" is not supported in the Message Batches API')
  const unwelcome = inBatch ? syncOnly.find((name) => params[name] !== undefined && params[name] !== null) : undefined
  if (unwelcome) return extra(unwelcome)
  if (inBatch && isJson(params['billing_policy']) && params['billing_policy']['bill_to'] === 'user_profile') {
    return invalid('billing_policy.bill_to: "user_profile" is not supported in the Message Batches API')
  }
  const strange = Object.keys(params).find((name) => !known.has(name))
  if (strange !== undefined) return extra(strange)
  if (typeof params['model'] !== 'string') return required('model')
  if (!countsOnly && params['max_tokens'] === undefined) return required('max_tokens')
  if (params['messages'] === undefined) return required('messages')
  if (!Array.isArray(params['messages'])) return invalid('messages: Input should be a valid list')
  if (params['messages'].length === 0) return invalid('messages: at least one message is required')
  if (params['messages'].length > 100_000) return invalid('messages: List should have at most 100000 items')
  const tier = params['service_tier'] ?? 'auto'
  if (tier !== 'auto' && tier !== 'standard_only') {
    return invalid("service_tier: Input should be 'auto' or 'standard_only'")
  }
  return stopProblem(params['stop_sequences'])
}

function stopProblem(stops: unknown): Problem | undefined {
  if (stops === undefined || stops === null) return undefined
  if (!Array.isArray(stops)) return invalid('stop_sequences: Input should be a valid list')
  const blank = stops.findIndex((stop) => typeof stop !== 'string' || stop.trim() === '')
  return blank < 0 ? undefined : invalid(`stop_sequences: each stop sequence must contain non-whitespace`)
}

function outputProblem(params: Json, model: Model, { inBatch, betas, countsOnly }: Rules): Problem | undefined {
  const asked = params['max_tokens']
  if (countsOnly && asked === undefined) return formatProblem(params)
  const least = inBatch ? 1 : 0
  if (typeof asked !== 'number' || !Number.isInteger(asked)) {
    return invalid('max_tokens: Input should be a valid integer')
  }
  if (asked < least) return invalid(`max_tokens: must be greater than or equal to ${least}`)
  const extended = inBatch && model.extendsOutput && betas.includes(extendedOutput.beta)
  const most = extended ? extendedOutput.tokens : (model.entry.maxOutput ?? Number.POSITIVE_INFINITY)
  if (asked > most) {
    return invalid(
      `max_tokens: ${asked} > ${most}, which is the maximum allowed number of output tokens for ${model.snapshot}`,
    )
  }
  return formatProblem(params)
}

function formatProblem(params: Json): Problem | undefined {
  const config = params['output_config']
  if (config !== undefined && config !== null && !isJson(config)) {
    return invalid('output_config: Input should be a valid dictionary')
  }
  const efforts = ['low', 'medium', 'high', 'xhigh', 'max']
  const effort = isJson(config) ? config['effort'] : undefined
  if (effort !== undefined && effort !== null && !efforts.includes(effort as string)) {
    return invalid(`output_config.effort: Input should be ${efforts.map((each) => `'${each}'`).join(', ')}`)
  }
  const within = isJson(config) ? config['format'] : undefined
  const beside = params['output_format']
  if (within && beside) return invalid('output_format: cannot be combined with output_config.format')
  const format = within ?? beside
  if (format === undefined || format === null) return undefined
  const path = within ? 'output_config.format' : 'output_format'
  if (!isJson(format) || format['type'] !== 'json_schema') {
    return invalid(`${path}.type: Input should be 'json_schema'`)
  }
  return isJson(format['schema']) ? schemaProblem(format['schema'], `${path}.schema`) : required(`${path}.schema`)
}

/** Sampling is gone in the newer version of the API, and fixed for newer models in the older one. */
function samplingProblem(params: Json, model: Model, { version }: Rules): Problem | undefined {
  const { temperature, top_p: topP, top_k: topK } = params
  if (version >= '2026-10-21') {
    const named = ['temperature', 'top_p', 'top_k'].find((name) => params[name] !== undefined)
    return named === undefined ? undefined : extra(named)
  }
  if (typeof temperature === 'number' && (temperature < 0 || temperature > 1)) {
    return invalid('temperature: range: 0..1')
  }
  if (!model.takesSampling) {
    if (typeof temperature === 'number' && temperature !== 1) return deprecated('temperature')
    if (typeof topP === 'number' && topP < 0.99) return deprecated('top_p')
    if (typeof topK === 'number') return deprecated('top_k')
  }
  if (model.generation >= 4.1 && temperature !== undefined && topP !== undefined) {
    return invalid('`temperature` and `top_p` cannot both be specified for this model. Please use only one.')
  }
  return undefined
}

const deprecated = (name: string): Problem => invalid(`\`${name}\` is deprecated for this model.`)

function thinkingProblem(params: Json, model: Model): Problem | undefined {
  const thinking = params['thinking']
  if (thinking === undefined || thinking === null) return undefined
  if (!isJson(thinking) || typeof thinking['type'] !== 'string') return required('thinking.type')
  const type = thinking['type']
  if (!['enabled', 'adaptive', 'disabled', 'between_tools'].includes(type)) {
    return invalid(`thinking: Input tag '${type}' found using 'type' does not match any of the expected tags`)
  }
  if (!model.thinkingTypes.includes(type)) {
    if (type === 'adaptive') return invalid('adaptive thinking is not supported on this model')
    return invalid(
      `"thinking.type.${type}" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.`,
    )
  }
  if (type !== 'enabled') return undefined
  const budget = positiveWhole(thinking['budget_tokens']) ?? 0
  if (budget < 1024) return invalid('thinking.enabled.budget_tokens: Input should be greater than or equal to 1024')
  if (budget >= Number(params['max_tokens'] ?? Number.POSITIVE_INFINITY)) {
    return invalid('`max_tokens` must be greater than `thinking.budget_tokens`.')
  }
  return undefined
}

function toolsProblem(params: Json, model: Model): Problem | undefined {
  const tools = list(params['tools'])
  const names = new Set<unknown>()
  for (const [index, tool] of tools.entries()) {
    if (!isJson(tool)) return invalid(`tools.${index}: Input should be a valid dictionary`)
    const own = tool['type'] === undefined || tool['type'] === 'custom'
    if (typeof tool['name'] !== 'string') return required(`tools.${index}.name`)
    if (own && !/^[a-zA-Z0-9_-]{1,128}$/.test(tool['name'])) {
      return invalid(`tools.${index}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`)
    }
    if (own && !isJson(tool['input_schema'])) return required(`tools.${index}.custom.input_schema`)
    if (names.has(tool['name'])) return invalid('tools: Tool names must be unique.')
    names.add(tool['name'])
  }
  const choice = params['tool_choice']
  if (choice === undefined || choice === null) return undefined
  const type = isJson(choice) ? choice['type'] : undefined
  if (!['auto', 'any', 'tool', 'none'].includes(type as string)) {
    return invalid("tool_choice: Input tag does not match any of the expected tags: 'auto', 'any', 'tool', 'none'")
  }
  if (tools.length === 0) return invalid('tool_choice: may only be specified while providing `tools`.')
  if (type === 'tool' && isJson(choice) && !names.has(choice['name'])) {
    return invalid(`tool_choice: Tool '${String(choice['name'])}' not found in provided tools`)
  }
  if (type !== 'any' && type !== 'tool') return undefined
  if (!model.canBeForced) return invalid(`tool_choice: type "${type}" is not supported for this model.`)
  const thinking = isJson(params['thinking']) ? params['thinking']['type'] : undefined
  if (thinking === 'enabled' || thinking === 'adaptive') {
    return invalid('Thinking may not be enabled when tool_choice forces tool use.')
  }
  return undefined
}

function residencyProblem(params: Json, model: Model): Problem | undefined {
  const geo = params['inference_geo']
  if (geo === undefined || geo === null) return undefined
  if (model.residencyTenths === null) return invalid('inference_geo is not supported for this model.')
  return geo === 'us' || geo === 'global' ? undefined : invalid("inference_geo: Input should be 'us' or 'global'")
}

/** What can only be said once the prompt is counted: its size, and its cache breakpoints. */
export function promptProblem(params: Json, prompt: Prompt, model: Model): Problem | undefined {
  const window = model.entry.contextWindow
  if (window !== null && prompt.tokens > window) {
    return invalid(`prompt is too long: ${prompt.tokens} tokens > ${window} maximum`)
  }
  const marked = prompt.segments.filter(({ lifetime }) => lifetime !== null)
  if (marked.length > 4) {
    return invalid(`A maximum of 4 blocks with cache_control may be provided. Found ${marked.length}.`)
  }
  const short = marked.findIndex(({ lifetime }) => lifetime === '5m')
  const late = marked.findIndex(({ lifetime }, index) => lifetime === '1h' && short >= 0 && index > short)
  if (late < 0) return undefined
  const where = lifetimeOf(params) !== null && late === marked.length - 1 ? '' : `${marked[late]?.path}.`
  return invalid(
    `${where}cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following order: \`tools\`, \`system\`, \`messages\`.`,
  )
}
