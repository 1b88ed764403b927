import type { AnswerSchema } from './schema.ts'
import { wrapper } from './schema.ts'

const fenced = /^\s*```\w*[ \t]*\r?\n([\s\S]*?)\s*```\s*$/

/** The answer as a value: parsed and unwrapped where a schema was asked for, else its text. Text where it is no JSON. */
export function answerValue(text: string, schema: AnswerSchema | undefined): unknown {
  if (schema === undefined) return text
  try {
    const value = JSON.parse(fenced.exec(text)?.[1] ?? text) as unknown
    const wrapped = schema.wrapped && typeof value === 'object' && value !== null && Object.hasOwn(value, wrapper)
    return wrapped ? (value as Record<string, unknown>)[wrapper] : value
  } catch {
    return text // the result's `error` says that it is not what was asked for
  }
}
