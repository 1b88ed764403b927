import type { Format, Reasoning, ToolChoice } from '../conversation.ts'
import { type Effort, efforts } from '../conversation.ts'
import { type Json, type Translation, wordOf } from '../translation.ts'

/** What both dialects of OpenAI say alike, once the wrapping is off. */

/** `nameOf` takes the name out of `{type: "function", …}`, which Chat nests and Responses does not. */
export function readToolChoice(
  t: Translation,
  value: unknown,
  at: string,
  nameOf: (choice: Json, at: string) => string,
): ToolChoice | undefined {
  if (value === 'auto' || value === 'none' || value === 'required') return { mode: value, at }
  if (typeof value === 'string') return t.refuse(at, `tool choice "${value}" is not known`)
  const choice = t.record(value, at)
  if (choice['type'] === 'function') return { mode: 'named', name: nameOf(choice, at), at }
  if (choice['type'] !== 'allowed_tools') return t.refuse(at, 'only functions can be chosen there')
  const inner = t.from === 'openai-chat' ? t.record(choice['allowed_tools'], `${at}.allowed_tools`) : choice
  const path = t.from === 'openai-chat' ? `${at}.allowed_tools.tools` : `${at}.tools`
  const names = t.list(inner['tools'], path).map((tool, index) => {
    const record = t.record(tool, `${path}[${index}]`)
    if (record['type'] !== 'function') t.refuse(`${path}[${index}]`, 'only functions can be chosen there')
    return nameOf(record, `${path}[${index}]`)
  })
  return { mode: 'subset', required: inner['mode'] === 'required', names, at }
}

/** `{name, description, schema, strict}` of an answer format. */
export function readSchemaFormat(t: Translation, format: Json, at: string): Format {
  for (const key in format) if (!formatKeys.has(key) && format[key] !== null) t.unknown(at, key)
  return {
    kind: 'schema',
    schema: t.record(format['schema'] ?? {}, `${at}.schema`),
    name: (format['name'] ?? undefined) as string | undefined,
    description: (format['description'] ?? undefined) as string | undefined,
    strict: format['strict'] === true,
    at,
  }
}
const formatKeys = new Set(['type', 'name', 'description', 'schema', 'strict'])

export function readEffort(
  t: Translation,
  effort: unknown,
  visible: boolean | undefined,
  at: Reasoning['at'],
): Reasoning {
  const known = effort === 'none' || effort === undefined || efforts.includes(effort as Effort)
  if (!known) t.refuse(at.effort, `effort "${wordOf(effort)}" is not known`)
  const off = effort === 'none'
  return { off, effort: off ? undefined : (effort as Effort), budget: undefined, adaptive: false, visible, at }
}

/** Tiers that say nothing: the vendor's default. Another one is the lane's to choose. */
export function refuseTier(t: Translation, tier: unknown, at: string, defaults: readonly string[]): void {
  if (!defaults.includes(wordOf(tier).toLowerCase())) t.refuse(at, 'the tier is chosen by the lane, not by the request')
}
