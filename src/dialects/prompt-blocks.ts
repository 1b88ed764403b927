import { JsonScan } from '../kit/json-scan.ts'
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
/** What may hold a member that marks its end; others, as thoughts, may not. */
const markable = ['text', 'image', 'document', 'tool_use', 'tool_result']

const QUOTE = 34
const BRACKET = 91
const BRACE = 123

/**
 * The blocks of a prompt, at most `most`. A string is cut at growing lengths, for a beginning may be shared that is no
 * block of its own: those pieces can have no mark but at their end.
 * @throws JsonSyntaxError where the body is none
 */
export function promptBlocks(dialect: ChatDialect, body: Uint8Array, most: number): PromptBlock[] {
  const blocks = new Blocks(body, most)
  const places = membersOf(body)
  for (const name of members[dialect]) {
    const place = places.get(name)
    if (place !== undefined) blocks.addValue(place.from, place.to, name)
  }
  return blocks.list
}

function membersOf(body: Uint8Array): Map<string, { from: number; to: number }> {
  const places = new Map<string, { from: number; to: number }>()
  const scan = new JsonScan().reset(body, 0, body.length)
  if (!scan.enterObject()) return places
  do {
    scan.key()
    const name = scan.text()
    scan.peek()
    const from = scan.pos
    scan.skip()
    places.set(name, { from, to: scan.pos })
  } while (scan.more())
  return places
}

class Blocks {
  readonly list: PromptBlock[] = []
  readonly #body: Uint8Array
  readonly #most: number

  constructor(body: Uint8Array, most: number) {
    this.#body = body
    this.#most = most
  }

  addValue(from: number, to: number, name: string): void {
    if (this.#body[from] === QUOTE) return this.#addString(from, to)
    if (this.#body[from] !== BRACKET) return this.#add(from, to, () => null)
    const scan = new JsonScan().reset(this.#body, from, to)
    if (!scan.enterArray()) return
    do {
      scan.peek()
      const start = scan.pos
      scan.skip()
      if (name === 'tools') this.#add(start, scan.pos, this.#isDeferred(start, scan.pos) ? () => null : atEnd(scan.pos))
      else this.#addElement(start, scan.pos)
    } while (this.list.length < this.#most && scan.moreElements())
  }

  /** A tool that is loaded when it is searched for is in no prompt, and may hold no mark. */
  #isDeferred(from: number, to: number): boolean {
    return Buffer.from(this.#body.buffer, this.#body.byteOffset + from, to - from).includes('"defer_loading"')
  }

  /** A block of the system text, or a turn with its parts. */
  #addElement(from: number, to: number): void {
    if (this.#body[from] !== BRACE) return this.#add(from, to, () => null)
    const scan = new JsonScan().reset(this.#body, from, to)
    let type = ''
    let content: { from: number; to: number } | undefined
    if (scan.enterObject())
      do {
        scan.key()
        const [isType, isContent] = [scan.is('type'), parts.some((part) => scan.is(part))]
        const opens = scan.peek()
        const start = scan.pos
        scan.skip()
        if (isType && opens === QUOTE) type = scan.text()
        else if (isContent) content = { from: start, to: scan.pos }
      } while (scan.more())
    if (content === undefined || type === 'tool_result')
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
