import { isJson, type Json } from '../json.ts'
import { invalid, missingParameter, type WireError } from './errors.ts'

/**
 * What OpenAI refuses in a json_schema format before it runs anything. With `strict`, every object must forbid other
 * properties and require all of its own: the commonest 400 of structured output.
 */
export function schemaProblem(definition: unknown, at: string, param: string): WireError | undefined {
  if (!isJson(definition)) return missingParameter(at)
  if (typeof definition['name'] !== 'string') return missingParameter(`${at}.name`)
  if (!isJson(definition['schema'])) return missingParameter(`${at}.schema`)
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(definition['name'])) {
    return invalid(
      `Invalid '${at}.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
      `${at}.name`,
      'invalid_value',
    )
  }
  if (definition['strict'] !== true) return undefined
  const problem = strictProblem(definition['schema'], [], true)
  if (!problem) return undefined
  const where = param === 'text.format' ? 'text.format.schema' : param
  return invalid(`Invalid schema for response_format '${definition['name']}': ${problem}`, where, 'invalid_json_schema')
}

function strictProblem(schema: Json, path: readonly string[], isRoot: boolean): string | undefined {
  const context = `In context=(${path.map((step) => `'${step}'`).join(', ')}${path.length === 1 ? ',' : ''})`
  if (isRoot && schema['type'] !== 'object') {
    return `schema must be a JSON Schema of 'type: "object"', got 'type: ${JSON.stringify(schema['type'] ?? 'None')}'.`
  }
  const types = Array.isArray(schema['type']) ? schema['type'] : [schema['type']]
  if (types.includes('object')) {
    if (schema['additionalProperties'] !== false) {
      return `${context}, 'additionalProperties' is required to be supplied and to be false.`
    }
    const properties = isJson(schema['properties']) ? Object.keys(schema['properties']) : []
    const required = new Set(Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : [])
    const missing = properties.find((name) => !required.has(name))
    if (missing !== undefined) {
      return `${context}, 'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`
    }
  }
  for (const [inner, step] of innerSchemas(schema)) {
    const problem = strictProblem(inner, [...path, ...step], false)
    if (problem) return problem
  }
  return undefined
}

function* innerSchemas(schema: Json): Generator<[Json, string[]]> {
  for (const key of ['properties', '$defs', 'definitions']) {
    const named = schema[key]
    if (!isJson(named)) continue
    for (const [name, inner] of Object.entries(named)) if (isJson(inner)) yield [inner, [key, name]]
  }
  if (isJson(schema['items'])) yield [schema['items'], ['items']]
  for (const key of ['anyOf', 'prefixItems']) {
    const branches = schema[key]
    if (!Array.isArray(branches)) continue
    for (const [index, inner] of branches.entries()) if (isJson(inner)) yield [inner, [key, String(index)]]
  }
}
