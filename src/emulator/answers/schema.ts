import { between, type Chance, pick } from '../chance.ts'
import { phrase } from './text.ts'

export type Schema = { readonly [key: string]: unknown } | boolean

const depthMax = 12

/**
 * A value that conforms to a JSON schema, drawn from `chance`.
 * Understood: type (also a list), properties, required, items, prefixItems, enum, const, anyOf, oneOf, allOf, $ref into
 * $defs or definitions, the bounds of numbers, strings and arrays, multipleOf and the common formats. `pattern` is not.
 */
export function valueOf(schema: unknown, chance: Chance, root: unknown = schema, depth = 0): unknown {
  if (!isRecord(schema)) return phrase(chance)
  if (typeof schema['$ref'] === 'string') return valueOf(resolve(schema['$ref'], root), chance, root, depth + 1)
  if ('const' in schema) return schema['const']
  if (Array.isArray(schema['enum'])) return pick(chance, schema['enum'] as unknown[])
  const branches = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(branches)) return valueOf(branchOf(branches, chance, root, depth), chance, root, depth + 1)
  if (Array.isArray(schema['allOf'])) return valueOf(merged(schema, root), chance, root, depth + 1)
  switch (typeOf(schema, chance, depth)) {
    case 'object':
      return objectOf(schema, chance, root, depth)
    case 'array':
      return arrayOf(schema, chance, root, depth)
    case 'integer':
      return numberOf(schema, chance, true)
    case 'number':
      return numberOf(schema, chance, false)
    case 'boolean':
      return chance() < 0.5
    case 'null':
      return null
    default:
      return stringOf(schema, chance)
  }
}

function typeOf(schema: Record<string, unknown>, chance: Chance, depth: number): string {
  const type = schema['type']
  if (typeof type === 'string') return type
  if (Array.isArray(type) && type.length > 0) {
    // Deep down a nullable field ends a recursive schema.
    if (depth > depthMax && type.includes('null')) return 'null'
    return pick(chance, type as string[])
  }
  if ('properties' in schema) return 'object'
  if ('items' in schema || 'prefixItems' in schema) return 'array'
  if ('minimum' in schema || 'maximum' in schema || 'multipleOf' in schema) return 'number'
  return 'string'
}

function branchOf(branches: readonly unknown[], chance: Chance, root: unknown, depth: number): unknown {
  if (depth > depthMax / 2) {
    const leaf = branches.find((branch) => isLeaf(branch, root))
    if (leaf !== undefined) return leaf
  }
  return pick(chance, branches)
}

function isLeaf(schema: unknown, root: unknown): boolean {
  if (!isRecord(schema)) return true
  if (typeof schema['$ref'] === 'string') return false
  if ('const' in schema || 'enum' in schema) return true
  const type = schema['type']
  return typeof type === 'string' && type !== 'object' && type !== 'array' && root !== undefined
}

function objectOf(schema: Record<string, unknown>, chance: Chance, root: unknown, depth: number): unknown {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {}
  const required = new Set(Array.isArray(schema['required']) ? (schema['required'] as string[]) : [])
  const value: Record<string, unknown> = {}
  for (const [name, inner] of Object.entries(properties)) {
    if (required.has(name) || (depth <= depthMax && chance() < 0.7))
      value[name] = valueOf(inner, chance, root, depth + 1)
  }
  for (const name of required) if (!(name in value)) value[name] = phrase(chance)
  return value
}

function arrayOf(schema: Record<string, unknown>, chance: Chance, root: unknown, depth: number): unknown[] {
  const low = whole(schema['minItems'], 0)
  const high = Math.max(low, whole(schema['maxItems'], Math.max(low, 3)))
  const length = depth > depthMax ? low : between(chance, low, Math.min(high, low + 3))
  const leading = Array.isArray(schema['prefixItems']) ? (schema['prefixItems'] as unknown[]) : []
  const value: unknown[] = []
  const seen = new Set<string>()
  // A bounded number of tries: a set of unique items may be smaller than asked for.
  for (let tries = 0; value.length < length && tries < length * 20; tries++) {
    const item = valueOf(leading[value.length] ?? schema['items'] ?? {}, chance, root, depth + 1)
    if (schema['uniqueItems'] === true) {
      const text = JSON.stringify(item)
      if (seen.has(text)) continue
      seen.add(text)
    }
    value.push(item)
  }
  return value
}

function numberOf(schema: Record<string, unknown>, chance: Chance, integer: boolean): number {
  const step = typeof schema['multipleOf'] === 'number' ? schema['multipleOf'] : integer ? 1 : 0.01
  let low = finite(schema['minimum']) ?? Number.NEGATIVE_INFINITY
  let high = finite(schema['maximum']) ?? Number.POSITIVE_INFINITY
  const above = finite(schema['exclusiveMinimum'])
  const below = finite(schema['exclusiveMaximum'])
  if (above !== undefined) low = Math.max(low, above + step / 2)
  if (below !== undefined) high = Math.min(high, below - step / 2)
  if (low === Number.NEGATIVE_INFINITY) low = Math.min(0, high - 1000 * step)
  if (high === Number.POSITIVE_INFINITY) high = Math.max(1000 * step, low + 1000 * step)
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  // No multiple of the step inside the bounds: a number with none asked for may lie between them.
  if (last < first) return integer ? Math.ceil(low) : (low + high) / 2
  const value = between(chance, first, last) * step
  return integer ? Math.round(value) : Number(value.toPrecision(12))
}

function stringOf(schema: Record<string, unknown>, chance: Chance): string {
  const formatted = formats[String(schema['format'])]
  if (formatted) return formatted(chance)
  let text = phrase(chance)
  const low = whole(schema['minLength'], 0)
  const high = whole(schema['maxLength'], Number.POSITIVE_INFINITY)
  while (text.length < low) text += ` ${phrase(chance)}`
  return text.length > high ? text.slice(0, high) : text
}

const two = (value: number) => String(value).padStart(2, '0')
const date = (chance: Chance) =>
  `20${between(chance, 10, 29)}-${two(between(chance, 1, 12))}-${two(between(chance, 1, 28))}`
const time = (chance: Chance) =>
  `${two(between(chance, 0, 23))}:${two(between(chance, 0, 59))}:${two(between(chance, 0, 59))}Z`
const hex = (chance: Chance, length: number) =>
  Array.from({ length }, () => between(chance, 0, 15).toString(16)).join('')

const formats: Record<string, (chance: Chance) => string> = {
  date,
  time,
  'date-time': (chance) => `${date(chance)}T${time(chance)}`,
  duration: (chance) => `P${between(chance, 1, 30)}D`,
  email: (chance) => `reader${between(chance, 1, 999)}@example.com`,
  hostname: (chance) => `host${between(chance, 1, 999)}.example.com`,
  uri: (chance) => `https://example.com/${between(chance, 1, 999)}`,
  ipv4: (chance) => `192.0.2.${between(chance, 1, 254)}`,
  ipv6: (chance) => `2001:db8::${hex(chance, 4)}`,
  uuid: (chance) => `${hex(chance, 8)}-${hex(chance, 4)}-4${hex(chance, 3)}-a${hex(chance, 3)}-${hex(chance, 12)}`,
}

function merged(schema: Record<string, unknown>, root: unknown): Record<string, unknown> {
  const { allOf, ...rest } = schema
  const result: Record<string, unknown> = { ...rest }
  for (const part of allOf as unknown[]) {
    const resolved = isRecord(part) && typeof part['$ref'] === 'string' ? resolve(part['$ref'], root) : part
    if (!isRecord(resolved)) continue
    for (const [key, value] of Object.entries(resolved)) {
      if (key === 'properties') result[key] = { ...(result[key] as object), ...(value as object) }
      else if (key === 'required') result[key] = [...((result[key] as string[]) ?? []), ...(value as string[])]
      else result[key] = value
    }
  }
  return result
}

function resolve(reference: string, root: unknown): unknown {
  let node: unknown = root
  for (const step of reference.replace(/^#\/?/, '').split('/')) {
    if (step === '') continue
    const name = decodeURIComponent(step).replace(/~1/g, '/').replace(/~0/g, '~')
    node = isRecord(node) ? node[name] : undefined
  }
  return node
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function whole(value: unknown, fallback: number): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : fallback
}

function finite(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
