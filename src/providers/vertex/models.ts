/** Whose model it is, by its bare id or its path. */
export const publisherOf = (model: string): 'google' | 'anthropic' =>
  /^(publishers\/)?anthropic\/|^claude-/.test(model) ? 'anthropic' : 'google'

/**
 * A bare id as the path of a publisher's model: `gemini-3.5-flash`, `claude-opus-5`, with the publisher before it as the
 * official SDK takes it. What is a path already stays as it is, a tuned model's of a project too.
 */
export function modelPath(model: string): string {
  if (/^(publishers|projects)\//.test(model)) return model
  const id = model.replace(/^(google|anthropic)\//, '').replace(/^models\//, '')
  if (publisherOf(model) === 'google') return `publishers/google/models/${id}`
  // A dated version is `claude-x@20251001` here, and `claude-x-20251001` at its maker.
  return `publishers/anthropic/models/${id.replace(/-(\d{8})$/, '@$1')}`
}
