import { BRACE, BRACKET, elementsOf, membersOf, QUOTE, type Span } from '../kit/json-spans.ts'
import type { ChatDialect } from './translation.ts'

/** A text to be put into a body: in front of what stands at `at`. */
export interface Insertion {
  readonly at: number
  readonly text: string
}

/** A part of a request as the model reads it, one after the other: tools, then system, then the turns. */
export interface PromptBlock {
  /** Its bytes in the body. */
  readonly from: number
  readonly to: number
  /** What has to be put in for `member` to stand in the block; null: the block can have no member of its own. */
  mark(member: string): readonly Insertion[] | null
}

/** Members of a body that a prompt is made of, in the order in which they are read. */
const members: Readonly<Record<ChatDialect, readonly string[]>> = {
  'openai-chat': ['tools', 'messages'],
  'openai-responses': ['tools', 'instructions', 'input'],
  anthropic: ['tools', 'system', 'messages'],
  gemini: ['tools', 'systemInstruction', 'system_instruction', 'contents'],
}

/** Where the parts of a turn lie in it. */
const parts = ['content', 'parts']
/** What a turn says that it is, where it says so. */
const turns = ['', 'message']
/** What may hold a member that marks its end; others, as thoughts, may not. */
const markable = ['text', 'image', 'document', 'tool_use', 'tool_result']

/**
 * The blocks of a prompt, at most `most`. A string is cut at growing lengths, for a beginning may be shared that is no
 * block of its own: those pieces can have no mark but at their end.
 * @param body  valid JSON, an object
 */
export function promptBlocks(dialect: ChatDialect, body: Buffer, most: number): PromptBlock[] {
  const blocks = new Blocks(body, most)
  const places = new Map<string, Span>()
  for (const { name, ...place } of membersOf(body, 0)) places.set(name, place)
  for (const name of members[dialect]) {
    const place = places.get(name)
    if (place !== undefined) blocks.addValue(place.from, place.to, name)
  }
  return blocks.list
}

class Blocks {
  readonly list: PromptBlock[] = []
  readonly #body: Buffer
  readonly #most: number

  constructor(body: Buffer, most: number) {
    this.#body = body
    this.#most = most
  }

  addValue(from: number, to: number, name: string): void {
    if (this.#body[from] === QUOTE) return this.#addString(from, to)
    if (this.#body[from] !== BRACKET) return this.#add(from, to, () => null)
    for (const element of elementsOf(this.#body, from)) {
      if (name === 'tools') this.#addTool(element)
      else this.#addElement(element.from, element.to)
      if (this.list.length >= this.#most) return
    }
  }

  /** A tool that is loaded when it is searched for is in no prompt, and may hold no mark. */
  #addTool({ from, to }: Span): void {
    const isDeferred = this.#body.subarray(from, to).includes('"defer_loading"')
    this.#add(from, to, isDeferred ? () => null : atEnd(to))
  }

  /** A block of the system text, or a turn with its parts. */
  #addElement(from: number, to: number): void {
    if (this.#body[from] !== BRACE) return this.#add(from, to, () => null)
    let type = ''
    let content: Span | undefined
    for (const { name, ...value } of membersOf(this.#body, from)) {
      if (name === 'type') type = this.#body.toString('utf8', value.from + 1, value.to - 1)
      else if (parts.includes(name)) content = value
    }
    if (content === undefined || !turns.includes(type))
      return this.#add(from, to, markable.includes(type) ? atEnd(to) : () => null)
    // The role stands before what is said, or else is taken to be what follows from it.
    const before = this.list.length
    if (this.#body[content.from] === QUOTE) this.#addString(content.from, content.to)
    else this.addValue(content.from, content.to, '')
    const first = this.list[before]
    if (first !== undefined) this.list[before] = { ...first, from }
  }

  #addString(from: number, to: number): void {
    let start = from
    for (let length = CUT_FIRST; from + length < to - 1; length = Math.floor(length * CUT_GROWTH)) {
      this.#add(start, from + length, () => null)
      start = from + length
    }
    this.#add(start, to, (member) =>
      to - from <= 2
        ? null
        : [
            { at: from, text: '[{"type":"text","text":' },
            { at: to, text: `,${member}}]` },
          ],
    )
  }

  #add(from: number, to: number, mark: PromptBlock['mark']): void {
    if (this.list.length < this.#most) this.list.push({ from, to, mark })
  }
}

const CUT_FIRST = 2048
const CUT_GROWTH = 1.25

/** Before the brace that ends an object which has members. */
const atEnd =
  (to: number): PromptBlock['mark'] =>
  (member) => [{ at: to - 1, text: `,${member}` }]
