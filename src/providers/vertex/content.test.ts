import { expect, test } from 'vitest'
import { content } from './content.ts'

const body = { contents: [{ role: 'user', parts: [{ text: 'a_b' }] }], generation_config: { max_output_tokens: 5 } }
const of = (value: object) => content.ofBody(Buffer.from(JSON.stringify(value)))
const echoed = (request: object) => content.ofRow(Buffer.from(JSON.stringify({ request, response: {}, status: '' })))

test('a request is known again in its echo, whatever the order and the spelling of its members', () => {
  const echo = { generationConfig: { maxOutputTokens: 5.0 }, contents: [{ parts: [{ text: 'a_b' }], role: 'user' }] }
  expect(echoed(echo)).toBe(of(body))
  expect(echoed({ ...echo, labels: { redeye: 'id' } })).toBe(of({ ...body, model: 'gemini-3.5-flash' }))
})

test('another request is another', () => {
  expect(echoed({ ...body, contents: [{ role: 'user', parts: [{ text: 'aB' }] }] })).not.toBe(of(body))
  expect(echoed({ contents: body.contents })).not.toBe(of(body))
})
