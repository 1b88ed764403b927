import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTemplate, positionsOf } from './template.ts'

describe('a template', () => {
  test.each([
    ['Classify: {{text}}', ['Classify: ', ''], ['text']],
    ['{{ a b }}{{c}}', ['', '', ''], ['a b', 'c']],
    ['{"q": {{{text}}}', ['{"q": {', '}'], ['text']],
    ['no {column} here }}', ['no {column} here }}'], []],
    ['\\{{text}} and {{text}}', ['{{text}} and ', ''], ['text']],
    ['C:\\dir\\\\{{text}}\\', ['C:\\dir\\', '\\'], ['text']],
    ['\\{{{text}}}', ['{{{text}}}'], []],
  ])('%j', (text, literals, columns) => {
    expect(parseTemplate(text)).toEqual({ literals, columns })
  })

  test.each([
    ['see {{text', /never closed/],
    ['see {{text and {{b}}', /never closed/],
    ['see {{ }}', /hold no name/],
  ])('%j is refused', (text, message) => {
    expect(() => parseTemplate(text)).toThrow(message)
  })

  test('text without double braces stays as it is', () => {
    const plain = fc.string({ unit: fc.constantFrom('a', '{', '}', '\\', ' ') }).filter((text) => !text.includes('{{'))
    fc.assert(
      fc.property(plain, (text) => {
        expect(parseTemplate(text)).toEqual({ literals: [text], columns: [] })
      }),
    )
  })
})

const prompt = (text: string) => [parseTemplate(text)]

describe('the columns a template names', () => {
  test('are found by name, spaces around the header aside', () => {
    expect(positionsOf(prompt('{{b}} {{a}} {{b}}'), ['a', ' b'])).toEqual([[1, 0, 1]])
  })

  test('that are missing are named in one error, with those there are', () => {
    const templates = [parseTemplate('{{txt}} {{text}}'), parseTemplate('{{lang}} {{txt}}')]
    expect(() => positionsOf(templates, ['text', 'category'])).toThrow(
      'The prompt names the columns "txt", "lang", which the input does not have.',
    )
    try {
      positionsOf(templates, ['text', 'category'])
    } catch (error) {
      expect(error).toMatchObject({ code: 'usage', exitCode: 2, hint: expect.stringContaining('"text", "category"') })
    }
  })

  test('must be at least one: a prompt that names none would ask the same of every row', () => {
    expect(() => positionsOf(prompt('Classify: {text}'), ['text'])).toThrow(/names no column/)
  })
})
