import { numbersText, signsOf } from '../answers/vectors.ts'
import { isJson, type Json } from '../json.ts'
import { tokensIn } from '../usage.ts'
import type { Answer } from './answer-generate.ts'
import { partsOf } from './answer-prompt.ts'
import { invalidArgument, unknownField } from './errors.ts'
import type { Model } from './models.ts'
import { field, strangeKey } from './proto-json.ts'

const requestFields = new Set('model content taskType title outputDimensionality autoTruncate'.split(' '))

/**
 * @param usageForm  how the response tells its tokens; it has been seen both ways, and without
 * @returns the response as JSON text, `{"embedding":{"values":[…]}}` and the usage
 */
export function answerEmbed(
  request: Json,
  model: Model,
  seed: number,
  usageForm: 'usageMetadata' | 'tokenCount' | 'none',
): Answer {
  const strange = strangeKey(request, requestFields)
  if (strange !== undefined) return { problem: unknownField(strange, '') }
  const text = embeddedText(request)
  if (text === '') return { problem: invalidArgument('* EmbedContentRequest.content: contents is not specified\n') }
  const asked = field(request, 'outputDimensionality')
  const dimensions = asked === undefined ? model.dimensions : Number(asked)
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > model.dimensions) {
    return {
      problem: invalidArgument(
        `* EmbedContentRequest.output_dimensionality: the value must be between 1 and ${model.dimensions}.\n`,
      ),
    }
  }
  // A text past the model's window is cut off without a word.
  const promptTokens = Math.min(tokensIn(text), model.entry.contextWindow ?? Number.POSITIVE_INFINITY)
  const values = numbersText(signsOf(text, model.entry.id, dimensions, seed), dimensions)
  const tail = {
    usageMetadata: `,"usageMetadata":{"promptTokenCount":${promptTokens}}`,
    tokenCount: `,"tokenCount":"${promptTokens}"`,
    none: '',
  }[usageForm]
  return {
    usage: { promptTokens, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 },
    text: `{"embedding":{"values":${values}}${tail}}`,
  }
}

export function embeddedText(request: Json): string {
  return partsOf(field(request, 'content'))
    .map((part) => (isJson(part) && typeof part['text'] === 'string' ? part['text'] : ''))
    .join('\n')
}
