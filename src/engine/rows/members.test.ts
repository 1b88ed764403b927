import { describe, expect, test } from 'vitest'
import { renameMembers } from './members.ts'

const renamed = (body: string, around = ''): string => {
  const bytes = Buffer.from(around + body + around)
  const start = around.length + body.indexOf('{') + 1
  renameMembers(bytes, start, bytes.length - around.length, { max_completion_tokens: 'max_tokens' })
  expect(bytes.length).toBe(around.length * 2 + body.length)
  return bytes.toString()
}

describe('members of a body that a vendor calls otherwise', () => {
  test('get the name it knows, and nothing else changes', () => {
    expect(renamed('{"model":"m","max_completion_tokens":5,"n":1}')).toBe(
      '{"model":"m","max_tokens"           :5,"n":1}',
    )
    const near = '{ "max_completion_tokens_" : 5 }'
    expect(renamed(near)).toBe(near)
    expect(JSON.parse(renamed('{"a":"max_completion_tokens","max_completion\\u005ftokens":5}'))).toEqual({
      a: 'max_completion_tokens',
      max_tokens: 5,
    })
    expect(renamed('{}')).toBe('{}')
    expect(renamed('{"a":1}', '"max_completion_tokens":')).toContain('{"a":1}')
  })

  test('are left alone where they are not of the body itself', () => {
    const inner =
      '{"tools":[{"max_completion_tokens":1}],"text":"\\"max_completion_tokens\\":2","more":{"max_completion_tokens":3}}'
    expect(renamed(inner)).toBe(inner)
  })

  test('stand alone where a body has both names, and the one that says something stands', () => {
    for (const [body, limit] of [
      ['{"max_tokens":1,"max_completion_tokens":2,"n":3}', 2],
      ['{"n":3,"max_completion_tokens":2,"max_tokens":1}', 2],
      ['{"max_completion_tokens" : 2 , "n":3 , "max_tokens" : 1 }', 2],
      ['{"n":3,"max_tokens":1,"max_completion_tokens":null}', 1],
      ['{"max_completion_tokens":null,"n":3,"max_tokens":1}', 1],
    ] as const) {
      const text = renamed(body)
      expect(JSON.parse(text)).toEqual({ n: 3, max_tokens: limit })
      expect(text.match(/max_/g)).toHaveLength(1)
    }
  })
})
