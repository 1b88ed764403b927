import { describe, expect, test } from 'vitest'
import { readSchema } from '../gemini/read-schema.ts'
import { factsOf } from '../models.ts'
import { type Json, Translation } from '../translation.ts'
import { Untranslatable } from '../untranslatable.ts'
import { conformSchema } from './conform.ts'
import { anthropicRules, geminiRules, openaiRules, type SchemaRules } from './rules.ts'

const closed = (properties: Json, more: Json = {}): Json => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
})
const rules = { anthropic: anthropicRules, gemini: geminiRules, 'openai-chat': openaiRules }
type Target = keyof typeof rules

function conform(target: Target, schema: Json, relax = false) {
  const t = new Translation(
    'openai-responses',
    target,
    factsOf(target, undefined),
    relax ? { allow: ['relax_schema'] } : {},
  )
  const out = conformSchema(t, schema, rules[target] satisfies SchemaRules, 's')
  return { schema: out, codes: t.warnings.map((warning) => warning.code) }
}
function pathOf(act: () => unknown): string | undefined {
  try {
    act()
  } catch (error) {
    if (error instanceof Untranslatable) return error.path
  }
  return undefined
}

test.each(Object.keys(rules) as Target[])('%s takes a plain closed schema as it is', (target) => {
  const schema = closed(
    {
      a: { type: 'string', description: 'A', enum: ['x', 'y'] },
      b: { type: 'array', items: closed({ c: { type: ['number', 'null'] } }) },
      d: { anyOf: [{ type: 'string', format: 'date' }, { $ref: '#/$defs/E' }] },
    },
    { $defs: { E: closed({ e: { type: 'boolean' } }) } },
  )
  expect(conform(target, schema)).toEqual({ schema, codes: [] })
})

describe('a rule that the vendor does not enforce is refused', () => {
  test.each<[Target, Json, string]>([
    ['anthropic', { type: 'string', maxLength: 3 }, 's.properties.a.maxLength'],
    ['anthropic', { type: 'integer', minimum: 1 }, 's.properties.a.minimum'],
    ['anthropic', { type: 'array', items: { type: 'string' }, minItems: 2 }, 's.properties.a.minItems'],
    ['anthropic', { type: 'string', format: 'regex' }, 's.properties.a.format'],
    ['anthropic', { type: 'string', pattern: 'x' }, 's.properties.a.pattern'],
    [
      'anthropic',
      { type: 'object', properties: {}, additionalProperties: true },
      's.properties.a.additionalProperties',
    ],
    ['anthropic', { description: 'anything' }, 's.properties.a'],
    ['gemini', { type: 'string', maxLength: 3 }, 's.properties.a.maxLength'],
    ['gemini', { allOf: [{ type: 'string' }] }, 's.properties.a.allOf'],
    ['gemini', { type: 'integer', exclusiveMinimum: 1 }, 's.properties.a.exclusiveMinimum'],
    ['openai-chat', { type: 'string', maxLength: 3 }, 's.properties.a.maxLength'],
    ['openai-chat', { oneOf: [{ type: 'string' }] }, 's.properties.a.oneOf'],
    ['openai-chat', { type: 'object', properties: { b: { type: 'string' } } }, 's.properties.a.properties.b'],
  ])('%s %j', (target, a, path) => {
    expect(pathOf(() => conform(target, closed({ a })))).toBe(path)
  })

  test('or, by leave, told in the description', () => {
    const { schema, codes } = conform(
      'anthropic',
      closed({ a: { type: 'string', maxLength: 3, description: 'A' } }),
      true,
    )
    expect(schema).toEqual(closed({ a: { type: 'string', description: 'A\n\n{maxLength: 3}' } }))
    expect(codes).toEqual(['schema_relaxed'])
  })
})

test('what can be said otherwise is', () => {
  expect(conform('gemini', closed({ a: { const: 'x' } })).schema).toEqual(closed({ a: { enum: ['x'] } }))
  expect(conform('anthropic', closed({ a: { const: 'x' } })).schema).toEqual(closed({ a: { const: 'x' } }))
  const choice = conform('anthropic', closed({ a: { oneOf: [{ type: 'string' }, { type: 'null' }] } }))
  expect(choice.schema).toEqual(closed({ a: { anyOf: [{ type: 'string' }, { type: 'null' }] } }))
  expect(choice.codes).toEqual(['one_of_as_any_of'])
  const old = closed({ a: { $ref: '#/definitions/B' } }, { definitions: { B: { type: 'string' } } })
  expect(conform('anthropic', old).schema).toEqual(
    closed({ a: { $ref: '#/$defs/B' } }, { $defs: { B: { type: 'string' } } }),
  )
})

test('objects that say nothing of further members are closed, where the vendor wants them so', () => {
  const open = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }
  expect(conform('anthropic', open)).toEqual({ schema: closed({ a: { type: 'string' } }), codes: ['schema_closed'] })
  expect(conform('gemini', open)).toEqual({ schema: open, codes: [] })
})

test('words about the schema are left out', () => {
  const worded = closed({ a: { type: 'string', default: 'x', examples: ['y'], title: 'T' } }, { $schema: 'https://…' })
  const { schema, codes } = conform('anthropic', worded)
  expect(schema).toEqual(closed({ a: { type: 'string', title: 'T' } }))
  expect(codes).toEqual(['schema_annotation_dropped'])
})

describe('a schema that holds itself', () => {
  const tree = (more: Json): Json => ({
    $defs: { Node: { type: 'object', additionalProperties: false, ...more } },
    ...closed({ root: { $ref: '#/$defs/Node' } }),
  })
  const everywhere = tree({ properties: { child: { $ref: '#/$defs/Node' } }, required: ['child'] })
  const optional = tree({ properties: { child: { $ref: '#/$defs/Node' }, n: { type: 'string' } }, required: ['n'] })
  const list = tree({
    properties: { children: { type: 'array', items: { $ref: '#/$defs/Node' } } },
    required: ['children'],
  })
  test('is refused by Anthropic', () => {
    expect(pathOf(() => conform('anthropic', everywhere))).toBe('s.properties.root.properties.child.$ref')
    expect(pathOf(() => conform('anthropic', optional))).toBe('s.properties.root.properties.child.$ref')
    expect(pathOf(() => conform('anthropic', list))).toBe('s.properties.root.properties.children.items.$ref')
    expect(pathOf(() => conform('anthropic', closed({ a: { $ref: '#' } })))).toBe('s.properties.a.$ref')
  })
  test('is taken by Gemini below a member that may be absent', () => {
    expect(pathOf(() => conform('gemini', everywhere))).toBe('s.properties.root.properties.child.$ref')
    expect(conform('gemini', optional).schema).toEqual(optional)
  })
  test('is taken by OpenAI', () => expect(conform('openai-chat', list).schema).toEqual(list))

  test('is looked for in a time that does not double with each level', () => {
    const levels = Array.from({ length: 60 }, (_, index) => [
      `L${index}`,
      closed({ a: { $ref: `#/$defs/L${index + 1}` }, b: { $ref: `#/$defs/L${index + 1}` } }),
    ])
    const $defs = { ...Object.fromEntries(levels), L60: { type: 'string' } }
    expect(pathOf(() => conform('anthropic', closed({ a: { $ref: '#/$defs/L0' } }, { $defs })))).toBeUndefined()
  })
})

test('members named like keywords are members', () => {
  const schema = closed({
    $ref: { type: 'string' },
    items: { type: 'string' },
    properties: { type: 'string' },
    maxLength: { type: 'number' },
  })
  expect(conform('anthropic', schema)).toEqual({ schema, codes: [] })
})

test('a member order of Gemini is the order of the members', () => {
  const t = new Translation('gemini', 'anthropic', factsOf('anthropic', undefined))
  const read = readSchema(
    t,
    {
      type: 'OBJECT',
      properties: { a: { type: 'STRING' }, b: { type: 'NUMBER', nullable: true } },
      propertyOrdering: ['b', 'a'],
    },
    's',
    true,
  )
  expect(JSON.stringify(read)).toBe(
    '{"type":"object","properties":{"b":{"type":["number","null"]},"a":{"type":"string"}}}',
  )
})
