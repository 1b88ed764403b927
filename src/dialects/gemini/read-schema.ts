import { isRecord, type Json, type Translation, wordOf } from '../translation.ts'
import { fieldsOf, numberOf } from './fields.ts'

/**
 * A schema of Gemini as JSON Schema. Both of its kinds can order their members (`propertyOrdering`): in JSON Schema the
 * order of `properties` says that.
 * @param open  the older kind, a subset of OpenAPI: types in capitals, `nullable`, counts as strings
 */
export function readSchema(t: Translation, value: unknown, at: string, open: boolean): Json {
  const schema = t.record(value, at)
  const out: Json = {}
  const fields = open ? fieldsOf(schema) : schema
  for (const key in fields) {
    const inner = fields[key]
    if (inner === null || inner === undefined) continue
    const path = `${at}.${key}`
    if (key === 'properties' || key === '$defs') out[key] = readMembers(t, inner, path, open)
    else if (lists.has(key) && Array.isArray(inner))
      out[key] = inner.map((item, index) => readSchema(t, item, `${path}[${index}]`, open))
    else if ((key === 'items' || key === 'additionalProperties') && isRecord(inner))
      out[key] = readSchema(t, inner, path, open)
    else if (key === 'type' && open) out[key] = readType(t, inner, path, fields['nullable'] === true)
    else if (open && counts.has(key)) out[key] = numberOf(inner)
    else if (key === 'enum' && open && fields['nullable'] === true && Array.isArray(inner)) out[key] = [...inner, null]
    else if (key === 'format' && open) readFormat(out, inner)
    else if (key !== 'propertyOrdering' && !(open && key === 'nullable')) out[key] = inner
  }
  if (Array.isArray(fields['propertyOrdering'])) order(out, fields['propertyOrdering'])
  return out
}

const lists: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems'])
const counts: ReadonlySet<string> = new Set(
  'minItems maxItems minLength maxLength minProperties maxProperties minimum maximum'.split(' '),
)

function readMembers(t: Translation, value: unknown, at: string, open: boolean): Json {
  const members = t.record(value, at)
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => [name, readSchema(t, member, `${at}.${name}`, open)]),
  )
}

function readType(t: Translation, type: unknown, at: string, nullable: boolean): unknown {
  const word = t.text(type, at).toLowerCase()
  return nullable && word !== 'null' ? [word, 'null'] : word
}

/** `enum` only repeats that there is an `enum`; the widths of numbers constrain nothing in JSON. */
function readFormat(out: Json, format: unknown): void {
  if (!['enum', 'int32', 'int64', 'float', 'double'].includes(wordOf(format))) out['format'] = format
}

function order(out: Json, names: readonly unknown[]): void {
  const members = out['properties']
  if (!isRecord(members)) return
  const inOrder: Json = {}
  for (const name of names) if (Object.hasOwn(members, wordOf(name))) inOrder[wordOf(name)] = members[wordOf(name)]
  out['properties'] = { ...inOrder, ...members }
}
