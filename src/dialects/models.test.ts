import { describe, expect, test } from 'vitest'
import { factsOf, type ModelFacts } from './models.ts'

const top = ['low', 'medium', 'high', 'xhigh', 'max'] as const

describe('Claude', () => {
  test.each<[string, Partial<ModelFacts>]>([
    ['claude-3-haiku-20240307', { sampling: true, schema: false, adaptive: false, efforts: [], off: 'yes' }],
    [
      'claude-3-7-sonnet-20250219',
      { sampling: true, schema: false, budget: { min: 1_024, max: Number.MAX_SAFE_INTEGER } },
    ],
    ['claude-sonnet-4-20250514', { sampling: true, schema: false, adaptive: false, efforts: [] }],
    ['claude-opus-4-1', { sampling: true, schema: false, efforts: [] }],
    ['claude-haiku-4-5-20251001', { schema: true, adaptive: false, efforts: [], sampling: true }],
    ['claude-opus-4-5@20251101', { schema: true, adaptive: false, efforts: ['low', 'medium', 'high'] }],
    ['claude-sonnet-4-6', { adaptive: true, efforts: ['low', 'medium', 'high', 'max'], sampling: true }],
    ['claude-opus-4-7', { sampling: false, budget: undefined, efforts: top, systemInThread: false }],
    ['claude-opus-4-8', { systemInThread: true, forcedTools: true, off: 'yes' }],
    ['claude-sonnet-5', { systemInThread: false, forcedTools: true, off: 'yes' }],
    ['claude-opus-5', { off: 'yes', forcedTools: true, systemInThread: true }],
    ['claude-fable-5', { off: 'no', forcedTools: true }],
    ['claude-fable-5-2', { off: 'no', forcedTools: false }],
    ['claude-opus-5-5', { off: 'no', forcedTools: false, efforts: top }],
    ['claude-sonnet-5-5', { off: 'between_tools', forcedTools: false, systemInThread: true }],
    ['claude-haiku-5-5', { off: 'yes', forcedTools: true, sampling: false }],
    ['claude-mythos-preview', { off: 'no', adaptive: true, efforts: ['low', 'medium', 'high', 'max'] }],
    ['anthropic/claude-opus-4.6', { sampling: true, adaptive: true }],
    ['my-own-claude', { sampling: true, forcedTools: true, systemInThread: false, off: 'yes' }],
  ])('%s', (model, facts) => expect(factsOf('anthropic', model)).toMatchObject(facts))
})

describe('Gemini', () => {
  test.each<[string, Partial<ModelFacts>]>([
    ['gemini-2.0-flash', { efforts: [], budget: undefined, signedCalls: false }],
    ['models/gemini-2.5-pro', { efforts: [], off: 'no', budget: { min: 128, max: 32_768 } }],
    ['gemini-2.5-flash', { efforts: [], off: 'yes', budget: { min: 1, max: 24_576 } }],
    ['gemini-2.5-flash-lite', { off: 'yes', budget: { min: 512, max: 24_576 } }],
    ['gemini-3-pro-preview', { efforts: ['low', 'high'], off: 'no', signedCalls: true }],
    ['gemini-3-flash-preview', { efforts: ['minimal', 'low', 'medium', 'high'] }],
    ['gemini-3.1-pro-preview', { efforts: ['low', 'medium', 'high'] }],
    ['gemini-3.5-flash-lite', { efforts: ['minimal', 'low', 'medium', 'high'] }],
    ['gemini-3.8-flash', { efforts: ['low', 'medium', 'high'] }],
    ['gemini-4-argon', { efforts: ['low', 'medium', 'high'], off: 'no', signedCalls: true }],
    ['gemini-flash-latest', { efforts: ['minimal', 'low', 'medium', 'high'], off: 'no' }],
  ])('%s', (model, facts) => expect(factsOf('gemini', model)).toMatchObject(facts))
})

describe('OpenAI', () => {
  test.each<[string, Partial<ModelFacts>]>([
    ['gpt-4o-mini', { efforts: [], sampling: true, cacheMarks: false }],
    ['ft:gpt-4.1-mini:org::id', { efforts: [], sampling: true }],
    ['gpt-5-mini', { sampling: false, cacheMarks: false }],
    ['gpt-5.2', { sampling: true }],
    ['gpt-5.6-sol', { sampling: true, cacheMarks: true }],
    ['gpt-6-astra', { cacheMarks: true }],
    ['o3', { sampling: false, cacheMarks: false }],
    ['llama-4-70b', { sampling: true, cacheMarks: true }],
  ])('%s', (model, facts) => expect(factsOf('openai-chat', model)).toMatchObject(facts))
})

test('a model that is not named takes what any takes', () => {
  expect(factsOf('anthropic', undefined)).toEqual(factsOf('anthropic', 'unheard-of'))
})
