import type { Conversation, Format, Reasoning, Result, Text, ToolChoice } from '../conversation.ts'
import { conformSchema } from '../schema/conform.ts'
import { openaiRules } from '../schema/rules.ts'
import { isRecord, type Json, type Translation } from '../translation.ts'
import { Untranslatable } from '../untranslatable.ts'

/** Fields of the same name in both dialects of OpenAI. */
export function writeShared(t: Translation, c: Conversation, body: Json): void {
  const { temperature, topP } = c
  if (!t.facts.sampling && !t.from.startsWith('openai')) {
    if (temperature !== undefined && temperature !== 1) t.refuse(samplingPath(t, 'temperature'), takesNone)
    if (topP !== undefined && topP !== 1) t.refuse(samplingPath(t, 'topP'), takesNone)
  }
  if (temperature !== undefined) body['temperature'] = temperature
  if (topP !== undefined) body['top_p'] = topP
  if (c.serialTools && c.tools.length > 0) body['parallel_tool_calls'] = false
  if (c.labels !== undefined) body['metadata'] = c.labels
  if (c.endUser !== undefined) {
    if (c.endUser.length > 128) t.refuse('metadata.user_id', 'it takes at most 128 characters')
    body[c.openai?.['user'] === undefined ? 'safety_identifier' : 'user'] = c.endUser
  }
  for (const key in c.openai) if (key !== 'user') body[key] = c.openai[key]
}
const takesNone = 'the model takes no sampling parameters'
const samplingPath = (t: Translation, field: 'temperature' | 'topP'): string =>
  t.from === 'gemini' ? `generationConfig.${field}` : field === 'topP' ? 'top_p' : field

/** `auto`, `none`, `required`; the other choices differ in their wrapping. */
export function writeToolChoice(
  choice: ToolChoice,
  name: (name: string) => Json,
  subset: (inner: Json) => Json,
): unknown {
  if (choice.mode === 'named') return name(choice.name)
  if (choice.mode !== 'subset') return choice.mode
  return subset({ mode: choice.required ? 'required' : 'auto', tools: choice.names.map(name) })
}

/** `{name, description, schema, strict}`. A schema that strict mode does not take is a wish, if the user allows that. */
export function writeSchemaFormat(t: Translation, format: Format & { kind: 'schema' }): Json {
  if (format.name === undefined) t.warn('schema_name_added', format.at, null, 'answer')
  const words = {
    name: format.name ?? 'answer',
    ...(format.description !== undefined && { description: format.description }),
  }
  if (t.from.startsWith('openai')) return { ...words, schema: format.schema, ...(format.strict && { strict: true }) }
  try {
    return { ...words, schema: conformSchema(t, format.schema, openaiRules, format.at), strict: true }
  } catch (error) {
    if (!(error instanceof Untranslatable) || !t.allows('relax_schema')) throw error
    t.warn('schema_not_enforced', format.at)
    return { ...words, schema: format.schema, strict: false }
  }
}

/** The effort word, or undefined for the model's default. */
export function writeEffort(t: Translation, reasoning: Reasoning): string | undefined {
  const { off, effort, budget, adaptive, at } = reasoning
  if (off) {
    if (effort !== undefined) t.warn('effort_dropped', at.effort, effort)
    return t.facts.efforts.length === 0 ? undefined : 'none' // a model that does not reason has it off
  }
  const said = effort ?? (budget !== undefined && budget >= 0 ? effortOfBudget(t, budget, at.budget) : undefined)
  if (said === undefined) {
    if (adaptive || budget !== undefined) t.warn('adaptive_dropped', at.budget)
    return undefined
  }
  if (t.facts.efforts.length === 0) t.refuse(at.effort, 'the model does not reason')
  return said
}

/** As Google’s own OpenAI surface has them. */
export const effortBudgets = { minimal: 1_024, low: 1_024, medium: 8_192, high: 24_576 } as const

export function effortOfBudget(t: Translation, budget: number, at: string): 'low' | 'medium' | 'high' {
  if (!t.allows('effort_budgets')) t.refuse(at, 'a token budget has no exact counterpart in efforts')
  const effort = budget <= effortBudgets.low ? 'low' : budget <= effortBudgets.medium ? 'medium' : 'high'
  t.warn('budget_as_effort', at, budget, effort)
  return effort
}

/** OpenAI has no flag for a tool that failed; the text says it. */
export function resultTexts(t: Translation, result: Result): readonly Text[] {
  const texts = result.parts.filter((part) => part.kind === 'text')
  if (!result.error) return texts
  t.warn('tool_error_as_text', result.at)
  const text = JSON.stringify({ error: texts.map((part) => part.text).join('\n') })
  return [{ kind: 'text', text, cache: undefined, at: result.at }]
}

/** Schema of a tool without arguments. */
export const isEmptySchema = (schema: unknown): boolean =>
  isRecord(schema) &&
  schema['type'] === 'object' &&
  Object.keys(schema).every((key) => key === 'type' || key === 'properties') &&
  (schema['properties'] === undefined ||
    (isRecord(schema['properties']) && Object.keys(schema['properties']).length === 0))
