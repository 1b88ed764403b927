import { expect, test } from 'vitest'
import { outputLimitIn } from './output-limit.ts'

/** What the body states, and the same with another limit in its place. */
function grown(endpoint: string, text: string): { stated: number; body: unknown } {
  const body = Buffer.from(text)
  const { stated, from, to, before, after } = outputLimitIn(body, endpoint)
  const spliced = Buffer.concat([body.subarray(0, from), Buffer.from(`${before}800${after}`), body.subarray(to)])
  return { stated, body: JSON.parse(spliced.toString()) as unknown }
}

const chat = '/v1/chat/completions'
const gemini = ':generateContent'

test.each([
  [chat, '{"max_tokens":200,"model":"m"}', 200, { max_tokens: 800, model: 'm' }],
  [chat, '{ "model" : "m", "max_completion_tokens" : 2e2 }', 200, { model: 'm', max_completion_tokens: 800 }],
  ['/v1/responses', '{"max_output_tokens":64}', 64, { max_output_tokens: 800 }],
  ['/v1/completions', '{"prompt":"p","max_tokens":64}', 64, { prompt: 'p', max_tokens: 800 }],
  ['/v1/messages', '{"max_tokens":1,"system":"max_tokens"}', 1, { max_tokens: 800, system: 'max_tokens' }],
  [
    gemini,
    '{"generationConfig":{"topK":1,"maxOutputTokens":"99"}}',
    99,
    { generationConfig: { topK: 1, maxOutputTokens: 800 } },
  ],
  [gemini, '{"generation_config":{"max_output_tokens":7}}', 7, { generation_config: { max_output_tokens: 800 } }],
])('%s: the limit in %s is found, and another put over it', (endpoint, text, stated, body) => {
  expect(grown(endpoint, text)).toEqual({ stated, body })
})

test.each([
  [chat, '{"model":"m"}', { max_completion_tokens: 800, model: 'm' }],
  [chat, '{"max_tokens":null}', { max_tokens: 800 }],
  ['/v1/responses', '{"text":{"max_output_tokens":5}}', { max_output_tokens: 800, text: { max_output_tokens: 5 } }],
  ['/v1/completions', '{ }', { max_tokens: 800 }],
  [gemini, '{"contents":[]}', { generationConfig: { maxOutputTokens: 800 }, contents: [] }],
  [gemini, '{"generationConfig":{}}', { generationConfig: { maxOutputTokens: 800 } }],
  [gemini, '{"generationConfig":null,"contents":[]}', { generationConfig: { maxOutputTokens: 800 }, contents: [] }],
  [gemini, '{"generationConfig":{"topK":1}}', { generationConfig: { topK: 1, maxOutputTokens: 800 } }],
])('%s: in %s, which states none, there is a place for one', (endpoint, text, body) => {
  expect(grown(endpoint, text)).toEqual({ stated: 0, body })
})
