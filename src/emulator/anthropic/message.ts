import type { Json } from '../json.ts'
import type { Said } from './answer.ts'
import type { Model } from './models.ts'
import { usageView } from './usage.ts'
import { without } from './without.ts'

export interface Lane {
  readonly id: string
  readonly version: string
  readonly serviceTier: 'batch' | 'standard' | 'priority'
  readonly speed: string | null
  /** The form in which live rows have been seen: without the fields that may be left out. */
  readonly sparse?: boolean
}

/** A message as the wire shows it; the newer API version says more. */
export function messageView(said: Said, model: Model, { id, version, serviceTier, speed, sparse }: Lane): Json {
  const usage = usageView(said.usage, serviceTier, speed, version)
  const head = { id, type: 'message', role: 'assistant', model: model.snapshot }
  const stop = { stop_reason: said.stopReason, stop_sequence: said.stopSequence }
  if (sparse) {
    const few = without(usage, 'output_tokens_details', 'server_tool_use', 'speed')
    return { ...head, content: said.content.map((block) => without(block, 'citations')), ...stop, usage: few }
  }
  return {
    ...head,
    content: said.content,
    container: null,
    ...stop,
    stop_details: said.stopDetails,
    usage,
    ...(version < '2026-10-21' ? {} : { diagnostics: null }),
  }
}
