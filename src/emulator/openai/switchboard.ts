import { digest } from '../chance.ts'
import { type ActiveScenario, activate, type Scenario } from '../scenarios.ts'
import type { AccountFaults, BatchFaults, OpenAiFaults, Operation, RowFault, RowRule, WireAct } from './faults.ts'

/** Asks the scenarios that are switched on what goes wrong now, and counts down what is left of them. */
export interface Switchboard {
  set(texts: readonly string[]): void
  readonly active: readonly string[]
  /** The fault that strikes this call, if any. `applies` lets a fault look at the call before it is used up. */
  wire(operation: Operation, applies?: (act: WireAct) => boolean): WireAct | undefined
  batch(): BatchFaults
  /** A judge of the lines of one batch. */
  rows(): (bodySha256: string, bodyText: string) => RowFault | undefined
  account(): AccountFaults
}

export function createSwitchboard(known: readonly Scenario<OpenAiFaults>[], seed: number): Switchboard {
  let active: ActiveScenario<OpenAiFaults>[] = []
  // How often a scenario has already struck a body: a transient fault of a line must be gone when the line is retried.
  const strikes = new Map<string, number>()
  return {
    set(texts) {
      active = activate(known, texts)
      strikes.clear()
    },
    get active() {
      return active.map((scenario) => scenario.text)
    },
    wire(operation, applies) {
      for (const scenario of active) {
        if (scenario.remaining <= 0) continue
        for (const fault of scenario.faults.wire ?? []) {
          if (!fault.on.includes(operation) || applies?.(fault.act) === false) continue
          if (scenario.passing > 0) {
            scenario.passing--
            continue
          }
          scenario.remaining--
          return fault.act
        }
      }
      return undefined
    },
    batch() {
      let faults: BatchFaults = {}
      for (const scenario of active) {
        if (!scenario.faults.batch || scenario.remaining <= 0) continue
        // Line faults of the same scenario count by body, so only a pure batch fault is used up here.
        if (!scenario.faults.rows) scenario.remaining--
        faults = { ...faults, ...scenario.faults.batch }
      }
      return faults
    },
    rows() {
      const judges = active
        .filter((scenario) => scenario.faults.rows)
        .map(({ name, remaining, faults }) => ({ name, remaining, rules: faults.rows ?? [] }))
      return (bodySha256, bodyText) => {
        for (const { name, remaining, rules } of judges) {
          const rule = ruleFor(rules, drawOf(name, seed, bodySha256), bodyText)
          if (!rule) continue
          const times = rule.times ?? remaining
          if (times !== Number.POSITIVE_INFINITY) {
            const key = `${name} ${bodySha256}`
            const struck = strikes.get(key) ?? 0
            if (struck >= times) continue
            strikes.set(key, struck + 1)
          }
          return rule.fault
        }
        return undefined
      }
    },
    account: () => Object.assign({}, ...active.map((scenario) => scenario.faults.account ?? {})) as AccountFaults,
  }
}

/** Where a body falls in [0, 1) for one scenario: always at the same place. */
function drawOf(scenario: string, seed: number, bodySha256: string): number {
  return Number.parseInt(digest(scenario, seed, bodySha256).slice(0, 8), 16) / 4_294_967_296
}

/** The rules of one scenario share the range among them, so that no body falls to two of them. */
function ruleFor(rules: readonly RowRule[], draw: number, bodyText: string): RowRule | undefined {
  let from = 0
  for (const rule of rules) {
    if (draw >= from && draw < from + rule.share && rule.concerns?.(bodyText) !== false) return rule
    from += rule.share
  }
  return undefined
}
