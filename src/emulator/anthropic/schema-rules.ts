import { isJson, type Json } from '../json.ts'
import { invalid, type Problem } from './errors.ts'

/** Bounds that structured output does not know, by the type they belong to. */
const unsupported: Readonly<Record<string, readonly string[]>> = {
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  string: ['minLength', 'maxLength'],
  array: ['maxItems', 'uniqueItems'],
  object: ['minProperties', 'maxProperties', 'patternProperties'],
}

/** What is refused in a schema of structured output, before anything is run. */
export function schemaProblem(schema: Json, path: string): Problem | undefined {
  const problem = problemIn(schema)
  if (problem) return invalid(`${path}: ${problem}`)
  return refersToItself(schema) ? invalid(`${path}: Recursive schemas are not supported`) : undefined
}

function problemIn(schema: Json): string | undefined {
  for (const type of Array.isArray(schema['type']) ? (schema['type'] as unknown[]) : [schema['type']]) {
    const found = (unsupported[String(type)] ?? []).filter((name) => schema[name] !== undefined)
    if (found.length > 0) return `For '${String(type)}' type, properties ${found.join(', ')} are not supported`
    if (type === 'object' && schema['additionalProperties'] !== false) {
      return "For 'object' type, 'additionalProperties' must be explicitly set to false"
    }
    if (type === 'array' && Number(schema['minItems'] ?? 0) > 1) {
      return "For 'array' type, 'minItems' values other than 0 or 1 are not supported"
    }
  }
  if (schema['oneOf'] !== undefined) return "Schema type 'oneOf' is not supported"
  for (const inner of innerSchemas(schema)) {
    const problem = problemIn(inner)
    if (problem) return problem
  }
  return undefined
}

function refersToItself(schema: Json): boolean {
  const definitions = { ...named(schema['definitions'], 'definitions'), ...named(schema['$defs'], '$defs') }
  const reaches = (from: Json, path: readonly string[]): boolean =>
    references(from).some((reference) => {
      if (reference === '#' || path.includes(reference)) return true
      const target = definitions[reference]
      return target !== undefined && reaches(target, [...path, reference])
    })
  return Object.entries(definitions).some(([name, inner]) => reaches(inner, [name])) || references(schema).includes('#')
}

function named(definitions: unknown, key: string): Record<string, Json> {
  if (!isJson(definitions)) return {}
  const entries = Object.entries(definitions).filter((entry): entry is [string, Json] => isJson(entry[1]))
  return Object.fromEntries(entries.map(([name, inner]) => [`#/${key}/${name}`, inner]))
}

/** The references in a schema, those in its definitions left out. */
function references(schema: Json): string[] {
  const own = typeof schema['$ref'] === 'string' ? [schema['$ref']] : []
  return [...own, ...[...innerSchemas(schema, false)].flatMap(references)]
}

function* innerSchemas(schema: Json, withDefinitions = true): Generator<Json> {
  for (const key of withDefinitions ? ['properties', '$defs', 'definitions'] : ['properties']) {
    if (isJson(schema[key])) for (const inner of Object.values(schema[key])) if (isJson(inner)) yield inner
  }
  if (isJson(schema['items'])) yield schema['items']
  for (const key of ['anyOf', 'allOf', 'prefixItems']) {
    if (Array.isArray(schema[key])) for (const inner of schema[key]) if (isJson(inner)) yield inner
  }
}
