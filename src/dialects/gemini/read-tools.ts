import type { Tool, ToolChoice } from '../conversation.ts'
import { isEmptySchema } from '../openai/write-shared.ts'
import { isNothing, type Json, type Translation, wordOf } from '../translation.ts'
import { fieldsOf } from './fields.ts'
import { readSchema } from './read-schema.ts'

export function readTools(t: Translation, tools: readonly unknown[]): Tool[] {
  return tools.flatMap((value, index) => {
    const at = `tools[${index}]`
    const tool = fieldsOf(t.record(value, at))
    for (const key in tool) if (key !== 'functionDeclarations' && !isNothing(tool[key])) t.alone(at, key)
    const path = `${at}.functionDeclarations`
    return t
      .list(tool['functionDeclarations'], path)
      .map((declared, place) => readTool(t, declared, `${path}[${place}]`))
  })
}

function readTool(t: Translation, value: unknown, at: string): Tool {
  const tool = fieldsOf(t.record(value, at))
  for (const key in tool) if (!toolKeys.has(key) && !isNothing(tool[key])) t.alone(at, key)
  const { parameters, parametersJsonSchema: json, description } = tool
  if (!isNothing(parameters) && !isNothing(json)) t.refuse(`${at}.parameters`, '`parametersJsonSchema` says it as well')
  const open = isNothing(json)
  const path = `${at}.${open ? 'parameters' : 'parametersJsonSchema'}`
  const schema = isNothing(json ?? parameters) ? undefined : readSchema(t, json ?? parameters, path, open)
  return {
    name: t.text(tool['name'], `${at}.name`),
    description: (description ?? undefined) as string | undefined,
    schema: isEmptySchema(schema) ? undefined : schema,
    strict: false,
    at,
  }
}
const toolKeys = new Set(['name', 'description', 'parameters', 'parametersJsonSchema'])

export function readToolConfig(t: Translation, config: Json, at: string): ToolChoice | undefined {
  const fields = fieldsOf(config)
  for (const key in fields) if (key !== 'functionCallingConfig' && !isNothing(fields[key])) t.alone(at, key)
  if (isNothing(fields['functionCallingConfig'])) return undefined
  const path = `${at}.functionCallingConfig`
  const calling = fieldsOf(t.record(fields['functionCallingConfig'], path))
  for (const key in calling)
    if (key !== 'mode' && key !== 'allowedFunctionNames' && !isNothing(calling[key])) t.unknown(path, key)
  const names = isNothing(calling['allowedFunctionNames'])
    ? undefined
    : t.texts(calling['allowedFunctionNames'], `${path}.allowedFunctionNames`)
  return choiceOf(t, wordOf(calling['mode'] ?? 'AUTO').toUpperCase(), names, path)
}

function choiceOf(
  t: Translation,
  mode: string,
  names: readonly string[] | undefined,
  at: string,
): ToolChoice | undefined {
  if (mode === 'ANY') {
    const [only] = names ?? []
    if (names === undefined || only === undefined) return { mode: 'required', at }
    return names.length === 1 ? { mode: 'named', name: only, at } : { mode: 'subset', required: true, names, at }
  }
  if (mode === 'VALIDATED') {
    if (names !== undefined) return { mode: 'subset', required: false, names, at }
    t.warn('validated_as_auto', `${at}.mode`, 'VALIDATED', 'AUTO')
    return { mode: 'auto', at }
  }
  if (names !== undefined) t.refuse(`${at}.allowedFunctionNames`, `mode ${mode} knows no subset of the tools`)
  if (mode === 'NONE') return { mode: 'none', at }
  return mode === 'AUTO' || mode === 'MODE_UNSPECIFIED'
    ? { mode: 'auto', at }
    : t.refuse(`${at}.mode`, `mode ${mode} is not known`)
}
