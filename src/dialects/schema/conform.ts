import { isRecord, type Json, type Translation, wordOf } from '../translation.ts'
import { findCycle } from './cycles.ts'
import { annotations, type SchemaRules } from './rules.ts'

/**
 * The schema as the vendor takes it, with the same meaning. A rule that the vendor does not enforce is refused, or,
 * where the user allows it, moved into the description.
 */
export function conformSchema(t: Translation, schema: Json, rules: SchemaRules, at: string): Json {
  const cycle = rules.recursion === 'free' ? undefined : findCycle(schema, rules.recursion === 'optional')
  if (cycle !== undefined) t.refuse(`${at}.${cycle}`, 'a schema that holds itself is not taken here')
  if (!rules.rootChoice && schema['anyOf'] !== undefined) t.refuse(`${at}.anyOf`, 'the root cannot be a choice')
  return new Conforming(t, rules).schema(schema, at)
}

class Conforming {
  readonly #t: Translation
  readonly #rules: SchemaRules

  constructor(t: Translation, rules: SchemaRules) {
    this.#t = t
    this.#rules = rules
  }

  schema(value: unknown, at: string): Json {
    const rules = this.#rules
    if (value === true && !rules.typed) return {}
    const schema = this.#t.record(value, at)
    const out: Json = {}
    const beyond: string[] = []
    for (const key in schema) {
      const inner = schema[key]
      if (inner === undefined) continue
      if (rules.refAlone && schema['$ref'] !== undefined && !key.startsWith('$') && key !== 'definitions') {
        if (key !== 'title' && key !== 'description') this.#t.refuse(`${at}.${key}`, 'nothing may stand beside a $ref')
        this.#t.warnOnce('schema_annotation_dropped', `${at}.${key}`, key)
        continue
      }
      this.#keyword(out, key, inner, at, beyond)
    }
    if (isObject(schema)) this.#object(out, schema, at)
    if (rules.typed && !choices.some((key) => out[key] !== undefined)) this.#t.refuse(at, 'this schema names no type')
    if (beyond.length > 0) this.#describe(out, beyond, at)
    return out
  }

  #keyword(out: Json, key: string, value: unknown, at: string, beyond: string[]): void {
    const rules = this.#rules
    const path = `${at}.${key}`
    if (key === 'properties' || key === '$defs') out[key] = this.#members(value, path)
    else if (key === 'definitions') out['$defs'] = { ...this.#members(value, path), ...(out['$defs'] as Json) }
    else if (key === '$ref') out[key] = wordOf(value).replace(/^#\/definitions\//, '#/$defs/')
    else if (key === 'oneOf' && rules.oneOf === 'as anyOf') {
      this.#t.warn('one_of_as_any_of', path)
      out['anyOf'] = this.#list(value, path)
    } else if (key === 'const' && rules.const === 'as enum') out['enum'] = [value]
    else if (key === 'additionalProperties') {
      if (value === false || !rules.closed) out[key] = isRecord(value) ? this.schema(value, path) : value
      else this.#beyond(beyond, key, value, path)
    } else if (!rules.keywords.has(key)) {
      if (annotations.has(key)) this.#t.warnOnce('schema_annotation_dropped', path, key)
      else this.#beyond(beyond, key, value, path)
    } else if (lists.has(key)) out[key] = this.#list(value, path)
    else if (key === 'items') out[key] = Array.isArray(value) ? this.#list(value, path) : this.schema(value, path)
    else if (this.#takes(key, value)) out[key] = value
    else this.#beyond(beyond, key, value, path)
  }

  /** Whether the vendor enforces this value of a keyword it knows. */
  #takes(key: string, value: unknown): boolean {
    const { formats, counts, typed } = this.#rules
    if (key === 'format') return formats === undefined || formats.has(wordOf(value))
    if (key === 'minItems') return counts || value === 0 || value === 1
    if (key === 'const' && typed) return typeof value !== 'object' || value === null
    if (key === 'enum' && typed) return Array.isArray(value) && value.every((item) => !isRecord(item))
    return true
  }

  #object(out: Json, schema: Json, at: string): void {
    const { closed, complete } = this.#rules
    if (closed && schema['additionalProperties'] === undefined) {
      this.#t.warnOnce('schema_closed', at)
      out['additionalProperties'] = false
    } else if (closed) out['additionalProperties'] = false
    if (!complete) return
    const required = Array.isArray(schema['required']) ? schema['required'] : []
    for (const name in isRecord(schema['properties']) ? schema['properties'] : {})
      if (!required.includes(name)) this.#t.refuse(`${at}.properties.${name}`, 'a strict schema requires all members')
  }

  #beyond(beyond: string[], key: string, value: unknown, path: string): void {
    if (!this.#t.allows('relax_schema')) this.#t.refuse(path, `the vendor does not enforce "${key}" like this`)
    beyond.push(`${key}: ${JSON.stringify(value)}`)
  }

  #describe(out: Json, beyond: readonly string[], at: string): void {
    const words = `{${beyond.join(', ')}}`
    this.#t.warn('schema_relaxed', at, words)
    out['description'] = typeof out['description'] === 'string' ? `${out['description']}\n\n${words}` : words
  }

  #members(value: unknown, at: string): Json {
    const out: Json = {}
    const members = this.#t.record(value, at)
    for (const name in members) out[name] = this.schema(members[name], `${at}.${name}`)
    return out
  }

  #list(value: unknown, at: string): Json[] {
    return this.#t.list(value, at).map((item, index) => this.schema(item, `${at}[${index}]`))
  }
}

const lists: ReadonlySet<string> = new Set(['anyOf', 'allOf', 'oneOf', 'prefixItems'])
const choices = ['type', 'anyOf', 'allOf', 'enum', 'const', '$ref']

const isObject = (schema: Json): boolean =>
  schema['type'] === 'object' ||
  (Array.isArray(schema['type']) && schema['type'].includes('object')) ||
  schema['properties'] !== undefined
