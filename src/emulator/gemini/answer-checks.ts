import { isJson, type Json, list } from '../json.ts'
import { contentsOf, partsOf } from './answer-prompt.ts'
import { invalidArgument, type Problem, unknownField } from './errors.ts'
import type { Model } from './models.ts'
import { field, strangeKey } from './proto-json.ts'

const requestFields = new Set(
  'model contents tools toolConfig safetySettings systemInstruction generationConfig cachedContent serviceTier store'.split(
    ' ',
  ),
)
const configFields = new Set(
  (
    'stopSequences responseMimeType responseSchema responseJsonSchema responseModalities candidateCount ' +
    'maxOutputTokens temperature topP topK seed presencePenalty frequencyPenalty responseLogprobs logprobs ' +
    'enableEnhancedCivicAnswers speechConfig thinkingConfig imageConfig mediaResolution routingConfig audioTimestamp'
  ).split(' '),
)

/** Where a surface is stricter than the other, or takes more. */
export interface Rules {
  /** Fields of the request beyond those that every surface has. */
  readonly extraFields?: readonly string[]
  readonly rolesRequired?: boolean
}

export function generateProblem(
  request: Json,
  model: Model,
  { extraFields = [], rolesRequired = false }: Rules,
): Problem | undefined {
  const strange = strangeKey(request, new Set([...requestFields, ...extraFields]))
  if (strange !== undefined) return unknownField(strange, '')
  const contents = contentsOf(field(request, 'contents'))
  if (contents.length === 0) {
    return invalidArgument('* GenerateContentRequest.contents: contents is not specified\n')
  }
  for (const [index, content] of contents.entries()) {
    const role = isJson(content) ? content['role'] : undefined
    if ((role !== undefined || rolesRequired) && role !== 'user' && role !== 'model' && role !== 'function') {
      return invalidArgument('Please use a valid role: user, model.')
    }
    if (partsOf(content).length === 0) {
      return invalidArgument(`* GenerateContentRequest.contents[${index}].parts: contents.parts must not be empty.\n`)
    }
  }
  const config = field(request, 'generationConfig')
  return configProblem(config) ?? thinkingProblem(config, model) ?? toolProblem(request)
}

function configProblem(config: unknown): Problem | undefined {
  if (config === undefined) return undefined
  if (!isJson(config)) return invalidArgument()
  const strange = strangeKey(config, configFields)
  if (strange !== undefined) return unknownField(strange, 'generation_config')
  const maxOutput = field(config, 'maxOutputTokens')
  if (maxOutput !== undefined && !(Number(maxOutput) >= 1)) return invalidArgument()
  const temperature = field(config, 'temperature')
  if (temperature !== undefined && !(Number(temperature) >= 0 && Number(temperature) <= 2)) {
    return invalidArgument(
      `* GenerateContentRequest.generation_config.temperature: temperature must be in the range [0.0, 2.0].\n`,
    )
  }
  const candidates = field(config, 'candidateCount')
  if (candidates !== undefined && !(Number(candidates) >= 1 && Number(candidates) <= 8)) {
    return invalidArgument(
      '* GenerateContentRequest.generation_config.candidate_count: the value must be between 1 and 8.\n',
    )
  }
  if (list(field(config, 'stopSequences')).length > 5) {
    return invalidArgument('* GenerateContentRequest.generation_config.stop_sequences: at most 5 are allowed.\n')
  }
  return undefined
}

function thinkingProblem(config: unknown, model: Model): Problem | undefined {
  const thinking = isJson(config) ? field(config, 'thinkingConfig') : undefined
  if (!isJson(thinking)) return undefined
  const level = field(thinking, 'thinkingLevel')
  const budget = field(thinking, 'thinkingBudget')
  if (level !== undefined && budget !== undefined) {
    return invalidArgument('You can only set only one of thinking budget and thinking level.')
  }
  if (level !== undefined && !model.signsThoughts) {
    return invalidArgument('Thinking level is not supported for this model.')
  }
  if (Number(budget) === 0 && model.entry.id.includes('-pro')) {
    return invalidArgument('Budget 0 is invalid. This model only works in thinking mode.')
  }
  return undefined
}

function toolProblem(request: Json): Problem | undefined {
  if (field(request, 'cachedContent') === undefined) return undefined
  const clashes = ['systemInstruction', 'tools', 'toolConfig'].some((name) => field(request, name) !== undefined)
  return clashes
    ? invalidArgument(
        'CachedContent can not be used with GenerateContent request setting system_instruction, tools or tool_config.\n\nProposed fix: move those values to CachedContent from GenerateContent request.',
      )
    : undefined
}
