import * as fc from 'fast-check'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, test } from 'vitest'
import { requestTokens, sampleRatio, tokenCounter } from './tokens.ts'

describe('counting tokens', () => {
  test('uses the encoding of the model, and the newest as a stand-in where none is published', async () => {
    const encodings = await Promise.all(
      [
        'gpt-4o-mini',
        'openai/gpt-4.1',
        'gpt-5',
        'o3',
        'gpt-4',
        'gpt-4-turbo',
        'gpt-3.5-turbo',
        'text-embedding-3-small',
        'claude-sonnet-4-6',
      ].map(async (model) => (await tokenCounter(model)).encoding),
    )
    expect(encodings).toEqual([...Array(4).fill('o200k_base'), ...Array(4).fill('cl100k_base'), 'o200k_base'])
    const billed = await Promise.all(
      ['text-embedding-3-small', 'gpt-5', 'claude-sonnet-4-6'].map(async (model) => (await tokenCounter(model)).billed),
    )
    expect(billed).toEqual([
      { low: 0.995, high: 1.005 },
      { low: 0.97, high: 1.03 },
      { low: 1, high: 1.55 },
    ])
  })

  test('takes special tokens as the text they are', async () => {
    const { count } = await tokenCounter('gpt-4o')
    expect(count('hello world')).toBe(2)
    expect(count('a <|endoftext|> b')).toBeGreaterThan(4)
    expect(count('')).toBe(0)
    expect(count('\ud800')).toBeGreaterThan(0)
  })

  test('counts long text in pieces without changing the figure by more than a thousandth', async () => {
    const { count } = await tokenCounter('gpt-4o')
    const text = 'The quick brown fox jumps over the lazy dog, 12345. '.repeat(1000)
    expect(Math.abs(count(text) / countTokens(text) - 1)).toBeLessThan(0.001)
    expect(count('x'.repeat(50_000))).toBeGreaterThan(5000) // one word; in one piece it takes seconds
  })
})

const words = (text: string): number => text.split(/\s+/).filter(Boolean).length

describe('the tokens of a request', () => {
  test('are those of its messages, plus a few around each', () => {
    const body = {
      model: 'gpt-4o',
      metadata: { a: 'not read by the model' },
      messages: [
        { role: 'system', content: 'be kind' },
        { role: 'user', content: [{ type: 'text', text: 'one two three' }] },
      ],
    }
    expect(requestTokens(body, words)).toEqual({ tokens: 2 + 3 + 2 * 4 + 3, answerSchema: 0, media: [] })
  })

  test('include instructions, tools and the schema of the answer', () => {
    const plain = requestTokens({ input: 'one two' }, words).tokens
    expect(plain).toBe(2)
    expect(requestTokens({ input: 'one two', instructions: 'three' }, words).tokens).toBe(3)
    expect(requestTokens({ input: 'one two', tools: [{ name: 'f' }] }, words).tokens).toBe(3)
  })

  test('of embeddings are those of each input, token ids counting one each', () => {
    expect(requestTokens({ input: ['one', 'two three'] }, words).tokens).toBe(3)
    expect(requestTokens({ input: [[1, 2, 3], [4]] }, words).tokens).toBe(4)
  })

  test('of other dialects are found too', () => {
    expect(requestTokens({ system: 'be kind', messages: [{ role: 'user', content: 'hi' }] }, words).tokens).toBe(
      2 + 1 + 4 + 3,
    )
    expect(requestTokens({ contents: [{ role: 'user', parts: [{ text: 'hi you' }] }] }, words).tokens).toBe(2 + 4 + 3)
  })

  test('of the schema that the answer is held to stand apart, in any dialect', () => {
    const schema = { type: 'object' }
    for (const body of [
      { response_format: { type: 'json_schema', json_schema: { schema } } },
      { output_config: { format: { type: 'json_schema', schema } } },
      { generationConfig: { responseJsonSchema: schema } },
    ])
      expect(requestTokens(body, words)).toEqual({ tokens: 0, answerSchema: 1, media: [] })
    expect(requestTokens({ generationConfig: { temperature: 0 } }, words).answerSchema).toBe(0)
  })

  test('of a body without a prompt are none', () => {
    expect(requestTokens({}, words)).toEqual({ tokens: 0, answerSchema: 0, media: [] })
    expect(requestTokens({ messages: null, input: 7n }, words).tokens).toBe(0)
  })
})

describe('tokens by size from a sample', () => {
  const rows = [
    { size: 100, tokens: 20 },
    { size: 300, tokens: 80 },
    { size: 200, tokens: 50 },
  ]

  test('is the ratio of the sums, inside its interval', () => {
    const { mean, low, high, samples } = sampleRatio(rows)
    expect([mean, samples]).toEqual([0.25, 3])
    expect(low).toBeLessThan(mean)
    expect(high).toBeGreaterThan(mean)
  })

  test('has no sampling error when every request was read, only the counter’s own', () => {
    expect(sampleRatio(rows, { population: 3 })).toMatchObject({ low: 0.25, high: 0.25 })
    expect(sampleRatio(rows, { population: 3 })).toMatchObject({ low: 0.25, high: 0.25 })
  })

  test('is wide for a single request out of many, and impossible for none', () => {
    expect(sampleRatio([{ size: 100, tokens: 25 }])).toMatchObject({ low: 0.125, mean: 0.25, high: 0.375 })
    expect(() => sampleRatio([])).toThrow(RangeError)
  })

  test('narrows with the size of the sample', () => {
    const widths = [1, 10, 100].map((times) => {
      const { low, high } = sampleRatio(Array.from({ length: times }, () => rows).flat())
      return high - low
    })
    const [one = 0, ten = 0, hundred = 0] = widths
    expect(hundred).toBeLessThan(ten / 2)
    expect(ten).toBeLessThan(one)
  })

  test('holds the truth in about 95 of 100 samples', () => {
    // A fixed population of uneven requests; the true ratio is known, samples of 40 are drawn by a fixed generator.
    let state = 7
    const random = (): number => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return state / 2_147_483_648
    }
    const population = Array.from({ length: 2000 }, () => {
      const size = 100 + Math.floor(random() * 2000)
      return { size, tokens: Math.round(size * (0.15 + random() * 0.2)) }
    })
    const truth = sampleRatio(population).mean
    let inside = 0
    for (let trial = 0; trial < 400; trial += 1) {
      const sample = Array.from({ length: 40 }, () => population[Math.floor(random() * 2000)] ?? { size: 1, tokens: 0 })
      const { low, high } = sampleRatio(sample)
      if (low <= truth && truth <= high) inside += 1
    }
    expect(inside / 400).toBeGreaterThan(0.92)
    expect(inside / 400).toBeLessThan(0.98)
  })

  test('never has a mean outside its interval', () => {
    const row = fc.record({ size: fc.integer({ min: 1, max: 1e6 }), tokens: fc.nat(1e6) })
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), fc.nat(100), (sample, more) => {
        const { low, mean, high } = sampleRatio(sample, { population: sample.length + more })
        expect(low <= mean && mean <= high && low >= 0).toBe(true)
      }),
    )
  })
})
