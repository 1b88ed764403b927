import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type RequestOptions, requestWriter } from './request.ts'
import { answerSchema } from './schema.ts'

const columns = ['text', 'lang']
const bodyOf = (options: Partial<RequestOptions>, cells: readonly string[], names = columns) => {
  const [bytes] = requestWriter({ prompt: '{{text}}', model: 'gpt-5-mini', ...options }, names).body(cells)
  expect(bytes).not.toContain(10)
  return JSON.parse(Buffer.from(bytes).toString())
}

const promptWith = (cell: string) => bodyOf({ prompt: '<{{text}}>' }, [cell]).messages[0].content

describe('a request', () => {
  test('holds the system text, the prompt with the row in it, and the model', () => {
    const body = bodyOf({ system: 'Answer in {{lang}}.', prompt: 'Say "{{text}}"\n' }, ['"a \\"b\\""', '"de"'])
    expect(body).toEqual({
      model: 'gpt-5-mini',
      messages: [
        { role: 'system', content: 'Answer in de.' },
        { role: 'user', content: 'Say "a "b""\n' },
      ],
    })
  })

  test('holds what else the body should: limits, parameters, the schema', () => {
    const schema = answerSchema({ type: 'number' })
    const body = bodyOf({ maxTokens: 64, temperature: 0, params: { reasoning_effort: 'low' }, schema }, ['"x"'])
    expect(body).toMatchObject({ max_completion_tokens: 64, temperature: 0, reasoning_effort: 'low' })
    expect(body.response_format).toEqual({
      type: 'json_schema',
      json_schema: {
        name: 'answer',
        strict: true,
        schema: {
          type: 'object',
          properties: { answer: { type: 'number' } },
          required: ['answer'],
          additionalProperties: false,
        },
      },
    })
  })

  test('parameters that Redeye sets itself are refused', () => {
    expect(() => requestWriter({ prompt: '{{text}}', model: 'm', params: { stream: true, n: 2 } }, columns)).toThrow(
      /^stream, n:/,
    )
    expect(() =>
      requestWriter({ prompt: '{{text}}', model: 'm', temperature: 1, params: { temperature: 0 } }, columns),
    ).toThrow(/^temperature:/)
  })

  test('values that are no strings stand in the prompt as their JSON text, null as nothing', () => {
    expect(['1.0', '12345678901234567890', 'true', 'null', '{"a": "b"}'].map(promptWith)).toEqual([
      '<1.0>',
      '<12345678901234567890>',
      '<true>',
      '<>',
      '<{"a": "b"}>',
    ])
  })

  test('a row that lacks a column of the prompt is told; one where it is null is not', () => {
    const writer = requestWriter({ prompt: '{{text}} {{lang}}', model: 'm' }, columns)
    expect(writer.problem(['"x"'])).toBe('has no "lang"')
    expect(writer.problem(['', ''])).toBe('has no "text" and no "lang"')
    expect(writer.problem(['"x"', 'null'])).toBeUndefined()
  })

  test('what a row holds is never read as a template', () => {
    expect(bodyOf({ prompt: '{{text}} {{lang}}' }, ['"{{lang}} \\\\{{text}}"', '"{{text}}"']).messages[0].content).toBe(
      '{{lang}} \\{{text}} {{text}}',
    )
  })

  test('any string arrives as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, lang) => {
        const body = bodyOf({ prompt: 'a {{text}} b {{lang}} c' }, [JSON.stringify(text), JSON.stringify(lang)])
        expect(body.messages[0].content).toBe(`a ${text} b ${lang} c`)
      }),
    )
  })
})
