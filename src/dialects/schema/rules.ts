/** What a vendor enforces of JSON Schema. */
export interface SchemaRules {
  readonly keywords: ReadonlySet<string>
  /** undefined: any. */
  readonly formats: ReadonlySet<string> | undefined
  /** Objects allow no members but those they name. */
  readonly closed: boolean
  /** All members are required. */
  readonly complete: boolean
  /** Every schema says what it is. */
  readonly typed: boolean
  /** `minItems` beyond 1. */
  readonly counts: boolean
  /** The root may be a choice. */
  readonly rootChoice: boolean
  readonly const: 'keep' | 'as enum'
  readonly oneOf: 'keep' | 'as anyOf' | 'refuse'
  /** Schemas that hold themselves: nowhere, only below members that may be absent, anywhere. */
  readonly recursion: 'none' | 'optional' | 'free'
  /** Beside `$ref` nothing constrains. */
  readonly refAlone: boolean
}

const common = 'type title description enum properties required additionalProperties items anyOf $ref $defs'
const setOf = (words: string): ReadonlySet<string> => new Set(words.split(' '))

/** As the vendor's own SDK cuts a schema down (`transform-json-schema`); recursion by its structured-outputs page. */
export const anthropicRules: SchemaRules = {
  keywords: setOf(`${common} const allOf format minItems`),
  formats: setOf('date-time time date duration email hostname uri ipv4 ipv6 uuid'),
  closed: true,
  complete: false,
  typed: true,
  counts: false,
  rootChoice: true,
  const: 'keep',
  oneOf: 'as anyOf',
  recursion: 'none',
  refAlone: true,
}

/** `responseJsonSchema`, by its SDK's text. */
export const geminiRules: SchemaRules = {
  keywords: setOf(`${common} $id $anchor format prefixItems minItems maxItems minimum maximum oneOf propertyOrdering`),
  formats: undefined,
  closed: false,
  complete: false,
  typed: false,
  counts: true,
  rootChoice: true,
  const: 'as enum',
  oneOf: 'keep',
  recursion: 'optional',
  refAlone: true,
}

/** OpenAI's strict mode, by its structured-outputs guide, "Supported schemas". */
export const openaiRules: SchemaRules = {
  keywords: setOf(
    `${common} const format pattern multipleOf minItems maxItems minimum maximum exclusiveMinimum exclusiveMaximum`,
  ),
  formats: setOf('date-time time date duration email hostname ipv4 ipv6 uuid'),
  closed: true,
  complete: true,
  typed: false,
  counts: true,
  rootChoice: false,
  const: 'keep',
  oneOf: 'refuse',
  recursion: 'free',
  refAlone: false,
}

/** Words about a schema that constrain nothing. */
export const annotations: ReadonlySet<string> = setOf(
  '$schema $comment $id $anchor default example examples deprecated readOnly writeOnly',
)
