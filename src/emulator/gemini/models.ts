import type { Json } from '../json.ts'
import { type CatalogModel, models as catalog } from '../prices.ts'

export interface Model {
  readonly entry: CatalogModel
  readonly embeds: boolean
  readonly batchable: boolean
  /** Whether it thinks unless told not to; Flash-Lite thinks only when told to. */
  readonly thinks: boolean
  /** From generation 3 on, calls of functions carry an id and a signature of the thought behind them. */
  readonly signsThoughts: boolean
  readonly dimensions: number
}

const byName = new Map<string, Model>()
for (const entry of catalog.filter((candidate) => candidate.provider === 'google')) {
  const model: Model = {
    entry,
    embeds: entry.modality === 'embedding',
    batchable: entry.prices.batch !== null,
    thinks: entry.modality === 'text' && !entry.id.includes('-lite'),
    signsThoughts: !entry.id.startsWith('gemini-2'),
    dimensions: 3072,
  }
  for (const name of [entry.id, ...entry.aliases]) byName.set(name, model)
}

/** @param name  with or without `models/` before it */
export function modelNamed(name: string): Model | undefined {
  return byName.get(name.replace(/^models\//, ''))
}

export function modelNames(): string[] {
  return [...byName.keys()]
}

/**
 * Who answers for a model on a day: itself, or after its shutdown the replacement the vendor puts there without a word.
 * @returns undefined when it is gone and nobody answers for it
 */
export function servedBy(model: Model, day: string): Model | undefined {
  const shutdown = model.entry.shutdown as { readonly date: string; readonly replacement?: string | null } | null
  if (shutdown === null || day < shutdown.date) return model
  return shutdown.replacement ? byName.get(shutdown.replacement) : undefined
}

export function modelView(name: string): Json {
  const model = modelNamed(name)
  const methods = model?.embeds
    ? ['embedContent', 'countTextTokens', 'countTokens', 'asyncBatchEmbedContent']
    : ['generateContent', 'countTokens', 'createCachedContent', 'batchGenerateContent']
  return {
    name: `models/${name}`,
    version: '001',
    displayName: name,
    ...(model?.entry.contextWindow ? { inputTokenLimit: model.entry.contextWindow } : {}),
    ...(model?.entry.maxOutput ? { outputTokenLimit: model.entry.maxOutput } : {}),
    supportedGenerationMethods: methods,
  }
}
