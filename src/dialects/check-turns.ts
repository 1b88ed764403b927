import type { Call, Conversation, Part, Result, Turn } from './conversation.ts'
import type { Translation } from './translation.ts'

/** What a dialect demands of the turns. */
export interface TurnRules {
  readonly callId: RegExp
  readonly toolName: RegExp
  /** The first turn is the user's. */
  readonly userFirst: boolean
}

/**
 * What holds in every dialect: each tool call has exactly one result, in the turn after it, and the model does not
 * have the last word (only some models continue what they are said to have begun). Gives results the name of their tool,
 * and calls whose id the target does not take a new one.
 */
export function checkTurns(t: Translation, conversation: Conversation, rules: TurnRules): void {
  const { turns, tools } = conversation
  for (const tool of tools) checkName(t, tool.name, tool.at, rules)
  let open: Map<string, Call> | undefined
  for (let index = 0; index < turns.length; index++) {
    const turn = turns[index] as Turn
    if (turn.role === 'model') {
      if (open !== undefined) missing(t, open)
      open = callsOf(t, turn, rules)
    } else if (open !== undefined || turn.parts.some(isResult)) {
      matchResults(t, turn, open, index, rules)
      open = undefined
    }
  }
  if (open !== undefined) missing(t, open)
  const first = turns[0]
  if (rules.userFirst && first === undefined) t.refuse('', 'there is no turn of the user')
  if (rules.userFirst && first?.role === 'model') t.refuse(first.at, 'the first turn must be the user’s')
  const last = turns.at(-1)
  if (last?.role === 'model') t.refuse(last.at, 'an answer begun for the model is not continued by every model')
}

function callsOf(t: Translation, turn: Turn, rules: TurnRules): Map<string, Call> | undefined {
  let calls: Map<string, Call> | undefined
  for (const part of turn.parts) {
    if (part.kind !== 'call') continue
    checkName(t, part.name, part.at, rules)
    calls ??= new Map()
    if (calls.has(part.id)) t.refuse(part.at, `two calls of one turn have the id "${part.id}"`)
    calls.set(part.id, part)
  }
  return calls
}

function matchResults(
  t: Translation,
  turn: Turn,
  open: Map<string, Call> | undefined,
  index: number,
  rules: TurnRules,
): void {
  let order = 0
  for (const part of turn.parts) {
    if (part.kind !== 'result') continue
    const call = open?.get(part.id)
    if (call === undefined) return t.refuse(part.at, `no call of the turn before has the id "${part.id}"`)
    open?.delete(part.id)
    part.name ??= call.name
    if (!rules.callId.test(call.id)) {
      const id = `call_${index - 1}_${order}`
      t.warn('tool_id_replaced', call.at, call.id, id)
      call.id = id
      part.id = id
    }
    order++
  }
  if (open !== undefined && open.size > 0) missing(t, open)
}

function missing(t: Translation, open: Map<string, Call>): never {
  const [call] = open.values()
  return t.refuse(call?.at ?? '', 'this tool call has no result in the next turn')
}

function checkName(t: Translation, name: string, at: string, rules: TurnRules): void {
  if (!rules.toolName.test(name)) t.refuse(`${at}.name`, `a tool cannot be named "${name}" there`)
}

/** Turns of one role that follow each other as one. Results stay where they are: they come before all else, or late. */
export function mergeTurns(turns: readonly Turn[]): readonly Turn[] {
  let apart = true
  for (let index = 1; index < turns.length; index++) if (turns[index]?.role === turns[index - 1]?.role) apart = false
  if (apart) return turns
  const merged: Turn[] = []
  for (const turn of turns) {
    const last = merged.at(-1)
    const late = turn.parts.some(isResult) && last?.parts.every(isResult) === false
    if (last?.role === turn.role && !late)
      merged[merged.length - 1] = { ...last, parts: [...last.parts, ...turn.parts] }
    else merged.push(turn)
  }
  return merged
}

/** Empty text next to something else says nothing; some dialects refuse it. */
export function withoutEmptyText(parts: Part[]): Part[] {
  const empty = (part: Part): boolean => part.kind === 'text' && part.text === ''
  return parts.length > 1 && parts.some(empty) ? parts.filter((part) => !empty(part)) : parts
}

/** JSON value of the arguments of a call. Only OpenAI lets a model write what is no object. */
export function argumentsOf(t: Translation, call: Call): unknown {
  if ('value' in call.args) return call.args.value
  const { value, wide } = t.json(call.args.json, `${call.at}.arguments`)
  if (wide) t.refuse(`${call.at}.arguments`, 'the arguments hold a number that a double does not')
  return t.record(value, `${call.at}.arguments`)
}

export const argumentsText = (call: Call): string =>
  'json' in call.args ? call.args.json : JSON.stringify(call.args.value)

export const isResult = (part: Part): part is Result => part.kind === 'result'
