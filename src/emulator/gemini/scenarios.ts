import type { Scenario } from '../scenarios.ts'
import type { GeminiFaults } from './faults.ts'
import { geminiWireScenarios } from './scenarios-wire.ts'

export const geminiScenarios: readonly Scenario<GeminiFaults>[] = [...geminiWireScenarios]
