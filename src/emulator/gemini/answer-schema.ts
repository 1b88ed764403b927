import { isJson, type Json } from '../json.ts'
import { invalidArgument, type Problem } from './errors.ts'
import { field } from './proto-json.ts'

/** The form an answer has to have, as `utter` takes it, or why there can be none. */
export interface Format {
  readonly format?: Json
  readonly isEnum?: boolean
  /** Which of the two fields asked for it. */
  readonly asked?: 'responseSchema' | 'responseJsonSchema'
  readonly problem?: Problem
}

export function formatOf(config: Json): Format {
  const mime = field(config, 'responseMimeType') ?? 'text/plain'
  const schema = field(config, 'responseSchema')
  const jsonSchema = field(config, 'responseJsonSchema')
  if (schema !== undefined && jsonSchema !== undefined) {
    return { problem: invalidArgument('Only one of response_schema and response_json_schema may be set.') }
  }
  const asked = schema === undefined ? jsonSchema : schemaOf(schema)
  if (mime === 'text/x.enum' && asked !== undefined) {
    return { format: { type: 'json_schema', schema: asked }, isEnum: true }
  }
  if (mime === 'application/json') {
    if (asked === undefined) return { format: { type: 'json_object' } }
    const name = schema === undefined ? 'responseJsonSchema' : 'responseSchema'
    return { format: { type: 'json_schema', schema: asked }, asked: name }
  }
  if (mime !== 'text/plain') {
    return {
      problem: invalidArgument(
        `* GenerateContentRequest.generation_config.response_mime_type: allowed mimetypes are \`text/plain\`, \`application/json\`, \`application/xml\`, \`application/yaml\` and \`text/x.enum\`.`,
      ),
    }
  }
  if (asked !== undefined) {
    return {
      problem: invalidArgument(
        "Function calling or a response schema with response mime type 'text/plain' is unsupported: set response_mime_type to 'application/json'.",
      ),
    }
  }
  return {}
}

const counts = ['minItems', 'maxItems', 'minLength', 'maxLength']

/** JSON schema of the vendor's own subset of OpenAPI: types in capitals, `nullable`, counts as text. */
export function schemaOf(schema: unknown): unknown {
  if (!isJson(schema)) return schema
  const made: Json = {}
  for (const [name, value] of Object.entries(schema)) {
    if (name === 'type') made['type'] = String(value).toLowerCase()
    else if (name === 'properties' && isJson(value)) {
      made['properties'] = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, schemaOf(inner)]))
    } else if (name === 'items') made['items'] = schemaOf(value)
    else if ((name === 'anyOf' || name === 'any_of') && Array.isArray(value)) made['anyOf'] = value.map(schemaOf)
    else if (name === 'nullable' || name === 'propertyOrdering') continue
    else made[name] = value
  }
  for (const name of counts) {
    const value = field(schema, name)
    if (value !== undefined) made[name] = Number(value)
  }
  if (field(schema, 'nullable') === true && typeof made['type'] === 'string') made['type'] = [made['type'], 'null']
  return made
}
