import { UsageError } from '../domain/errors.ts'
import { isSchema, type JsonSchema, strictSchema } from './strict.ts'

/** How the answers of a job are shaped: what is asked of the vendor, and which columns come of it. */
export interface AnswerSchema {
  /** The user's own. Answers are checked against this one, whatever went over the wire. */
  readonly schema: JsonSchema
  /** Top-level fields, each a column; empty: the answer is one column as a whole. */
  readonly fields: readonly string[]
  /** Over the wire the answer is the only member, `answer`, of an object: vendors want an object at the root. */
  readonly wrapped: boolean
  /** Fields whose null on the wire means that the answer leaves them out. */
  readonly omittable: readonly string[]
  /** `json_schema` of an OpenAI response format. */
  readonly wire: { readonly name: string; readonly strict: boolean; readonly schema: JsonSchema }
}

/** The member that carries an answer whose schema is no object. */
export const wrapper = 'answer'

/**
 * Reads a JSON Schema for the vendor. Where its root is no object (a number, a list of allowed words), the answer
 * travels in `{"answer": …}` and is taken out again. `strict` is asked for, which makes the vendor keep to the schema,
 * whenever the schema can be said in the strict subset without losing anything (see `strictSchema`); else the schema
 * goes as it is with `strict: false`, which is a wish. Either way each answer is checked against the user's schema.
 * @throws UsageError when it is no JSON Schema object
 */
export function answerSchema(schema: unknown): AnswerSchema {
  if (Array.isArray(schema)) {
    throw new UsageError('The schema is a list.', 'Allowed answers are written as {"enum": ["this", "that"]}.')
  }
  if (!isSchema(schema)) throw new UsageError('The schema is not a JSON Schema object.')
  const root = resolved(schema)
  const wrapped = !isObjectSchema(root)
  const { $schema: _, ...plain } = wrapped ? wrap(root) : root
  const strict = strictSchema(plain)
  const name =
    titleOf(schema)
      ?.replaceAll(/[^A-Za-z0-9_-]+/g, '_')
      .slice(0, 64) || wrapper
  return {
    schema,
    fields: wrapped ? [] : Object.keys(isSchema(root['properties']) ? root['properties'] : {}),
    wrapped,
    omittable: strict?.omittable ?? [],
    wire: strict === undefined ? { name, strict: false, schema: plain } : { name, strict: true, schema: strict.schema },
  }
}

/**
 * The columns that answers fill: with a schema of an object one for each of its fields, else one for the whole answer.
 * @param answerColumn  a name for that one column; without it the schema's title, else `answer`, else (with a schema, when
 *                      the input has an `answer` of its own, as data with known answers do) `value`
 * @param input         the input's columns
 * @throws UsageError when there are several fields: one name cannot name them all
 */
export function answerColumns(
  schema: AnswerSchema | undefined,
  answerColumn?: string,
  input: readonly string[] = [],
): readonly string[] {
  const fields = schema?.fields ?? []
  if (answerColumn === undefined) {
    if (fields.length > 0) return fields
    const plain = schema !== undefined && input.includes(wrapper) ? 'value' : wrapper
    return [titleOf(schema?.schema) ?? plain]
  }
  if (fields.length <= 1) return [answerColumn]
  throw new UsageError(
    `--answer-column ${answerColumn} names one column, and the schema makes ${fields.length}: ${fields.join(', ')}.`,
    'Rename the fields in the schema instead.',
  )
}

function titleOf(schema: JsonSchema | undefined): string | undefined {
  const title = schema?.['title']
  return typeof title === 'string' && title.trim() !== '' ? title : undefined
}

const isObjectSchema = (schema: JsonSchema): boolean =>
  schema['type'] === 'object' || (schema['type'] === undefined && isSchema(schema['properties']))

/** A root that only points at one of its definitions is that definition. */
function resolved(schema: JsonSchema): JsonSchema {
  const { $ref: pointer, ...rest } = schema
  const [, place, name] =
    typeof pointer === 'string' ? (/^#\/(\$defs|definitions)\/([^/~%]+)$/.exec(pointer) ?? []) : []
  const definitions = place === undefined ? undefined : schema[place]
  const target = isSchema(definitions) && name !== undefined ? definitions[name] : undefined
  return isSchema(target) && isObjectSchema(target) ? { ...rest, ...target } : schema
}

/** Definitions stay at the root, where pointers look for them; a pointer at anything else would miss. */
function wrap(schema: JsonSchema): JsonSchema {
  const { $schema: _, $defs, definitions, ...answer } = schema
  const astray = JSON.stringify(answer).match(/"\$ref":"#(?!\/(\$defs|definitions)\/)[^"]*"/)
  if (astray !== null) {
    throw new UsageError(`The schema's root is no object, and ${astray[0]} points into it.`, 'Put it under $defs.')
  }
  return {
    type: 'object',
    properties: { [wrapper]: answer },
    required: [wrapper],
    additionalProperties: false,
    ...($defs === undefined ? {} : { $defs }),
    ...(definitions === undefined ? {} : { definitions }),
  }
}
