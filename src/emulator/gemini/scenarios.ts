import type { Scenario } from '../scenarios.ts'
import type { GeminiFaults } from './faults.ts'
import { geminiAccountScenarios } from './scenarios-account.ts'
import { geminiBatchScenarios } from './scenarios-batch.ts'
import { geminiRowForms, googleRowScenarios } from './scenarios-rows.ts'
import { geminiWireScenarios } from './scenarios-wire.ts'

export const geminiScenarios: readonly Scenario<GeminiFaults>[] = [
  ...geminiWireScenarios,
  ...geminiBatchScenarios,
  ...googleRowScenarios,
  ...geminiRowForms,
  ...geminiAccountScenarios,
]
