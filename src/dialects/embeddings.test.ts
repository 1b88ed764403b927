import { describe, expect, test } from 'vitest'
import { embeddingFromOpenai, embeddingsFromGemini, embeddingsToGemini, embeddingToOpenai } from './embeddings.ts'
import { isSplit, translateAnswer, translateBody } from './translate-body.ts'
import { Untranslatable } from './untranslatable.ts'

const row = (values: number[], count: unknown = 1) => ({
  embedding: { values },
  usageMetadata: { promptTokenCount: count },
})

describe('an OpenAI embeddings request', () => {
  test('becomes a row for each input', () => {
    expect(embeddingsToGemini({ model: 'm', input: ['llama', 'alpaca'], encoding_format: 'float' })).toEqual({
      bodies: [{ content: { parts: [{ text: 'llama' }] } }, { content: { parts: [{ text: 'alpaca' }] } }],
      warnings: [],
    })
    expect(embeddingsToGemini('{"model":"m","input":"llama"}').bodies).toHaveLength(1)
  })

  test('keeps its size, and warns that the length of the vector is not sure', () => {
    const { bodies, warnings } = embeddingsToGemini({ model: 'm', input: 'x', dimensions: 4 })
    expect(bodies).toEqual([{ content: { parts: [{ text: 'x' }] }, outputDimensionality: 4 }])
    expect(warnings).toMatchObject([{ code: 'length_not_promised', path: 'dimensions' }])
  })

  test.each([
    [{ input: [1, 2] }, 'input'],
    [{ input: [[1, 2]] }, 'input[0]'],
    [{ input: ['x', null] }, 'input[1]'],
    [{ input: [] }, 'input'],
    [{ input: 'x', user: 'u' }, 'user'],
    [{ input: 'x', encoding_format: 'hex' }, 'encoding_format'],
    [{ input: 'x', colour: 'red' }, 'colour'],
    [{}, 'input'],
  ])('%j is refused at %s', (body, path) => {
    expect(() => embeddingsToGemini({ model: 'm', ...body })).toThrow(
      expect.objectContaining({ path, target: 'gemini-embeddings' }),
    )
  })
})

describe('a request of a file', () => {
  const bodies = (body: object) =>
    translateBody('openai-embeddings', 'gemini-embeddings', JSON.stringify({ model: 'm', ...body }), { model: 'm' })
      .bodies
  const answer = { id: 'a', created: 1, model: 'm', encoding: 'base64' } as const

  test('is split at Gemini, and nowhere else', () => {
    expect(bodies({ input: ['one', 'two'], encoding_format: 'base64' })).toEqual([
      { content: { parts: [{ text: 'one' }] } },
      { content: { parts: [{ text: 'two' }] } },
    ])
    expect(isSplit('openai-embeddings', 'gemini-embeddings')).toBe(true)
    expect(isSplit('gemini-embeddings', 'openai-embeddings')).toBe(false)
    expect(isSplit('openai-chat', 'gemini')).toBe(false)
  })

  test('is one row from Gemini to OpenAI', () => {
    const row = '{"content":{"parts":[{"text":"one"}]}}'
    expect(translateBody('gemini-embeddings', 'openai-embeddings', row, { model: 'm' }).bodies).toEqual([
      { model: 'm', input: 'one', encoding_format: 'float' },
    ])
  })

  test('gets the answers to all of its rows as one', () => {
    const { body } = translateAnswer('gemini-embeddings', 'openai-embeddings', [row([1], 2), row([0.5], 3)], answer)
    expect(body).toEqual({
      object: 'list',
      data: [
        { object: 'embedding', index: 0, embedding: 'AACAPw==' },
        { object: 'embedding', index: 1, embedding: 'AAAAPw==' },
      ],
      model: 'm',
      usage: { prompt_tokens: 5, total_tokens: 5 },
    })
  })
})

describe('a Gemini embeddings row', () => {
  test('becomes a request of one input, in either spelling', () => {
    const body = { model: 'text-embedding-3-small', input: 'one', encoding_format: 'float', dimensions: 4 }
    expect(
      embeddingToOpenai({ content: { parts: [{ text: 'one' }] }, outputDimensionality: 4 }, body.model).body,
    ).toEqual(body)
    expect(
      embeddingToOpenai('{"output_dimensionality":4,"content":{"role":"user","parts":[{"text":"one"}]}}', body.model)
        .body,
    ).toEqual(body)
  })

  test.each([
    [{ content: { parts: [{ text: 'a' }, { text: 'b' }] } }, 'content.parts[1]'],
    [{ content: { parts: [{ inlineData: {} }] } }, 'content.parts[0].inlineData'],
    [{ content: { parts: [{ text: 'a' }] }, taskType: 'RETRIEVAL_QUERY' }, 'taskType'],
    [{ content: { parts: [{ text: 'a' }] }, title: 'T' }, 'title'],
    [{ content: { parts: [{ text: 'a' }] }, autoTruncate: true }, 'autoTruncate'],
  ])('%j is refused at %s', (body, path) => {
    expect(() => embeddingToOpenai(body, 'm')).toThrow(Untranslatable)
    expect(() => embeddingToOpenai(body, 'm')).toThrow(expect.objectContaining({ path }))
  })
})

describe('answers', () => {
  const options = { model: 'gemini-embedding-001', encoding: 'float' as const }

  test('of all rows are one of OpenAI, in the order of the inputs, with the sum of the tokens', () => {
    expect(embeddingsFromGemini([row([0.5, -0.25], 3), row([1, 0], '4')], options)).toEqual({
      status: 200,
      body: {
        object: 'list',
        data: [
          { object: 'embedding', index: 0, embedding: [0.5, -0.25] },
          { object: 'embedding', index: 1, embedding: [1, 0] },
        ],
        model: 'gemini-embedding-001',
        usage: { prompt_tokens: 7, total_tokens: 7 },
      },
    })
  })

  test('count tokens by the older field too, and say nothing where one does not count', () => {
    expect(embeddingsFromGemini([{ embedding: { values: [1] }, tokenCount: '2' }], options).body['usage']).toEqual({
      prompt_tokens: 2,
      total_tokens: 2,
    })
    expect(embeddingsFromGemini([row([1]), { embedding: { values: [1] } }], options).body['usage']).toBeUndefined()
  })

  test('come as base64 for who asked so, and read back the same', () => {
    const { body } = embeddingsFromGemini([row([0.5, -0.25])], { ...options, encoding: 'base64' })
    expect((body['data'] as { embedding: string }[])[0]?.embedding).toBe('AAAAPwAAgL4=')
    expect(embeddingFromOpenai(body)).toEqual({
      embedding: { values: [0.5, -0.25] },
      usageMetadata: { promptTokenCount: 1 },
    })
  })

  test('of OpenAI become one of Gemini', () => {
    const body = {
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [0.5] }],
      usage: { prompt_tokens: 2 },
    }
    expect(embeddingFromOpenai(body)).toEqual({ embedding: { values: [0.5] }, usageMetadata: { promptTokenCount: 2 } })
  })

  test('without a vector are a failure', () => {
    expect(embeddingsFromGemini([row([1]), {}], options)).toMatchObject({
      status: 500,
      body: { error: { code: 'empty_answer' } },
    })
  })
})
