import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { chanceOf } from '../chance.ts'
import { valueOf } from './schema.ts'

const object = (properties: Record<string, unknown>, more = {}) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
})

const schemas: Record<string, unknown> = {
  'an enum': object({ label: { enum: ['a', 'b', 3, null] } }),
  'a constant': object({ kind: { const: 'x' } }),
  'bounded numbers': object({
    a: { type: 'integer', minimum: 3, maximum: 5 },
    b: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
    c: { type: 'integer', multipleOf: 7, minimum: 1, maximum: 30 },
    d: { type: 'integer', maximum: -10 },
    e: { type: 'number', minimum: 1e6 },
  }),
  'bounded strings': object({
    a: { type: 'string', minLength: 40, maxLength: 60 },
    b: { type: 'string', maxLength: 3 },
  }),
  arrays: object({
    a: { type: 'array', items: { type: 'boolean' }, minItems: 2, maxItems: 2 },
    b: { type: 'array', items: { enum: [1, 2, 3, 4] }, minItems: 3, uniqueItems: true },
    c: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'null' }], items: { type: 'integer' }, minItems: 3 },
  }),
  'unions and nulls': object({
    a: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    b: { type: ['integer', 'null'] },
    c: {
      oneOf: [
        { type: 'object', properties: {}, additionalProperties: false },
        { type: 'array', items: {} },
      ],
    },
  }),
  'optional properties': {
    type: 'object',
    properties: { a: { type: 'string' }, b: { type: 'integer' } },
    required: ['b'],
  },
  references: object(
    { a: { $ref: '#/$defs/point' } },
    { $defs: { point: object({ x: { type: 'number' }, y: { type: 'number' } }) } },
  ),
  'a tree': {
    $ref: '#/$defs/node',
    $defs: { node: object({ name: { type: 'string' }, children: { type: 'array', items: { $ref: '#/$defs/node' } } }) },
  },
  'a list': {
    $ref: '#/$defs/cell',
    $defs: {
      cell: object({ head: { type: 'integer' }, tail: { anyOf: [{ $ref: '#/$defs/cell' }, { type: 'null' }] } }),
    },
  },
  'all of': {
    allOf: [
      object({ a: { type: 'string' } }, { additionalProperties: true }),
      { required: ['b'], properties: { b: { type: 'integer' } } },
    ],
  },
}

describe('an answer conforms to its schema', () => {
  const ajv = new Ajv2020({ strict: false })
  test.each(Object.entries(schemas))('%s', (_, schema) => {
    const validate = ajv.compile(schema as object)
    for (let seed = 0; seed < 200; seed++) {
      const value = valueOf(schema, chanceOf(seed))
      if (!validate(value)) expect.fail(`${JSON.stringify(value)}: ${ajv.errorsText(validate.errors)}`)
    }
  })

  test('and is the same for the same chance', () => {
    const schema = schemas['arrays']
    expect(valueOf(schema, chanceOf(1))).toEqual(valueOf(schema, chanceOf(1)))
    expect(valueOf(schema, chanceOf(1))).not.toEqual(valueOf(schema, chanceOf(2)))
  })

  test('a string takes the form its format asks for', () => {
    const forms = {
      date: /^\d{4}-\d\d-\d\d$/,
      'date-time': /^\S+T\S+Z$/,
      email: /@/,
      uuid: /^[0-9a-f-]{36}$/,
      ipv4: /^192/,
      uri: /^https:/,
    }
    for (const [format, pattern] of Object.entries(forms)) {
      expect(valueOf({ type: 'string', format }, chanceOf(format))).toMatch(pattern)
    }
  })
})
