import { describe, expect, test } from 'vitest'
import { scenarios as allScenarios } from '../../src/emulator/index.ts'
import { batchEffects } from './gemini-batch-effects.ts'
import { callEffects } from './gemini-call-effects.ts'
import { rowEffects } from './gemini-row-effects.ts'
import { lines, trial } from './gemini-trial.ts'

const scenarios = allScenarios.filter(({ vendors }) => vendors?.includes('gemini'))
const effects = { ...callEffects, ...batchEffects, ...rowEffects }

describe('every scenario of Gemini shows', () => {
  for (const { name, summary } of scenarios) {
    test(`${name}: ${summary}`, async () => {
      const effect = effects[name]
      if (!effect) throw new Error(`Nothing shows the scenario ${name}.`)
      await effect(await trial({ scenario: name }))
    })
  }
})

test('every scenario has a summary, and every effect a scenario', () => {
  expect(scenarios.map(({ name }) => name).sort()).toEqual(Object.keys(effects).sort())
  expect(scenarios.every(({ summary }) => summary.endsWith('.') && summary.length < 240)).toBe(true)
})

test('a scenario that two vendors have strikes both, each by its own count', async () => {
  const on = await trial({ scenario: 'create-500-refused:times=1' })
  expect((await on.create(await on.upload(lines(1)))).status).toBe(500)
  const openai = await fetch(`${on.emulator.baseUrls.openai}/batches`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-test' },
    body: '{}',
  })
  expect(openai.status).toBe(500)
  expect((await on.create(await on.upload(lines(1)))).status).toBe(200)
})

test('scenarios combine', async () => {
  const on = await trial({ scenario: ['rows-twice:share=1', 'output-once', 'counts-wrong'] })
  const operation = await on.after(await on.submit(lines(10)))
  expect(operation.response).toBeUndefined()
  expect(await on.rows(operation.metadata.output?.responsesFile)).toHaveLength(20)
  expect(operation.metadata.batchStats['requestCount']).toBe('17')
})
