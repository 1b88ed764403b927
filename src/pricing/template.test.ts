import { describe, expect, test } from 'vitest'
import { sharedTemplate, templateOf } from './template.ts'

const chat = (system: string, user: string, more: object = {}) =>
  templateOf({
    model: 'm',
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: user },
    ],
    ...more,
  })
const rows = (system: string, more: object = {}) =>
  sharedTemplate(['first', 'second', 'third'].map((text) => chat(system, `${text} row`, more)))

describe('requests of one template', () => {
  test('are those with the same instructions and settings, whatever their rows and names are', () => {
    expect(rows('Classify.')).toEqual(rows('Classify.', { user: 'someone', metadata: { run: 2 } }))
    expect(rows('Classify.').exact).not.toBeNull()
    expect(rows('Summarise.').exact).not.toBe(rows('Classify.').exact)
    expect(rows('Summarise.').settings).toBe(rows('Classify.').settings)
    expect(rows('Classify.', { temperature: 0 }).settings).not.toBe(rows('Classify.').settings)
  })

  test('may have their instructions before the text of each row', () => {
    const told = (opening: string) =>
      sharedTemplate(
        ['a', 'b'].map((text) => templateOf({ messages: [{ role: 'user', content: `${opening} ${text}` }] })),
      )
    const long = 'Classify the following support ticket into one of five teams:'
    expect(told(long).exact).not.toBeNull()
    expect(told('Hm:').exact).toBeNull()
    expect(told('Hm:').settings).not.toBeNull()
  })

  test('read the same in the dialect of each vendor', () => {
    const anthropic = templateOf({
      system: [{ type: 'text', text: 'Classify.' }],
      messages: [{ role: 'user', content: 'x' }],
    })
    const gemini = templateOf({
      systemInstruction: { parts: [{ text: 'Classify.' }] },
      contents: [{ role: 'user', parts: [{ text: 'x' }] }],
    })
    expect(anthropic.system).toBe(gemini.system)
  })
})
