import { type Effort, efforts } from './conversation.ts'
import type { Translation } from './translation.ts'

/** The effort itself where the model knows it; else, if the user allows it, the next one below, or the lowest. */
export function nearestEffort(t: Translation, effort: Effort, at: string): Effort {
  const known = t.facts.efforts
  if (known.includes(effort)) return effort
  if (!t.allows('clamp_effort') || known.length === 0) return t.refuse(at, `the model does not know effort "${effort}"`)
  const below = known.filter((other) => efforts.indexOf(other) < efforts.indexOf(effort)).at(-1)
  const nearest = below ?? (known[0] as Effort)
  t.warn('effort_changed', at, effort, nearest)
  return nearest
}
