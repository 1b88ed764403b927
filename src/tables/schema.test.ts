import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { answerColumns, answerSchema } from './schema.ts'

const person = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
}

describe('the schema on the wire', () => {
  test('an object that says nothing of further members is closed, and strict', () => {
    expect(
      answerSchema({ $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'A person!', ...person }).wire,
    ).toEqual({
      name: 'A_person_',
      strict: true,
      schema: { ...person, title: 'A person!', additionalProperties: false },
    })
  })

  test('a list of allowed words gets a type and a wrapper', () => {
    expect(answerSchema({ enum: ['yes', 'no'] }).wire.schema).toEqual({
      type: 'object',
      properties: { answer: { type: 'string', enum: ['yes', 'no'] } },
      required: ['answer'],
      additionalProperties: false,
    })
  })

  test('a field that may be absent may be null on the wire', () => {
    const { wire, omittable } = answerSchema({ ...person, required: ['name'] })
    expect(omittable).toEqual(['age'])
    expect(wire.strict).toBe(true)
    expect(wire.schema).toMatchObject({
      required: ['name', 'age'],
      properties: { age: { anyOf: [{ type: 'integer' }, { type: 'null' }] } },
    })
  })

  test('a member that may be null as well as absent is required, at any depth', () => {
    const inner = { type: 'object', properties: { note: { type: ['string', 'null'] } } }
    const { wire, omittable } = answerSchema({ type: 'object', properties: { inner }, required: ['inner'] })
    expect(omittable).toEqual([])
    expect(wire).toMatchObject({ strict: true, schema: { properties: { inner: { required: ['note'] } } } })
  })

  test.each([
    ['an open object', { ...person, additionalProperties: true }],
    [
      'an absent member deep down',
      { type: 'object', properties: { a: person, b: { ...person, required: [] } }, required: ['a', 'b'] },
    ],
    [
      'a keyword outside of the subset',
      { type: 'object', properties: { a: { type: 'string', minLength: 1 } }, required: ['a'] },
    ],
    ['an object without named members', { type: 'object' }],
    ['a list of anything', { type: 'object', properties: { a: { type: 'array' } }, required: ['a'] }],
    [
      'look-around in a pattern',
      { type: 'object', properties: { a: { type: 'string', pattern: '(?=x)' } }, required: ['a'] },
    ],
    ['eleven levels', { type: 'object', properties: { a: nested(10) }, required: ['a'] }],
    [
      '1,001 allowed values',
      { type: 'object', properties: { a: { enum: Array.from({ length: 1_001 }, (_, n) => n) } }, required: ['a'] },
    ],
  ])('%s cannot be said strictly, so it goes as it is', (_, schema) => {
    expect(answerSchema(schema).wire).toEqual({ name: 'answer', strict: false, schema })
  })

  test('the same sizes within the limits are strict', () => {
    expect(answerSchema({ type: 'object', properties: { a: nested(9) }, required: ['a'] }).wire.strict).toBe(true)
    expect(answerSchema({ enum: Array.from({ length: 1_000 }, (_, n) => n) }).wire.strict).toBe(true)
    expect([words(59).wire.strict, words(60).wire.strict]).toEqual([true, false])
  })

  test('words about the schema that the vendor would refuse are left out', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'string', default: 'x', examples: ['y'], format: 'color' } },
      required: ['a'],
    }
    expect(answerSchema(schema).wire).toMatchObject({ strict: true, schema: { properties: { a: { type: 'string' } } } })
    expect(JSON.stringify(answerSchema(schema).wire.schema)).not.toMatch(/default|examples|format/)
  })

  test('definitions keep their place when the answer is wrapped', () => {
    const { wire } = answerSchema({
      type: 'array',
      items: { $ref: '#/$defs/word' },
      $defs: { word: { type: 'string' } },
    })
    expect(wire).toMatchObject({
      strict: true,
      schema: { properties: { answer: { items: { $ref: '#/$defs/word' } } }, $defs: { word: { type: 'string' } } },
    })
    expect(() => answerSchema({ type: 'array', items: { $ref: '#' } })).toThrow(/points into it/)
  })

  test('a root that points at a definition is that definition', () => {
    const node = {
      type: 'object',
      properties: { next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
      required: ['next'],
    }
    const schema = answerSchema({ $ref: '#/$defs/node', $defs: { node } })
    expect(schema).toMatchObject({ wrapped: false, fields: ['next'], wire: { strict: true } })
  })

  test('what zod makes of an object is strict', () => {
    const schema = z.object({
      label: z.enum(['a', 'b']),
      score: z.number().min(0).max(1),
      note: z.string().optional(),
      tags: z.array(z.string()),
    })
    expect(answerSchema(z.toJSONSchema(schema))).toMatchObject({
      fields: ['label', 'score', 'note', 'tags'],
      omittable: ['note'],
      wire: { strict: true },
    })
  })

  test.each([[true], ['number'], [['a', 'b']], [null]])('%j is no schema', (schema) => {
    expect(() => answerSchema(schema)).toThrow(/^The schema is/)
  })
})

describe('the columns of an answer', () => {
  test('are the fields of an object, in their order', () => {
    expect(answerColumns(answerSchema(person))).toEqual(['name', 'age'])
  })

  test('or one: named by the user, else by the title, else `answer`', () => {
    expect(answerColumns(undefined)).toEqual(['answer'])
    expect(answerColumns(undefined, 'reply')).toEqual(['reply'])
    expect(answerColumns(answerSchema({ type: 'number' }))).toEqual(['answer'])
    expect(answerColumns(answerSchema({ type: 'number', title: 'result' }))).toEqual(['result'])
    expect(answerColumns(answerSchema({ type: 'number', title: 'result' }), 'total')).toEqual(['total'])
    expect(answerColumns(answerSchema({ type: 'object' }))).toEqual(['answer'])
  })

  test('one name cannot name several fields, but it can name one', () => {
    expect(answerColumns(answerSchema({ type: 'object', properties: { answer: {} } }), 'result')).toEqual(['result'])
    expect(() => answerColumns(answerSchema(person), 'result')).toThrow(/makes 2: name, age/)
  })
})

/** `levels` objects in one another. */
function nested(levels: number): object {
  return { type: 'object', properties: { a: levels === 1 ? { type: 'string' } : nested(levels - 1) }, required: ['a'] }
}

/** A list of 251 allowed words of a length. */
const words = (length: number) =>
  answerSchema({ enum: Array.from({ length: 251 }, (_, n) => String(n).padEnd(length, '-')) })

test('one value beside an answer that the input has already is called value', () => {
  const number = answerSchema({ type: 'number' })
  expect(answerColumns(number, undefined, ['question', 'answer'])).toEqual(['value'])
  expect(answerColumns(number, undefined, ['question'])).toEqual(['answer'])
  expect(answerColumns(undefined, undefined, ['answer'])).toEqual(['answer']) // clashes, and is refused
})
