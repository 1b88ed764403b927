/** How often a scenario strikes, and its other numbers and words. */
export type Parameters = Readonly<Record<string, string>>

/**
 * A trouble with a name. `faults` is what the vendor's side does differently; `times` says how often: calls for a fault
 * of the wire, submissions for a fault of a batch, and tries of one and the same body for a fault of a line.
 */
export interface Scenario<Faults> {
  readonly name: string
  /** Parameters with their defaults, in the order in which they may be given without a name. */
  readonly parameters: Parameters
  readonly summary: string
  /** Where it was seen or is documented. */
  readonly source?: string
  readonly faults: (read: Reader) => Faults
}

/** A scenario as it is listed for people. */
export interface ScenarioListing {
  readonly name: string
  readonly parameter?: string
  readonly summary: string
  readonly source?: string
  /** Names of the vendors that have it; in the list of one vendor, none. */
  readonly vendors?: readonly string[]
}

export interface Reader {
  number(name: string): number
  text(name: string): string
  /** A count, where `always` is without end. */
  count(name: string): number
}

/** A scenario that is switched on, with what is left of it. */
export interface ActiveScenario<Faults> {
  readonly name: string
  readonly text: string
  readonly faults: Faults
  remaining: number
  /** Strikes to be let pass first. */
  passing: number
}

export class ScenarioUnknown extends Error {
  readonly code = 'scenario_unknown'
}

export function listingOf(scenario: Scenario<unknown>): ScenarioListing {
  const parameter = Object.entries(scenario.parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
  return {
    name: scenario.name,
    ...(parameter === '' ? {} : { parameter }),
    summary: scenario.summary,
    ...(scenario.source === undefined ? {} : { source: scenario.source }),
  }
}

/** The scenarios of all vendors: one that several have is listed once, with their names. */
export function listedTogether(
  vendors: readonly { readonly name: string; readonly scenarios: readonly ScenarioListing[] }[],
): readonly ScenarioListing[] {
  const together = new Map<string, ScenarioListing & { readonly vendors: readonly string[] }>()
  for (const vendor of vendors) {
    for (const listing of vendor.scenarios) {
      const known = together.get(listing.name)
      together.set(listing.name, { ...(known ?? listing), vendors: [...(known?.vendors ?? []), vendor.name] })
    }
  }
  return [...together.values()]
}

/**
 * Switch scenarios on by text: `name`, `name:0.6` (its first parameter), `name:share=0.6,times=2`; several joined by
 * `+`. Every parameter has a default; `times=always` lifts the count.
 */
export function activate<Faults>(
  known: readonly Scenario<Faults>[],
  texts: readonly string[],
): ActiveScenario<Faults>[] {
  return texts
    .flatMap((text) => text.split('+'))
    .map((text) => text.trim())
    .filter((text) => text !== '' && text !== 'default')
    .map((text) => activateOne(known, text))
}

function activateOne<Faults>(known: readonly Scenario<Faults>[], text: string): ActiveScenario<Faults> {
  const colon = text.indexOf(':')
  const name = colon < 0 ? text : text.slice(0, colon)
  const scenario = known.find((candidate) => candidate.name === name)
  if (!scenario) {
    throw new ScenarioUnknown(
      `There is no scenario ${JSON.stringify(name)}. Known: ${known.map((s) => s.name).join(', ')}.`,
    )
  }
  const values: Record<string, string> = { ...scenario.parameters }
  const names = Object.keys(values)
  const given = colon < 0 ? [] : text.slice(colon + 1).split(/[,:]/)
  for (const [index, part] of given.entries()) {
    const equals = part.indexOf('=')
    const key = equals < 0 ? names[index] : part.slice(0, equals).trim()
    if (key === undefined || !(key in values)) {
      throw new ScenarioUnknown(
        `Scenario ${name} has no parameter for ${JSON.stringify(part)}; it has ${names.join(', ') || 'none'}.`,
      )
    }
    values[key] = (equals < 0 ? part : part.slice(equals + 1)).trim()
  }
  const read = readerOf(name, values)
  return {
    name,
    text,
    faults: scenario.faults(read),
    remaining: 'times' in values ? read.count('times') : Number.POSITIVE_INFINITY,
    passing: 'after' in values ? read.count('after') : 0,
  }
}

function readerOf(scenario: string, values: Parameters): Reader {
  const text = (name: string) => {
    const value = values[name]
    if (value === undefined) throw new ScenarioUnknown(`Scenario ${scenario} has no parameter ${name}.`)
    return value
  }
  const number = (name: string) => {
    const value = Number(text(name))
    if (!Number.isFinite(value))
      throw new ScenarioUnknown(`Scenario ${scenario}: ${name} must be a number, not ${text(name)}.`)
    return value
  }
  return { text, number, count: (name) => (text(name) === 'always' ? Number.POSITIVE_INFINITY : number(name)) }
}
