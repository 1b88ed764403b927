import { UsageError } from '../domain/errors.ts'
import { oneLine, rawMembers, stringOf } from './raw-json.ts'
import type { Cell } from './row.ts'
import { type AnswerSchema, wrapper } from './schema.ts'
import { isSchema, type JsonSchema } from './strict.ts'

export interface Answer {
  /** In the order of `answerColumns`; `null` (the JSON text) where the answer holds nothing for the column. */
  readonly cells: readonly Cell[]
  /** `invalid_json`: no JSON though a schema was given · `schema`: JSON, but not of the schema. */
  readonly error: '' | 'invalid_json' | 'schema'
}

export type AnswerReader = (text: string) => Answer

/**
 * Makes the reader of a job's answers. Without a schema an answer is its text. With one it is parsed, unwrapped,
 * checked and cut into columns, numbers with the digits that the model wrote. A Markdown fence around the whole is
 * taken off, since models put one there; anything else around the JSON makes it `invalid_json`. Of an invalid answer
 * is kept what fits its columns: the fields it has, or where there is one column for the whole, the whole.
 *
 * Checked by ajv as 2020-12, or as draft-07 where `$schema` says so; `format` is not checked.
 * @throws UsageError when the schema itself is wrong: make the reader before anything is bought
 */
export async function answerReader(schema?: AnswerSchema): Promise<AnswerReader> {
  if (schema === undefined) return (text) => ({ cells: [JSON.stringify(text)], error: '' })
  const valid = await validator(schema.schema)
  const { fields } = schema
  return (text) => {
    const answer = parsed(text, schema)
    if (answer === undefined) {
      const cells = fields.length === 0 ? [JSON.stringify(text)] : fields.map(() => 'null')
      return { cells, error: 'invalid_json' }
    }
    const cells = fields.length === 0 ? [oneLine(answer.json)] : fieldsOf(answer, fields)
    return { cells, error: valid(answer.value) ? '' : 'schema' }
  }
}

interface Parsed {
  readonly json: string
  readonly value: unknown
}

function parsed(text: string, { wrapped, omittable }: AnswerSchema): Parsed | undefined {
  const json = fenced.exec(text)?.[1] ?? text.trim()
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return undefined
  }
  if (!isSchema(value)) return { json, value }
  // A model that was not held to the wrapper may answer without it.
  if (wrapped && Object.keys(value).length === 1 && Object.hasOwn(value, wrapper)) {
    return { json: memberMap(json).get(wrapper) ?? json, value: value[wrapper] }
  }
  if (!omittable.some((field) => value[field] === null)) return { json, value }
  const present = Object.entries(value).filter(([field, member]) => member !== null || !omittable.includes(field))
  return { json, value: Object.fromEntries(present) }
}

function fieldsOf({ json, value }: Parsed, fields: readonly string[]): Cell[] {
  if (!isSchema(value)) return fields.map(() => 'null')
  const members = memberMap(json)
  return fields.map((field) => oneLine(members.get(field) ?? 'null'))
}

/** Raw values by name; of a name given twice the last counts, as it does to JSON.parse. */
function memberMap(json: string): Map<string, string> {
  const members = rawMembers(json)
  const map = new Map<string, string>()
  for (let at = 0; at < members.length; at += 2) map.set(stringOf(members[at] as string), members[at + 1] as string)
  return map
}

const fenced = /^\s*```\w*[ \t]*\r?\n([\s\S]*?)\s*```\s*$/

async function validator(schema: JsonSchema): Promise<(value: unknown) => boolean> {
  const { $schema: draft = '2020-12', ...plain } = schema
  const options = { strict: false, validateFormats: false, logger: false } as const
  try {
    // Loaded here: only jobs with a schema wait for it.
    if (String(draft).includes('2020-12')) {
      const { Ajv2020 } = await import('ajv/dist/2020.js')
      return new Ajv2020(options).compile(plain)
    }
    if (String(draft).includes('draft-07')) {
      const { Ajv } = await import('ajv')
      return new Ajv(options).compile(plain)
    }
  } catch (error) {
    throw new UsageError(`The schema is not a valid JSON Schema: ${(error as Error).message}`)
  }
  throw new UsageError(`The schema is of ${String(draft)}; known are draft 2020-12 and draft-07.`)
}
