import type { Effort, Reasoning } from '../conversation.ts'
import { nearestEffort } from '../efforts.ts'
import { effortBudgets } from '../openai/write-shared.ts'
import type { Json, Translation } from '../translation.ts'

interface Place {
  readonly body: Json
  /** `output_config`. */
  readonly config: Json
  /** The request has tools. */
  readonly tools: boolean
}

/** Reasoning → `thinking` and `output_config.effort`. */
export function writeThinking(t: Translation, reasoning: Reasoning, maxOutput: number, place: Place): void {
  if (reasoning.off) return writeOff(t, reasoning, place)
  const thinking = thinkingOf(t, reasoning, maxOutput, place)
  if (reasoning.visible !== undefined && thinking !== undefined) {
    if (reasoning.visible) t.warn('visible_reasoning_changed', reasoning.at.visible)
    thinking['display'] = reasoning.visible ? 'summarized' : 'omitted'
  }
  if (thinking !== undefined) place.body['thinking'] = thinking
}

function writeOff(t: Translation, { at }: Reasoning, { body, tools }: Place): void {
  const { off } = t.facts
  if (off === 'no' || (off === 'between_tools' && tools)) t.refuse(at.budget, 'this model always reasons')
  body['thinking'] = { type: off === 'yes' ? 'disabled' : 'between_tools' } // without tools the same
}

function thinkingOf(t: Translation, reasoning: Reasoning, maxOutput: number, { config }: Place): Json | undefined {
  const { effort, budget, at } = reasoning
  if (effort !== undefined) {
    if (!t.facts.adaptive) return budgeted(t, budgetOf(t, effort, at.effort), maxOutput, at.effort)
    config['effort'] = effortOf(t, effort, at.effort)
    return { type: 'adaptive' }
  }
  if (budget !== undefined && budget > 0) return budgeted(t, budget, maxOutput, at.budget)
  if (budget === undefined && reasoning.visible !== true) return undefined
  if (!t.facts.adaptive) return t.refuse(at.budget, 'this model reasons by a token budget only')
  t.warn('adaptive_changed', budget === undefined ? at.visible : at.budget)
  return { type: 'adaptive' }
}

function effortOf(t: Translation, effort: Effort, at: string): Effort {
  if (effort !== 'minimal') return nearestEffort(t, effort, at)
  t.warn('effort_changed', at, effort, 'low')
  return 'low'
}

function budgeted(t: Translation, budget: number, maxOutput: number, at: string): Json {
  const range = t.facts.budget
  if (range === undefined) return t.refuse(at, 'this model takes no token budget')
  if (budget < range.min) t.refuse(at, `a budget is at least ${range.min} tokens`)
  if (budget >= maxOutput) t.refuse(at, `the budget must be below the output limit of ${maxOutput} tokens`)
  return { type: 'enabled', budget_tokens: budget }
}

function budgetOf(t: Translation, effort: Effort, at: string): number {
  if (!t.allows('effort_budgets')) t.refuse(at, 'this model reasons by a token budget, which effort does not name')
  const budget = effortBudgets[effort === 'xhigh' || effort === 'max' ? 'high' : effort]
  t.warn('effort_as_budget', at, effort, budget)
  return budget
}
