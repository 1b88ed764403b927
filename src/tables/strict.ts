/** A JSON Schema that is an object, as all but `true` and `false` are. */
export type JsonSchema = Readonly<Record<string, unknown>>

export const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Sizes that OpenAI's strict mode takes: https://platform.openai.com/docs/guides/structured-outputs, "Supported
 * schemas", as projects quoted it in 2026. Whether an array is a level of nesting is not said: here it is.
 */
export const strictLimits = {
  propertiesMax: 5_000,
  depthMax: 10,
  enumValuesMax: 1_000,
  /** Of the values of one enum, where it has more than `longEnumFrom` of them. */
  longEnumCharactersMax: 15_000,
  longEnumFrom: 250,
  /** Of all names of properties and definitions, and all enum and const values. */
  charactersMax: 120_000,
} as const

/** Same page. Other formats are annotations to our validator as well, and go without loss. */
const formats = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid']

const left = Symbol('left out of the wire schema without changing what it allows')
const keep = (value: unknown): unknown => value
const leave = (): unknown => left

/** What becomes of each keyword of the subset; undefined: cannot be said. A keyword that is not here cannot either. */
const keywords: Readonly<Record<string, (value: unknown) => unknown>> = {
  title: keep,
  description: keep,
  type: keep,
  enum: (values) => (Array.isArray(values) && values.every(isScalar) ? values : undefined),
  const: (value) => (isScalar(value) ? value : undefined),
  pattern: (value) => (/\(\?<?[=!]/.test(String(value)) ? undefined : value), // it knows no look-around
  format: (value) => (formats.includes(String(value)) ? value : left),
  multipleOf: keep,
  minimum: keep,
  maximum: keep,
  exclusiveMinimum: keep,
  exclusiveMaximum: keep,
  minItems: keep,
  maxItems: keep,
  items: (value) => strict(value),
  anyOf: (branches) => (Array.isArray(branches) ? whole(branches.map((branch) => strict(branch))) : undefined),
  $ref: (pointer) => (String(pointer).startsWith('#') ? pointer : undefined),
  $defs: (definitions) => strictMembers(definitions),
  definitions: (definitions) => strictMembers(definitions),
  // Told together, by `closed`.
  properties: leave,
  required: leave,
  additionalProperties: leave,
  // Words about the schema, which strict mode would refuse.
  $schema: leave,
  $id: leave,
  $comment: leave,
  default: leave,
  deprecated: leave,
  examples: leave,
  readOnly: leave,
  writeOnly: leave,
}

/**
 * The schema in OpenAI's strict subset, where every object lists all its members as required and allows no others;
 * undefined when that would lose something. Every answer that the result allows is one that the schema allows:
 * - objects that say nothing of further members are closed; those that say they are open cannot be said;
 * - a member that may be absent and may be null becomes required: null says the same in a table;
 * - a field of the root that may be absent but not null may be null on the wire; it is then `omittable`, and the
 *   reader takes its null for absence. Deeper down such a member cannot be said.
 */
export function strictSchema(root: JsonSchema): { schema: JsonSchema; omittable: readonly string[] } | undefined {
  if (root['anyOf'] !== undefined) return undefined // not at the root
  const omittable: string[] = []
  const schema = strict(root, omittable)
  return schema !== undefined && fits(schema) ? { schema, omittable } : undefined
}

function strict(schema: unknown, omittable?: string[]): JsonSchema | undefined {
  if (!isSchema(schema)) return undefined
  const said = Object.entries(schema).map(([keyword, value]) => [keyword, keywords[keyword]?.(value)] as const)
  if (said.some(([, value]) => value === undefined)) return undefined
  const out: Record<string, unknown> = Object.fromEntries(said.filter(([, value]) => value !== left))
  const types = typesOf(schema)
  if (schema['$ref'] !== undefined || schema['anyOf'] !== undefined) {
    // Beside these nothing else may be said; words about them are let go.
    const { $ref, anyOf, title: _, description, $defs, definitions, ...rest } = out
    if (Object.keys(rest).length > 0 || schema['properties'] !== undefined) return undefined
    return anyOf === undefined
      ? defined({ $ref, $defs, definitions })
      : defined({ description, anyOf, $defs, definitions })
  }
  if (types.length === 0) return undefined
  if (types.includes('array') && out['items'] === undefined) return undefined
  out['type'] = schema['type'] ?? (types.length === 1 ? types[0] : types)
  if (!types.includes('object')) return out
  const object = closed(schema, omittable)
  return object === undefined ? undefined : { ...out, ...object }
}

function closed(schema: JsonSchema, omittable?: string[]): JsonSchema | undefined {
  const { properties, required = [], additionalProperties = false } = schema
  if (!isSchema(properties) || additionalProperties !== false || !Array.isArray(required)) return undefined
  const names = Object.keys(properties)
  if (names.length === 0 || required.some((name) => !names.includes(name as string))) return undefined
  const members = names.map((name): [string, unknown] => {
    const member = properties[name]
    const said = strict(member)
    if (said === undefined || required.includes(name) || acceptsNull(member)) return [name, said]
    omittable?.push(name)
    return [name, omittable === undefined ? undefined : { anyOf: [said, { type: 'null' }] }]
  })
  if (members.some(([, member]) => member === undefined)) return undefined
  return { properties: Object.fromEntries(members), required: names, additionalProperties: false }
}

function acceptsNull(schema: unknown): boolean {
  if (!isSchema(schema)) return false
  const { anyOf, enum: values, const: value } = schema
  if (Array.isArray(anyOf)) return anyOf.some(acceptsNull)
  if (Array.isArray(values)) return values.includes(null)
  return value === undefined ? typesOf(schema).includes('null') : value === null
}

/** Types as stated, else as the values allowed have; the vendor wants every schema to state them. */
function typesOf({ type, enum: values, const: value, properties }: JsonSchema): string[] {
  if (type !== undefined) return [type].flat().map(String)
  if (Array.isArray(values)) return [...new Set(values.map(typeOf))]
  if (value !== undefined) return [typeOf(value)]
  return properties === undefined ? [] : ['object']
}

const typeOf = (value: unknown): string => (value === null ? 'null' : typeof value)
const isScalar = (value: unknown): boolean => value === null || ['string', 'number', 'boolean'].includes(typeof value)
const whole = (values: unknown[]): unknown[] | undefined => (values.includes(undefined) ? undefined : values)
const defined = (members: JsonSchema): JsonSchema =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))

function strictMembers(schemas: unknown): JsonSchema | undefined {
  if (!isSchema(schemas)) return undefined
  const members = Object.entries(schemas).map(([name, schema]) => [name, strict(schema)] as const)
  return members.some(([, member]) => member === undefined) ? undefined : Object.fromEntries(members)
}

function fits(schema: JsonSchema): boolean {
  const sum = { properties: 0, enumValues: 0, characters: 0, longEnum: 0, depth: 0 }
  measure(schema, 0, sum)
  return (
    sum.properties <= strictLimits.propertiesMax &&
    sum.enumValues <= strictLimits.enumValuesMax &&
    sum.characters <= strictLimits.charactersMax &&
    sum.longEnum <= strictLimits.longEnumCharactersMax &&
    sum.depth <= strictLimits.depthMax
  )
}

type Sum = { properties: number; enumValues: number; characters: number; longEnum: number; depth: number }

function measure(schema: JsonSchema, above: number, sum: Sum): void {
  const { properties, items, anyOf, $defs, definitions, enum: values = [], const: value = '' } = schema
  const depth = properties === undefined && items === undefined ? above : above + 1
  sum.depth = Math.max(sum.depth, depth)
  const characters = lengthOf(values as unknown[])
  sum.characters += characters + lengthOf([value])
  sum.enumValues += (values as unknown[]).length
  if ((values as unknown[]).length > strictLimits.longEnumFrom) sum.longEnum = Math.max(sum.longEnum, characters)
  for (const [members, level] of [
    [properties, depth],
    [$defs, 0],
    [definitions, 0],
  ] as const) {
    if (members === undefined) continue
    const names = Object.keys(members as JsonSchema)
    sum.characters += lengthOf(names)
    if (members === properties) sum.properties += names.length
    for (const member of Object.values(members as JsonSchema)) measure(member as JsonSchema, level, sum)
  }
  if (items !== undefined) measure(items as JsonSchema, depth, sum)
  for (const branch of (anyOf ?? []) as JsonSchema[]) measure(branch, depth, sum)
}

const lengthOf = (values: readonly unknown[]): number =>
  values.reduce<number>((sum, value) => sum + String(value).length, 0)
