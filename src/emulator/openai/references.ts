import { isJson, type Json, list } from '../json.ts'
import { invalid, type WireError } from './errors.ts'

/**
 * The first file or image of a request that cannot be had: an id that is no file of the project, or an address that is
 * none. The words are ours; no page states them.
 */
export function referenceProblem(
  endpoint: string,
  body: Json,
  knows: (fileId: string) => boolean,
): WireError | undefined {
  const field = endpoint === '/v1/responses' ? 'input' : 'messages'
  for (const [at, message] of list(body[field]).entries()) {
    const content = isJson(message) ? list(message['content']) : []
    for (const [part, value] of content.entries()) {
      const problem = isJson(value) ? partProblem(value, `${field}[${at}].content[${part}]`, knows) : undefined
      if (problem) return problem
    }
  }
  return undefined
}

function partProblem(part: Json, path: string, knows: (fileId: string) => boolean): WireError | undefined {
  const file = isJson(part['file']) ? part['file'] : part
  const id = file['file_id']
  if (typeof id === 'string' && !knows(id))
    return invalid(`The file with id '${id}' was not found.`, `${path}.file_id`, 'invalid_value')
  const image = part['image_url']
  const url = isJson(image) ? image['url'] : image
  if (url === undefined || url === null || /^(https?:|data:)/.test(String(url))) return undefined
  return invalid(`Invalid '${path}.image_url'. Expected a valid URL.`, `${path}.image_url`, 'invalid_value')
}
