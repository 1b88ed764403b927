import { describe, expect, test } from 'vitest'
import { flash, line, type Row, type Trial, textOf, trial, type Wire } from './gemini-trial.ts'

const ask = (text: string, more: object = {}) => ({ contents: [{ role: 'user', parts: [{ text }] }], ...more })

async function call(on: Trial, body: object, model = flash) {
  const response = await on.post(`/v1beta/models/${model}:generateContent`, body)
  return (await response.json()) as NonNullable<Row['response']> & Wire
}

describe('an answer', () => {
  test('keeps to a schema, in either of its spellings, and to an enum', async () => {
    const on = await trial()
    const schema = {
      type: 'OBJECT',
      properties: {
        label: { type: 'STRING', enum: ['a', 'b'] },
        n: { type: 'ARRAY', items: { type: 'INTEGER' }, minItems: '2', maxItems: '2' },
      },
      required: ['label', 'n'],
    }
    const json = { responseMimeType: 'application/json' }
    const one = await call(on, ask('x', { generationConfig: { ...json, responseSchema: schema } }))
    const value = JSON.parse(textOf({ response: one })) as { label: string; n: number[] }
    expect(['a', 'b']).toContain(value.label)
    expect(value.n).toHaveLength(2)
    const two = await call(
      on,
      ask('x', {
        generation_config: {
          response_mime_type: 'application/json',
          response_json_schema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
        },
      }),
    )
    expect(JSON.parse(textOf({ response: two }))).toEqual({ ok: expect.any(Boolean) as boolean })
    const bare = await call(
      on,
      ask('x', {
        generationConfig: { responseMimeType: 'text/x.enum', responseSchema: { type: 'STRING', enum: ['yes', 'no'] } },
      }),
    )
    expect(['yes', 'no']).toContain(textOf({ response: bare }))
    const without = await call(on, ask('x', { generationConfig: { responseSchema: schema } }))
    expect(without.error?.status).toBe('INVALID_ARGUMENT')
  })

  test('calls a function where it has to', async () => {
    const on = await trial()
    const tools = [
      {
        functionDeclarations: [
          { name: 'lookup', parameters: { type: 'OBJECT', properties: { id: { type: 'INTEGER' } }, required: ['id'] } },
          { name: 'other', parametersJsonSchema: { type: 'object', properties: {} } },
        ],
      },
    ]
    const toolConfig = { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['lookup'] } }
    const forced = await call(on, ask('x', { tools, toolConfig }))
    const part = forced.candidates?.[0]?.content.parts?.[0] as { functionCall: { args: { id: number } } }
    expect(part).toMatchObject({ functionCall: { name: 'lookup' }, thoughtSignature: expect.any(String) as string })
    expect(Number.isInteger(part.functionCall.args.id)).toBe(true)
    expect(textOf({ response: await call(on, ask('x', { tools })) })).not.toBe('')
  })

  test('thinks as much as it is told to, and shows it only when asked', async () => {
    const on = await trial()
    const thoughts = async (thinkingConfig: object, model = flash) => {
      let sum = 0
      for (let index = 0; index < 8; index++) {
        const said = await call(on, ask(`Number ${index}`, { generationConfig: { thinkingConfig } }), model)
        sum += said.usageMetadata?.['thoughtsTokenCount'] ?? 0
      }
      return sum
    }
    expect(await thoughts({ thinkingBudget: 0 })).toBe(0)
    expect(await thoughts({ thinkingLevel: 'HIGH' })).toBeGreaterThan(await thoughts({ thinkingLevel: 'LOW' }))
    const shown = async (includeThoughts: boolean) => {
      const thinkingConfig = { includeThoughts, thinkingLevel: 'HIGH' }
      const said = await call(on, ask('Number 3', { generationConfig: { thinkingConfig } }))
      expect(said.usageMetadata?.['thoughtsTokenCount']).toBeGreaterThan(0)
      return JSON.stringify(said.candidates).includes('"thought":true')
    }
    expect([await shown(true), await shown(false)]).toEqual([true, false])
    expect(
      (await call(on, ask('x', { generationConfig: { thinkingConfig: { thinkingLevel: 'LOW' } } }), 'gemini-2.5-flash'))
        .error?.code,
    ).toBe(400)
  })

  test('counts images apart, and takes files that were uploaded', async () => {
    const on = await trial()
    const file = await on.json(`/v1beta/${await on.upload('%PDF', 'application/pdf')}`)
    const said = await call(on, {
      contents: [
        {
          parts: [
            { text: 'What is this?' },
            { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
            { fileData: { mimeType: 'application/pdf', fileUri: file['uri'] } },
          ],
        },
      ],
    })
    expect(said.usageMetadata?.['promptTokensDetails']).toEqual([
      { modality: 'TEXT', tokenCount: 4 },
      { modality: 'IMAGE', tokenCount: 258 },
      { modality: 'DOCUMENT', tokenCount: 258 },
    ])
  })

  test('inside a batch reads an explicit cache, whose hours are billed too', async () => {
    const on = await trial()
    const cache = (await (
      await on.post('/v1beta/cachedContents', {
        model: 'models/gemini-2.5-flash',
        contents: [{ parts: [{ text: 'Long words. '.repeat(3000) }] }],
        ttl: '7200s',
      })
    ).json()) as Wire
    const { rows } = await on.flown([line('a', { cachedContent: cache.name })], {}, 'gemini-2.5-flash')
    expect(rows[0]?.response?.usageMetadata?.['cachedContentTokenCount']).toBe(9001)
    const kinds = (await on.emulator.bill()).entries.map(({ kind }) => kind)
    expect(kinds).toEqual(expect.arrayContaining(['cacheStorageHour', 'cachedInput']))
    const late = await on.flown([line('b', { cachedContent: cache.name })], {}, 'gemini-2.5-flash')
    expect(late.rows[0]?.error?.code).toBe(7)
  })
})
