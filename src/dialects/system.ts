import type { Conversation, Text, Turn } from './conversation.ts'
import type { Translation } from './translation.ts'

/**
 * System text for dialects that have it apart from the turns: one text each, in order.
 * @param inThread  system messages may stand amid the turns, after one of the user
 */
export function systemOf(
  t: Translation,
  c: Conversation,
  inThread: boolean,
): { readonly system: readonly Text[]; readonly turns: Turn[] } {
  const system: Text[] = []
  for (const { role, parts, at } of c.system) {
    if (role === 'developer') t.warnOnce('developer_as_system', at)
    system.push(...parts)
  }
  const amid = c.turns.findIndex((turn) => turn.role === 'system' || turn.role === 'developer')
  if (amid < 0) return { system: checked(t, system), turns: c.turns }
  const turns: Turn[] = []
  for (const turn of c.turns) {
    if (turn.role === 'user' || turn.role === 'model') turns.push(turn)
    else {
      if (turn.role === 'developer') t.warnOnce('developer_as_system', turn.at)
      if (inThread && turns.at(-1)?.role === 'user') turns.push({ ...turn, role: 'system' })
      else if (!t.allows('hoist_system')) t.refuse(turn.at, 'a system message must stand before the turns')
      else {
        t.warn('system_hoisted', turn.at)
        system.push(...(turn.parts as Text[]))
      }
    }
  }
  return { system: checked(t, system), turns }
}

function checked(t: Translation, system: Text[]): Text[] {
  const empty = system.find((text) => text.text === '')
  if (empty !== undefined && system.length === 1) t.refuse(empty.at, 'the text is empty')
  return empty === undefined ? system : system.filter((text) => text.text !== '')
}
