import { describe, expect, test } from 'vitest'
import { answerReader } from './answer.ts'
import { answerSchema } from './schema.ts'

const readerOf = (schema: unknown) => answerReader(answerSchema(schema))
const person = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name'],
}

describe('an answer', () => {
  test('without a schema is its text', async () => {
    const read = await answerReader()
    expect(read('```json\n{}\n```')).toEqual({ cells: ['"```json\\n{}\\n```"'], error: '' })
  })

  test('fills one typed column per field, with the digits that the model wrote', async () => {
    const read = await readerOf({
      type: 'object',
      properties: { id: { type: 'integer' }, price: { type: 'number' }, tags: { type: 'array' } },
    })
    expect(
      read('{\n  "tags": [\n    "a\\nb",\n    "c"\n  ],\n  "price": 1.50,\n  "id": 12345678901234567890\n}'),
    ).toEqual({
      cells: ['12345678901234567890', '1.50', '["a\\nb","c"]'],
      error: '',
    })
  })

  test('of a schema that is no object is taken out of its wrapper, and read without one too', async () => {
    const read = await readerOf({ type: 'number' })
    expect(['{"answer": 18}', ' 18 ', '{"answer": "18"}', '{"result": 18}'].map(read)).toEqual([
      { cells: ['18'], error: '' },
      { cells: ['18'], error: '' },
      { cells: ['"18"'], error: 'schema' },
      { cells: ['{"result": 18}'], error: 'schema' },
    ])
  })

  test('of an object without named fields is one column, on one line', async () => {
    const read = await readerOf({ type: 'object' })
    expect(read('{\n  "a": [\n    1,\n    "x y"\n  ]\n}')).toEqual({ cells: ['{"a": [1,"x y"]}'], error: '' })
  })

  test('in a Markdown fence is read, in a sentence it is not', async () => {
    const read = await readerOf(person)
    expect(read('```json\n{"name": "Ann", "age": 3}\n```\n')).toEqual({ cells: ['"Ann"', '3'], error: '' })
    expect(read('Here you are: {"name": "Ann"}')).toEqual({ cells: ['null', 'null'], error: 'invalid_json' })
  })

  test('keeps what it has when it fails', async () => {
    const read = await readerOf(person)
    expect(read('{"name": "Ann", "age": "three"}')).toEqual({ cells: ['"Ann"', '"three"'], error: 'schema' })
    expect(read('[1]')).toEqual({ cells: ['null', 'null'], error: 'schema' })
    expect((await readerOf({ type: 'number' }))('about 18')).toEqual({ cells: ['"about 18"'], error: 'invalid_json' })
  })

  test('may give null for a field that the schema lets it leave out, and no other', async () => {
    const read = await readerOf(person)
    expect(read('{"name": "Ann", "age": null}')).toEqual({ cells: ['"Ann"', 'null'], error: '' })
    expect(read('{"name": null, "age": 3}')).toEqual({ cells: ['null', '3'], error: 'schema' })
  })

  test('is held to the schema of the user, also where the wire could not say it', async () => {
    const read = await readerOf({
      type: 'object',
      properties: { word: { type: 'string', minLength: 3 } },
      required: ['word'],
    })
    expect([read('{"word": "abc"}').error, read('{"word": "ab"}').error]).toEqual(['', 'schema'])
  })

  test('is read by the draft that the schema names', async () => {
    const tuple = { type: 'array', items: [{ type: 'string' }, { type: 'number' }] }
    const read = await readerOf({ $schema: 'http://json-schema.org/draft-07/schema#', ...tuple })
    expect([read('["a", 1]').error, read('[1, "a"]').error]).toEqual(['', 'schema'])
    await expect(readerOf(tuple)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/not a valid JSON Schema/),
    })
    await expect(readerOf({ $schema: 'http://json-schema.org/draft-04/schema#' })).rejects.toThrow(/known are/)
  })
})
