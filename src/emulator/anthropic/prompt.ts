import { compactJson } from '../compact-json.ts'
import { isJson, type Json, list } from '../json.ts'
import { tokensIn } from '../usage.ts'
import { documentTokens, imageTokens } from './media.ts'
import type { Model } from './models.ts'
import { without } from './without.ts'

export type Lifetime = '5m' | '1h'

/** One block of what the model reads: tools first, then system, then the messages. */
export interface Segment {
  readonly tokens: number
  /** Names the content; equal texts are equal blocks. */
  readonly text: string
  /** A cache breakpoint stands at its end. */
  readonly lifetime: Lifetime | null
  /** Where it stands in the request, for messages about it. */
  readonly path: string
}

export interface Prompt {
  readonly segments: readonly Segment[]
  readonly tokens: number
}

const replyOverhead = 3
const messageOverhead = 4
/** The text that explains tools to the model, by how it may choose. */
const toolOverhead = { free: 346, forced: 313 }

/** The request as the model reads it, block by block. Blocks of unknown kinds are read as their JSON. */
export function promptOf(params: Json, model: Model): Prompt {
  const segments: Segment[] = []
  const add = (block: unknown, path: string, role: string, extraTokens: number) => {
    const { text, tokens } = read(block, model)
    segments.push({ text: role + text, tokens: tokens + extraTokens, lifetime: lifetimeOf(block), path })
  }
  const tools = list(params['tools'])
  const choice = isJson(params['tool_choice']) ? params['tool_choice']['type'] : undefined
  for (const [index, tool] of tools.entries()) {
    const overhead = choice === 'any' || choice === 'tool' ? toolOverhead.forced : toolOverhead.free
    segments.push({
      ...plainly(compactJson(isJson(tool) ? without(tool, 'cache_control') : tool), index === 0 ? overhead : 0),
      lifetime: lifetimeOf(tool),
      path: `tools.${index}`,
    })
  }
  for (const [index, block] of blocksOf(params['system']).entries()) add(block, `system.${index}`, '', 0)
  for (const [index, message] of list(params['messages']).entries()) {
    if (!isJson(message)) continue
    const role = `\n${String(message['role'])}\n`
    for (const [at, block] of blocksOf(message['content']).entries()) {
      add(block, `messages.${index}.content.${at}`, at === 0 ? role : '', at === 0 ? messageOverhead : 0)
    }
  }
  // An automatic breakpoint stands at the end of the last block, unless one is there already.
  const automatic = lifetimeOf(params)
  const last = segments.at(-1)
  if (automatic && last && last.lifetime === null) segments[segments.length - 1] = { ...last, lifetime: automatic }
  return { segments, tokens: segments.reduce((sum, segment) => sum + segment.tokens, replyOverhead) }
}

/** Content as blocks; a string is one text block. */
export function blocksOf(content: unknown): readonly unknown[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  return list(content)
}

export function lifetimeOf(block: unknown): Lifetime | null {
  if (!isJson(block) || !isJson(block['cache_control'])) return null
  return block['cache_control']['ttl'] === '1h' ? '1h' : '5m'
}

interface Reading {
  readonly text: string
  readonly tokens: number
}

const plainly = (text: string, extraTokens = 0): Reading => ({ text, tokens: tokensIn(text) + extraTokens })

function read(block: unknown, model: Model): Reading {
  if (!isJson(block)) return plainly(compactJson(block))
  switch (block['type']) {
    case 'text':
      return plainly(String(block['text']))
    case 'thinking':
      return plainly(String(block['thinking']))
    case 'image':
      return { text: compactJson(block['source']), tokens: imageTokens(block['source'], model.seesSharply) }
    case 'document':
      return readDocument(block, model)
    case 'tool_result':
      return readAll(blocksOf(block['content']), model, String(block['tool_use_id']))
    default:
      return plainly(compactJson(without(block, 'cache_control')))
  }
}

function readDocument(block: Json, model: Model): Reading {
  const about = `${String(block['title'] ?? '')}${String(block['context'] ?? '')}`
  const source = block['source']
  if (isJson(source) && source['type'] === 'content') return readAll(blocksOf(source['content']), model, about)
  return { text: about + compactJson(source), tokens: tokensIn(about) + documentTokens(source) }
}

function readAll(blocks: readonly unknown[], model: Model, before: string): Reading {
  const readings = blocks.map((block) => read(block, model))
  return {
    text: before + readings.map((reading) => reading.text).join('\n'),
    tokens: tokensIn(before) + readings.reduce((sum, reading) => sum + reading.tokens, 0),
  }
}
