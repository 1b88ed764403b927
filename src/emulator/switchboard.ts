import { digest } from './chance.ts'
import { type ActiveScenario, activate, type Scenario } from './scenarios.ts'

/** A fault of calls. */
export interface WireFault<Operation, Act> {
  readonly on: readonly Operation[]
  readonly act: Act
}

/** A fault that picks lines by their body, so that a retried request can be met again, or be left alone. */
export interface RowRule<Fault> {
  /** Share of the lines that are struck. */
  readonly share: number
  readonly fault: Fault
  /** How often one body is struck; without it, as often as the scenario says. */
  readonly times?: number
  /** Tells whether a body is concerned at all. */
  readonly concerns?: (bodyText: string) => boolean
}

/** What one scenario changes on a vendor's side. */
export interface Faults<Operation, Act, BatchFaults, RowFault, AccountFaults> {
  readonly wire?: readonly WireFault<Operation, Act>[]
  readonly batch?: BatchFaults
  readonly rows?: readonly RowRule<RowFault>[]
  readonly account?: AccountFaults
}

/** Asks the scenarios that are switched on what goes wrong now, and counts down what is left of them. */
export interface Switchboard<Operation, Act, BatchFaults, RowFault, AccountFaults> {
  set(texts: readonly string[]): void
  readonly active: readonly string[]
  /** The fault that strikes this call, if any. `applies` lets a fault look at the call before it is used up. */
  wire(operation: Operation, applies?: (act: Act) => boolean): Act | undefined
  batch(): BatchFaults
  /** A judge of the lines of one batch. */
  rows(): (bodySha256: string, bodyText: string) => RowFault | undefined
  account(): AccountFaults
}

export function createSwitchboard<Operation, Act, BatchFaults extends object, RowFault, AccountFaults extends object>(
  known: readonly Scenario<Faults<Operation, Act, BatchFaults, RowFault, AccountFaults>>[],
  seed: number,
): Switchboard<Operation, Act, BatchFaults, RowFault, AccountFaults> {
  let active: ActiveScenario<Faults<Operation, Act, BatchFaults, RowFault, AccountFaults>>[] = []
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
      let faults = {} as BatchFaults
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
function ruleFor<Fault>(rules: readonly RowRule<Fault>[], draw: number, bodyText: string): RowRule<Fault> | undefined {
  let from = 0
  for (const rule of rules) {
    if (draw >= from && draw < from + rule.share && rule.concerns?.(bodyText) !== false) return rule
    from += rule.share
  }
  return undefined
}
