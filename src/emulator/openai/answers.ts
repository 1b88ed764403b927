import type { Json } from '../json.ts'
import { answerChat } from './answer-chat.ts'
import { answerCompletions } from './answer-completions.ts'
import { answerEmbeddings } from './answer-embeddings.ts'
import { answerResponses } from './answer-responses.ts'
import { invalid, unknownModel } from './errors.ts'
import { type Model, modelNamed } from './models.ts'
import { referenceProblem } from './references.ts'
import { type Answer, type Circumstances, refused } from './utterance.ts'

export const endpoints: Record<string, (body: Json, model: Model, with_: Circumstances) => Answer> = {
  '/v1/chat/completions': answerChat,
  '/v1/responses': answerResponses,
  '/v1/embeddings': answerEmbeddings,
  '/v1/completions': answerCompletions,
}

/** The answer of an endpoint to a body: the same one whether it came alone or as a line of a batch. */
export function answerTo(endpoint: string, body: Json, circumstances: Circumstances): Answer {
  const answer = endpoints[endpoint]
  const model = modelNamed(String(body['model']))
  if (!answer || !model) {
    const error = unknownModel(String(body['model']))
    return { status: error.status, error }
  }
  const { knowsFile } = circumstances
  const problem = knowsFile && referenceProblem(endpoint, body, knowsFile)
  if (problem) return refused(problem)
  try {
    return answer(body, model, circumstances)
  } catch (error) {
    // A schema that never ends, or a body nested past all reason, is the request's fault.
    if (!(error instanceof RangeError)) throw error
    return refused(invalid('The request is nested too deeply to be answered.'))
  }
}
