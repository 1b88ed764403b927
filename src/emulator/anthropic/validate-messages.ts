import { isJson, type Json, list } from '../json.ts'
import { invalid, type Problem, required } from './errors.ts'
import { imageProblem } from './media.ts'
import type { Model } from './models.ts'
import { blocksOf } from './prompt.ts'

/** @returns the first thing that is wrong with `system` or `messages` */
export function messagesProblem(params: Json, model: Model, version: string): Problem | undefined {
  for (const [index, block] of list(params['system']).entries()) {
    if (!isJson(block) || block['type'] !== 'text') return invalid(`system.${index}.type: Input should be 'text'`)
    if (block['text'] === '') return invalid('system: text content blocks must be non-empty')
  }
  const messages = list(params['messages'])
  for (const [index, message] of messages.entries()) {
    const problem = messageProblem(message, `messages.${index}`, version)
    if (problem) return problem
  }
  const turns = messages as readonly Json[]
  if (turns[0]?.['role'] === 'assistant') return invalid('messages: first message must use the "user" role')
  if (turns.at(-1)?.['role'] === 'assistant' && !model.takesPrefill) {
    return invalid(
      'This model does not support assistant message prefill. The conversation must end with a user message.',
    )
  }
  return toolTurnsProblem(turns)
}

function messageProblem(message: unknown, path: string, version: string): Problem | undefined {
  if (!isJson(message)) return invalid(`${path}: Input should be a valid dictionary`)
  const { role, content } = message
  if (role !== 'user' && role !== 'assistant' && role !== 'system') {
    return role === undefined
      ? required(`${path}.role`)
      : invalid(`${path}.role: Input should be 'user' or 'assistant'`)
  }
  if (content === undefined) return required(`${path}.content`)
  if (typeof content !== 'string' && !Array.isArray(content)) {
    return invalid(`${path}.content: Input should be a valid string or a valid list`)
  }
  if (content.length === 0) return invalid(`${path}: all messages must have non-empty content`)
  for (const [index, block] of blocksOf(content).entries()) {
    const problem = blockProblem(block, `${path}.content.${index}`, role, version)
    if (problem) return problem
  }
  return undefined
}

const userBlocks = 'text image document tool_result search_result container_upload tool_reference'.split(' ')

function blockProblem(block: unknown, path: string, role: string, version: string): Problem | undefined {
  if (!isJson(block)) return invalid(`${path}: Input should be a valid dictionary`)
  const type = block['type']
  if (typeof type !== 'string') return required(`${path}.type`)
  if (role === 'user' && !userBlocks.includes(type)) {
    return invalid(`${path}: Input tag '${type}' found using 'type' does not match any of the expected tags`)
  }
  if (type === 'text') {
    if (typeof block['text'] !== 'string') return required(`${path}.text.text`)
    if (block['text'] === '') return invalid('messages: text content blocks must be non-empty')
    if (version >= '2026-10-21' && role === 'user' && list(block['citations']).length > 0) {
      return invalid(`${path}.text.citations: citations are not permitted in user messages`)
    }
  }
  if (type === 'image' || type === 'document') {
    if (!isJson(block['source'])) return required(`${path}.${type}.source`)
    if (type === 'document' && role === 'assistant' && version >= '2026-10-21') {
      return invalid(`${path}: document blocks are not permitted in assistant messages`)
    }
    const problem = type === 'image' ? imageProblem(block['source']) : undefined
    if (problem) return invalid(`${path}.image.source.${problem}`)
  }
  if (type === 'tool_use' && !isJson(block['input'])) {
    return invalid(`${path}.tool_use.input: Input should be a valid dictionary`)
  }
  if (type !== 'tool_result') return undefined
  return blocksOf(block['content'])
    .map((inner, at) => blockProblem(inner, `${path}.tool_result.content.${at}`, 'user', version))
    .find((problem) => problem !== undefined)
}

/** Each call of a tool is answered in the very next message, before any text, and nothing else is answered. */
function toolTurnsProblem(turns: readonly Json[]): Problem | undefined {
  let open: string[] = []
  for (const [index, turn] of turns.entries()) {
    const blocks = blocksOf(turn['content']) as readonly Json[]
    const answered = blocks.filter(({ type }) => type === 'tool_result').map((block) => String(block['tool_use_id']))
    const missing = open.filter((id) => !answered.includes(id))
    if (missing.length > 0) {
      return invalid(
        `messages.${index - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      )
    }
    const stray = answered.find((id) => !open.includes(id))
    if (stray !== undefined) {
      const at = blocks.findIndex((block) => block['tool_use_id'] === stray)
      return invalid(
        `messages.${index}.content.${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      )
    }
    const called = turn['role'] === 'assistant' ? blocks.filter(({ type }) => type === 'tool_use') : []
    open = called.map((block) => String(block['id']))
  }
  // A conversation that ends with open calls ends with an assistant's turn: a beginning of an answer, or refused above.
  return undefined
}
