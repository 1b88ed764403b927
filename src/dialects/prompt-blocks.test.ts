import { describe, expect, test } from 'vitest'
import { promptBlocks } from './prompt-blocks.ts'

const member = '"keep":{"for":"1h"}'
const bytesOf = (body: object) => Buffer.from(JSON.stringify(body))
const blocksOf = (body: object, dialect: Parameters<typeof promptBlocks>[0] = 'anthropic') => {
  const bytes = bytesOf(body)
  return promptBlocks(dialect, bytes, 32).map(({ from, to }) => bytes.toString('utf8', from, to))
}

/** The body with a mark at the end of the block of this number; nothing where it can have none. */
function marked(body: object, number: number): unknown {
  const bytes = bytesOf(body)
  const insertions = promptBlocks('anthropic', bytes, 32)[number]?.mark(member)
  if (insertions == null) return undefined
  let text = ''
  let from = 0
  for (const { at, text: more } of insertions) {
    text += bytes.toString('utf8', from, at) + more
    from = at
  }
  return JSON.parse(text + bytes.toString('utf8', from))
}

const keep = { for: '1h' }

describe('a prompt, block by block', () => {
  test('is read in the order of the model, however the body is laid out', () => {
    const body = {
      messages: [{ role: 'user', content: 'hello' }],
      system: 'be kind',
      max_tokens: 5,
      tools: [{ name: 'a' }],
    }
    expect(blocksOf(body)).toEqual(['{"name":"a"}', '"be kind"', '{"role":"user","content":"hello"'])
  })

  test('parts of a turn are blocks of their own, of which the first brings the role along', () => {
    const content = [
      { type: 'text', text: 'a document' },
      { type: 'text', text: 'a question' },
    ]
    expect(blocksOf({ messages: [{ role: 'user', content }] })).toEqual([
      '{"role":"user","content":[{"type":"text","text":"a document"}',
      '{"type":"text","text":"a question"}',
    ])
    const gemini = {
      contents: [{ role: 'user', parts: [{ text: 'a' }] }],
      systemInstruction: { parts: [{ text: 's' }] },
    }
    expect(blocksOf(gemini, 'gemini')[0]).toBe('{"parts":[{"text":"s"}]}')
    expect(blocksOf({ input: 'all of it', instructions: 'first' }, 'openai-responses')).toEqual([
      '"first"',
      '"all of it"',
    ])
  })

  test('a long string is cut, for its beginning may be shared', () => {
    const blocks = blocksOf({ messages: [{ role: 'user', content: 'x'.repeat(10_000) }] }, 'openai-chat')
    expect(blocks.length).toBeGreaterThan(3)
    expect(blocks.join('')).toContain('x'.repeat(10_000))
  })
})

describe('a mark', () => {
  test('makes a block of a string, and changes nothing else', () => {
    const body = { model: 'm', system: 'a "quoted" text', messages: [{ role: 'user', content: 'hello' }] }
    expect(marked(body, 0)).toEqual({
      ...body,
      system: [{ type: 'text', text: 'a "quoted" text', keep }],
    })
    expect(marked(body, 1)).toEqual({
      ...body,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hello', keep }] }],
    })
  })

  test('stands last in a block or a tool', () => {
    const body = {
      tools: [{ name: 'a' }, { name: 'b', defer_loading: true }],
      system: [{ type: 'text', text: 'one' }],
      messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'text', data: 'd' } }] }],
    }
    expect(marked(body, 0)).toMatchObject({ tools: [{ name: 'a', keep }, { name: 'b' }] })
    expect(marked(body, 1)).toBeUndefined()
    expect(marked(body, 2)).toMatchObject({ system: [{ type: 'text', text: 'one', keep }] })
    expect(marked(body, 3)).toMatchObject({ messages: [{ content: [{ type: 'document', keep }] }] })
  })

  test('cannot stand in a thought', () => {
    const content = [{ type: 'thinking', thinking: 'hm', signature: 's' }]
    expect(marked({ messages: [{ role: 'assistant', content }] }, 0)).toBeUndefined()
  })
})
