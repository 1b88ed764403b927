import type { AnswerTerms, Effort } from './likely-output.ts'

type Body = Readonly<Record<string, unknown>>

/** What a request body, in any dialect, says of the answer that it wants. */
export function answerTermsOf(body: Body): Pick<AnswerTerms, 'schema' | 'effort'> {
  const schema = schemaOf(body)
  const effort = effortOf(body)
  return { ...(schema === undefined ? {} : { schema }), ...(effort === undefined ? {} : { effort }) }
}

function schemaOf(body: Body): unknown {
  const config = configOf(body)
  return (
    at(body, 'response_format', 'json_schema', 'schema') ??
    at(body, 'text', 'format', 'schema') ??
    at(body, 'output_config', 'format', 'schema') ??
    at(body, 'output_format', 'schema') ??
    at(config, 'responseJsonSchema') ??
    at(config, 'responseSchema') ??
    at(config, 'response_json_schema') ??
    at(config, 'response_schema')
  )
}

function effortOf(body: Body): Effort | undefined {
  if (at(body, 'thinking', 'type') === 'disabled') return 'none'
  const config = configOf(body)
  const thinking = at(config, 'thinkingConfig') ?? at(config, 'thinking_config')
  const budget =
    at(body, 'thinking', 'budget_tokens') ?? at(thinking, 'thinkingBudget') ?? at(thinking, 'thinking_budget')
  if (budget === 0) return 'none'
  if (typeof budget === 'number' && budget > 0) return budget
  const word =
    at(body, 'reasoning_effort') ??
    at(body, 'reasoning', 'effort') ??
    at(body, 'output_config', 'effort') ??
    at(thinking, 'thinkingLevel') ??
    at(thinking, 'thinking_level')
  if (typeof word === 'string') return word
  return at(body, 'thinking', 'type') === 'adaptive' ? 'medium' : undefined
}

const configOf = (body: Body): unknown => body['generationConfig'] ?? body['generation_config']

function at(value: unknown, ...path: readonly string[]): unknown {
  let inner = value
  for (const name of path) inner = typeof inner === 'object' && inner !== null ? (inner as Body)[name] : undefined
  return inner ?? undefined
}
