import { describe, expect, test } from 'vitest'
import { scenarios as allScenarios } from '../../src/emulator/index.ts'
import { vertexEffects } from './vertex-effects.ts'
import { storageEffects } from './vertex-storage-effects.ts'
import { trial } from './vertex-trial.ts'

const doors = { vertex: vertexEffects, gcs: storageEffects }

describe.each(Object.entries(doors))('every scenario of %s shows', (vendor, effects) => {
  const scenarios = allScenarios.filter(({ vendors }) => vendors?.includes(vendor))

  for (const { name, summary } of scenarios) {
    test(`${name}: ${summary}`, async () => {
      const effect = effects[name]
      if (!effect) throw new Error(`Nothing shows the scenario ${name}.`)
      await effect(await trial({ scenario: name }))
    })
  }

  test('and every effect has a scenario', () => {
    expect(scenarios.map(({ name }) => name).sort()).toEqual(Object.keys(effects).sort())
  })
})
