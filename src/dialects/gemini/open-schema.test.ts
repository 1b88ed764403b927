import { describe, expect, test } from 'vitest'
import { factsOf } from '../models.ts'
import { Translation } from '../translation.ts'
import { openSchema } from './open-schema.ts'
import { readSchema } from './read-schema.ts'

const object = (properties: Record<string, object>, more: object = {}) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
})

describe('a JSON Schema as the older kind of schema', () => {
  test('keeps types, members in their order, bounds and words', () => {
    const schema = object({
      label: { type: 'string', enum: ['a', 'b'], description: 'Which.' },
      at: { type: 'string', format: 'date-time' },
      scores: { type: 'array', items: { type: 'number', minimum: 0, maximum: 1 }, minItems: 1, maxItems: 3 },
    })
    expect(openSchema(schema)).toEqual({
      type: 'OBJECT',
      propertyOrdering: ['label', 'at', 'scores'],
      properties: {
        label: { type: 'STRING', enum: ['a', 'b'], description: 'Which.' },
        at: { type: 'STRING', format: 'date-time' },
        scores: { type: 'ARRAY', items: { type: 'NUMBER', minimum: 0, maximum: 1 }, minItems: 1, maxItems: 3 },
      },
      required: ['label', 'at', 'scores'],
    })
  })

  test('says in one word what may be null, however that was said', () => {
    const word = { type: 'STRING', nullable: true }
    for (const maybe of [
      { type: ['string', 'null'] },
      { anyOf: [{ type: 'string' }, { type: 'null' }] },
      { anyOf: [{ type: ['string', 'null'] }] },
    ])
      expect(openSchema(object({ maybe }))?.['properties']).toEqual({ maybe: word })
    expect(openSchema({ enum: ['a', null], type: ['string', 'null'] })).toEqual({ ...word, enum: ['a'] })
    expect(openSchema({ enum: ['a'], type: ['string', 'null'] })).toEqual({ type: 'STRING', enum: ['a'] })
    expect(
      openSchema({ anyOf: [{ type: 'string' }, { type: 'integer' }, { type: 'null' }], description: 'd' }),
    ).toEqual({
      anyOf: [
        { type: 'STRING', nullable: true, description: 'd' },
        { type: 'INTEGER', nullable: true, description: 'd' },
      ],
    })
  })

  test('has no references: they are written out', () => {
    const $defs = { place: object({ city: { $ref: '#/$defs/city' } }), city: { type: 'string' } }
    const schema = object(
      { from: { $ref: '#/$defs/place', description: 'Here.' }, to: { $ref: '#/$defs/place' } },
      { $defs },
    )
    const place = {
      type: 'OBJECT',
      propertyOrdering: ['city'],
      properties: { city: { type: 'STRING' } },
      required: ['city'],
    }
    expect(openSchema(schema)?.['properties']).toEqual({ from: { ...place, description: 'Here.' }, to: place })
  })

  test('reads back as what it was', () => {
    const schema = object({
      a: { type: ['integer', 'null'], minimum: 1 },
      b: { type: 'array', items: { type: 'boolean' } },
    })
    const { additionalProperties: _, ...same } = schema
    const t = new Translation('gemini', 'anthropic', factsOf('anthropic', 'claude-haiku-4-5'))
    expect(readSchema(t, openSchema(schema), 'schema', true)).toEqual(same)
  })

  test.for([
    ['holds itself', { $ref: '#/$defs/tree', $defs: { tree: object({ below: { $ref: '#/$defs/tree' } }) } }],
    ['has members of any name', { type: 'object', additionalProperties: { type: 'string' } }],
    ['names no members', { type: 'object' }],
    ['requires what it does not name', { ...object({ a: { type: 'string' } }), required: ['a', 'b'] }],
    ['lists anything', { type: 'array' }],
    ['has a list of places', { type: 'array', items: { type: 'string' }, prefixItems: [{ type: 'string' }] }],
    ['numbers its choices', { type: 'integer', enum: [1, 2] }],
    ['may be an empty word', { type: 'string', enum: ['', 'a'] }],
    ['has several types', { type: ['string', 'integer'] }],
    ['is exactly one of several', { oneOf: [{ type: 'string' }, { type: 'integer' }] }],
    ['says nothing', object({ any: {} })],
    ['constrains beside a choice', { type: 'string', anyOf: [{ enum: ['a'], type: 'string' }] }],
  ] as const)('cannot say one that %s', ([, schema]) => {
    expect(openSchema(schema)).toBeUndefined()
  })

  test('is not written out beyond all measure', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 20 }, (_, depth) => {
        const next = depth === 19 ? { type: 'string' } : { $ref: `#/$defs/d${depth + 1}` }
        return [`d${depth}`, object({ a: next, b: next })]
      }),
    )
    expect(openSchema({ $ref: '#/$defs/d0', $defs })).toBeUndefined()
  })
})
