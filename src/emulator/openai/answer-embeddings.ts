import { base64Text, numbersText, signsOf } from '../answers/vectors.ts'
import type { Json } from '../json.ts'
import { tokensIn } from '../usage.ts'
import { invalid, missingParameter } from './errors.ts'
import type { Model } from './models.ts'
import { type Answer, type Circumstances, refused } from './utterance.ts'

const inputsMax = 2048
const inputTokensMax = 8192
const requestTokensMax = 300_000

export function answerEmbeddings(body: Json, model: Model, circumstances: Circumstances): Answer {
  if (!model.embeds) return refused(invalid(`You are not allowed to generate embeddings from this model`, 'model'))
  const inputs = embeddingInputs(body['input'])
  if (inputs === undefined) return refused(missingParameter('input'))
  if (inputs.length === 0 || inputs.some((input) => input.length === 0)) {
    return refused(invalid("Invalid 'input': input cannot be an empty string.", 'input'))
  }
  if (inputs.length > inputsMax) {
    return refused(
      invalid(
        `Invalid 'input': array too long. Expected an array with maximum length ${inputsMax}, but got an array with length ${inputs.length} instead.`,
        'input',
        'array_above_max_length',
      ),
    )
  }
  const tokens = inputs.map((input) => (typeof input === 'string' ? tokensIn(input) : input.length))
  const longest = Math.max(...tokens)
  if (longest > inputTokensMax) {
    return refused(
      invalid(
        `This model's maximum context length is ${inputTokensMax} tokens, however you requested ${longest} tokens (${longest} in your prompt; 0 for the completion). Please reduce your prompt; or completion length.`,
      ),
    )
  }
  const promptTokens = tokens.reduce((sum, each) => sum + each, 0)
  if (promptTokens > requestTokensMax) {
    return refused(
      invalid(
        `Invalid 'input': maximum request size is ${requestTokensMax} tokens per request.`,
        'input',
        'max_tokens_per_request',
      ),
    )
  }
  const full = fullDimensions(model)
  const asked = body['dimensions']
  if (asked !== undefined && model.entry.id === 'text-embedding-ada-002') {
    return refused(invalid('This model does not support specifying dimensions.', 'dimensions'))
  }
  if (asked !== undefined && (typeof asked !== 'number' || !Number.isInteger(asked) || asked < 1 || asked > full)) {
    return refused(
      invalid(
        `Invalid value for 'dimensions' = ${JSON.stringify(asked)}. Must be less than or equal to ${full}.`,
        'dimensions',
      ),
    )
  }
  const dimensions = typeof asked === 'number' ? asked : full
  const base64 = body['encoding_format'] === 'base64'
  const data = inputs.map((input, index) => {
    const signs = signsOf(
      typeof input === 'string' ? input : input.join(' '),
      model.entry.id,
      dimensions,
      circumstances.seed,
    )
    const embedding = base64 ? base64Text(signs, dimensions) : numbersText(signs, dimensions)
    return `{"object":"embedding","index":${index},"embedding":${embedding}}`
  })
  const usage = JSON.stringify({ prompt_tokens: promptTokens, total_tokens: promptTokens })
  return {
    status: 200,
    model,
    usage: { promptTokens, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 },
    text: `{"object":"list","data":[${data.join(',')}],"model":${JSON.stringify(model.snapshot)},"usage":${usage}}`,
  }
}

/** One input is a text or a list of token numbers; a request holds one or several. */
export function embeddingInputs(input: unknown): (string | number[])[] | undefined {
  if (typeof input === 'string') return [input]
  if (!Array.isArray(input)) return undefined
  if (input.length > 0 && input.every((part) => typeof part === 'number')) return [input as number[]]
  return input as (string | number[])[]
}

function fullDimensions(model: Model): number {
  return model.entry.id === 'text-embedding-3-large' ? 3072 : 1536
}
