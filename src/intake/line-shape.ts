/** What a line says, as far as it has been read, and whether that makes a request. Spans are offsets in the chunk. */
export interface LineFacts {
  /** What the line calls its id. */
  idField: 'custom_id' | 'key' | undefined
  idFrom: number
  idTo: number
  idEscaped: boolean
  url: string | undefined
  method: string | undefined
  /** What the line calls its body. */
  field: 'body' | 'params' | 'request'
  bodyFrom: number
  model: string | undefined
  stream: boolean
  /** First bytes of these members; -1: there is none. */
  keyKind: number
  messagesKind: number
  inputKind: number
  contentsKind: number
  contentKind: number
  inputs: number
  /** Hash of the members that say how to answer, not what: see `asks` in check-lines. */
  variant: number
}

export const noFacts: Readonly<LineFacts> = {
  idField: undefined,
  idFrom: -1,
  idTo: 0,
  idEscaped: false,
  url: undefined,
  method: undefined,
  field: 'body',
  bodyFrom: -1,
  model: undefined,
  stream: false,
  keyKind: -1,
  messagesKind: -1,
  inputKind: -1,
  contentsKind: -1,
  contentKind: -1,
  inputs: 1,
  variant: 0,
}

export class LineProblemFound extends Error {}

/** What a request wants of an endpoint we know; others pass with a model and an object. */
const wanted: Readonly<
  Record<string, { field: 'messages' | 'input' | 'contents' | 'content'; kinds: string; required: boolean }>
> = {
  '/v1/chat/completions': { field: 'messages', kinds: '[', required: true },
  '/v1/responses': { field: 'input', kinds: '["', required: false }, // a stored prompt may stand in for it
  '/v1/embeddings': { field: 'input', kinds: '["', required: true },
  '/v1/messages': { field: 'messages', kinds: '[', required: true },
  ':generateContent': { field: 'contents', kinds: '[', required: true },
  ':embedContent': { field: 'content', kinds: '{', required: true },
}

/** What lines with `params` instead of `url` and `body` are for. */
const paramsUrl = '/v1/messages'

/** Lines with a `request` name it by `key`, all others by `custom_id`; a line of both kinds is of neither. */
export function checkId({ field, idField, keyKind }: LineFacts): void {
  if (field !== 'request') {
    if (idField === 'custom_id') return
    const instead = idField === 'key' ? `; a line with "${field}" has that instead of "key"` : ''
    throw new LineProblemFound(`"custom_id" is missing${instead}`)
  }
  if (idField === 'custom_id')
    throw new LineProblemFound('"custom_id" has no place in a line with "request"; write {"key": …, "request": {…}}')
  if (idField === undefined) throw new LineProblemFound(keyKind < 0 ? '"key" is missing' : '"key" must be a string')
}

/**
 * By the shape of the line: `{"custom_id", "method", "url", "body"}` names its endpoint, `{"custom_id", "params"}` has
 * one, `{"key", "request"}` one for each kind of content.
 */
export function endpointOf(facts: LineFacts): string {
  const { method, url, field } = facts
  if (field !== 'body') {
    const other = url !== undefined ? 'url' : method !== undefined ? 'method' : undefined
    if (other !== undefined) throw new LineProblemFound(`"${other}" has no place in a line with "${field}"`)
    return field === 'params' ? paramsUrl : contentEndpointOf(facts)
  }
  if (method === undefined) throw new LineProblemFound('"method" is missing')
  if (method !== 'POST') throw new LineProblemFound(`"method" must be "POST", not ${JSON.stringify(method)}`)
  if (url === undefined) throw new LineProblemFound('"url" is missing')
  if (!url.startsWith('/'))
    throw new LineProblemFound(`"url" must be a path such as "/v1/responses", not ${JSON.stringify(url)}`)
  if (facts.bodyFrom < 0) throw new LineProblemFound('"body" is missing')
  if (url === paramsUrl)
    throw new LineProblemFound(`a request for "${paramsUrl}" is a line {"custom_id": …, "params": {…}}`)
  return url
}

function contentEndpointOf({ contentsKind, contentKind }: LineFacts): string {
  if (contentsKind >= 0 && contentKind >= 0)
    throw new LineProblemFound('"request.contents" and "request.content" are in one line; it can have one of them')
  return contentKind >= 0 ? ':embedContent' : ':generateContent'
}

export function checkBody(url: string, facts: LineFacts): void {
  const { field, model } = facts
  // A `request` may leave its model to whoever sends it.
  if (model === undefined && field !== 'request') throw new LineProblemFound(`"${field}.model" is missing`)
  if (model === '') throw new LineProblemFound(`"${field}.model" is empty`)
  if (facts.stream) throw new LineProblemFound(`"${field}.stream" is true; a batch cannot stream`)
  const want = wanted[url]
  if (want === undefined) return
  const kind = facts[`${want.field}Kind`]
  if (kind === -1) {
    if (want.required) throw new LineProblemFound(`"${field}.${want.field}" is missing`)
  } else if (!want.kinds.includes(String.fromCharCode(kind)))
    throw new LineProblemFound(`"${field}.${want.field}" must be ${kindNames[want.kinds]}`)
  if (url === '/v1/embeddings' && facts.inputs === 0) throw new LineProblemFound('"body.input" is empty')
  if (url === '/v1/embeddings' && facts.inputs > 2048)
    throw new LineProblemFound(`"body.input" holds ${facts.inputs} inputs; one request takes at most 2048`)
}

const kindNames: Readonly<Record<string, string>> = {
  '[': 'an array',
  '["': 'a string or an array',
  '{': 'an object',
}
