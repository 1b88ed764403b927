import { describe, expect, test } from 'vitest'
import { scenarios as allScenarios } from '../../src/emulator/index.ts'
import { callEffects, ended, listed } from './anthropic-call-effects.ts'
import { rowEffects } from './anthropic-row-effects.ts'
import { trial } from './anthropic-trial.ts'

const scenarios = allScenarios.filter(({ vendors }) => vendors?.includes('anthropic'))
/** Every scenario has its line here: the list is counted below. */
const effects = { ...callEffects, ...rowEffects }

describe('every scenario shows', () => {
  for (const { name, summary } of scenarios) {
    test(`${name}: ${summary}`, async () => {
      const effect = effects[name]
      if (!effect) throw new Error(`Nothing shows the scenario ${name}.`)
      await effect(await trial({ scenario: `anthropic/${name}` }))
    })
  }
})

test('the list of scenarios has a line for each, with a summary', () => {
  expect(scenarios.map((scenario) => scenario.name).sort()).toEqual(Object.keys(effects).sort())
  expect(scenarios.every(({ summary }) => summary.endsWith('.') && summary.length < 240)).toBe(true)
})

test('a scenario may be that of one vendor alone', async () => {
  const on = await trial({ scenario: 'openai/storm-500' })
  expect(await listed(on)).toEqual([])
  expect(() => on.emulator.setScenario('openai/storm-529')).toThrow('There is no scenario "openai/storm-529"')
  expect(() => on.emulator.setScenario('anthropic/storm-500:on=objects')).toThrow('There is no call "objects"')
  on.emulator.setScenario('anthropic/storm-500:on=content')
  expect(await listed(on)).toEqual([])
})

test('scenarios combine', async () => {
  const on = await trial({ scenario: ['expire-partial:0.5', 'times-with-offset', 'rows-twice:share=1'] })
  const batch = await ended(on, 10)
  expect(batch.request_counts).toMatchObject({ succeeded: 5, expired: 5 })
  expect(await on.rows(batch.id)).toHaveLength(15)
})
