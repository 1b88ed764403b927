import { describe, expect, test } from 'vitest'
import { translateLine } from './translate-line.ts'
import { readLine } from './vendor-line.ts'

const read = (line: object) => {
  const bytes = Buffer.from(JSON.stringify(line))
  return readLine(bytes, 0, bytes.length)
}

describe('A status that is a text for a person', () => {
  test.each([
    ['Bad Request: {"error": {"code": 400, "message": "No."}}', 400, { error: { code: 400, message: 'No.' } }],
    ['Not Found: no such file', 404, { error: { code: 404, message: 'no such file' } }],
    [
      'Bad Request: invalid_request_error: max_tokens',
      400,
      { type: 'error', error: { type: 'invalid_request_error', message: 'invalid_request_error: max_tokens' } },
    ],
  ])('is an error as over HTTP: %s', (status, code, body) => {
    expect(read({ status, request: {}, response: {} })).toEqual({ kind: 'error', status: code, body })
  })

  test.each(['Something {went wrong}', 'Strange: words'])(
    'is passed on as it is where it says no more: %s',
    (status) => {
      expect(read({ status, response: {} })).toEqual({ kind: 'none', code: 'missing', message: status })
    },
  )
})

describe('An answer in a row of the lane’s own shape', () => {
  const how = (dialect: 'gemini' | 'anthropic') => ({ from: dialect, to: dialect, model: 'm', created: 0 })
  const put = (dialect: 'gemini' | 'anthropic', line: string) => {
    const bytes = Buffer.from(`before${line}after`)
    const span = { bytes, start: 6, end: 6 + Buffer.byteLength(line) }
    const options = { upstreamId: 'upstream', base64: false }
    return Buffer.from(translateLine(how(dialect), [span], Buffer.from('"a\\u0062c"'), options)).toString()
  }
  const answer = '{ "n":1.0, "big" : 12345678901234567890, "status":"x" , "text":"é\\u00e9" }'

  test('goes into a row of the dialect byte for byte, under the id as the user wrote it', () => {
    const line = `{"status":"","request":{"response":{"no":1}}, "response" :${answer},"processed_time":"t"}`
    expect(put('gemini', line)).toBe(`{"key":"a\\u0062c","response":${answer}}`)
    expect(put('anthropic', `{"response":${answer}}`)).toBe(
      `{"custom_id":"a\\u0062c","result":{"type":"succeeded","message":${answer}}}`,
    )
  })

  test('is none beside a status that says why', () => {
    const line = `{"status":"Bad Request: {\\"error\\":{\\"code\\":400,\\"message\\":\\"No.\\"}}","response":${answer}}`
    expect(JSON.parse(put('gemini', line))).toEqual({ key: 'abc', error: { code: 400, message: 'No.' } })
  })

  test('is none when it is empty', () => {
    expect(JSON.parse(put('gemini', '{"status":"","response":{}}'))).toMatchObject({ key: 'abc', error: { code: 13 } })
  })
})
