import type { Effort, Reasoning } from '../conversation.ts'
import { nearestEffort } from '../efforts.ts'
import { effortBudgets } from '../openai/write-shared.ts'
import type { Json, Translation } from '../translation.ts'

/** Reasoning → `thinkingConfig`. */
export function writeThinking(t: Translation, reasoning: Reasoning, config: Json): void {
  const { off, effort, budget, adaptive, visible, at } = reasoning
  const thinking: Json = {}
  if (off) {
    if (t.facts.off !== 'yes') t.refuse(at.budget, 'this model always reasons')
    if (effort !== undefined) t.warn('effort_dropped', at.effort, effort)
    thinking['thinkingBudget'] = 0
  } else if (effort !== undefined) writeEffort(t, effort, at.effort, thinking)
  else if (budget !== undefined && budget > 0) thinking['thinkingBudget'] = checked(t, budget, at.budget)
  else if (adaptive || budget !== undefined) {
    t.warn('adaptive_changed', at.budget)
    if (t.facts.budget !== undefined && t.facts.efforts.length === 0) thinking['thinkingBudget'] = -1
  }
  if (visible === true) {
    t.warn('visible_reasoning_changed', at.visible)
    thinking['includeThoughts'] = true
  }
  if (Object.keys(thinking).length > 0) config['thinkingConfig'] = thinking
}

function writeEffort(t: Translation, effort: Effort, at: string, thinking: Json): void {
  if (t.facts.efforts.length > 0) {
    thinking['thinkingLevel'] = nearestEffort(t, effort, at).toUpperCase()
    return
  }
  if (!t.allows('effort_budgets')) t.refuse(at, 'this model reasons by a token budget, which effort does not name')
  const budget = effortBudgets[effort === 'xhigh' || effort === 'max' ? 'high' : effort]
  t.warn('effort_as_budget', at, effort, budget)
  thinking['thinkingBudget'] = checked(t, budget, at)
}

function checked(t: Translation, budget: number, at: string): number {
  const range = t.facts.budget
  if (range === undefined) return t.refuse(at, 'this model takes no token budget')
  if (budget < range.min || budget > range.max) t.refuse(at, `a budget is ${range.min} to ${range.max} tokens`)
  return budget
}
