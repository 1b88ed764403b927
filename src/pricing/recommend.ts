import { type NanoUsd, usd } from '../domain/money.ts'
import { type Lane, vendorOf } from '../domain/usage.ts'

/** Amounts of one lane for one model, before they are printed. Null: no price is known. */
export interface LaneFigures {
  readonly lane: Lane
  readonly low: NanoUsd | null
  readonly high: NanoUsd | null
  readonly standard: NanoUsd | null
  readonly onTime: number | null
  readonly flyable: boolean
}

/** A lane is taken to meet a deadline from this chance on. */
const sureEnough = 0.9

/** Where another lane can still save the deadline, a cheap one is tried from this chance on. */
const worthTrying = 0.1

interface Candidate {
  readonly lane: Lane
  readonly high: NanoUsd
  readonly standard: NanoUsd | null
  readonly onTime: number | null
}

/**
 * The lane to take, and why, in one sentence: the cheapest, by its high figure, that meets the deadline; where none
 * does, the likeliest. A lane counts when it can be bought and has a price for every model it would carry. Lanes of
 * one vendor are compared, the first one's: another vendor's lane would carry other models.
 */
export function recommend(
  figures: readonly LaneFigures[],
  when: { readonly deadline?: number | null; readonly lastResort?: Lane | undefined },
): { recommended: Lane | null; reason: string } {
  const cheapest = candidatesOf(figures).toSorted((a, b) => compare(a.high, b.high))
  const deadline = when.deadline ?? null
  const first = cheapest[0]
  if (first === undefined) {
    const unpriced = figures.some(({ flyable }) => flyable)
    const why = unpriced ? 'no lane that can be flown has a price for every model' : 'no lane can be flown'
    return { recommended: null, reason: `Nothing is recommended: ${why}.` }
  }
  if (deadline === null) {
    return { recommended: first.lane, reason: `${first.lane} is the cheapest lane${againstStandard(first)}.` }
  }
  const by = new Date(deadline).toISOString()
  const resort = cheapest.find(({ lane }) => lane === when.lastResort)
  const likely = cheapest.find(({ onTime }) => (onTime ?? 0) >= worthTrying)
  if (resort !== undefined && likely !== undefined && (resort.onTime ?? 0) >= sureEnough && likely !== resort) {
    const chance = `has a chance of ${percent(likely.onTime ?? 0)} to land by ${by}`
    const reason = `${likely.lane} comes first: it ${chance}${againstStandard(likely)}; what would be late climbs, to ${resort.lane} at the latest.`
    return { recommended: likely.lane, reason }
  }
  const onTime = cheapest.find((lane) => (lane.onTime ?? 0) >= sureEnough)
  if (onTime) {
    const promise = `lands by ${by} with a chance of ${percent(onTime.onTime ?? 0)}`
    const reason = `${onTime.lane} is the cheapest lane that ${promise}${againstStandard(onTime)}.`
    return { recommended: onTime.lane, reason }
  }
  const likeliest = cheapest.toSorted((a, b) => (b.onTime ?? -1) - (a.onTime ?? -1))[0] ?? first
  const chance = likeliest.onTime === null ? 'its chance is not known' : `its chance is ${percent(likeliest.onTime)}`
  const reason = `No lane is sure to land by ${by}; ${likeliest.lane} is the best there is, ${chance}.`
  return { recommended: likeliest.lane, reason }
}

/** Lanes summed over the models they carry. */
function candidatesOf(figures: readonly LaneFigures[]): Candidate[] {
  const [first] = figures
  const rivals = figures.filter(({ lane }) => first && vendorOf(lane) === vendorOf(first.lane))
  const candidates: Candidate[] = []
  for (const [lane, parts] of Map.groupBy(rivals, ({ lane }) => lane)) {
    if (parts.some(({ flyable, high }) => !flyable || high === null)) continue
    let standard: NanoUsd | null = 0n
    for (const part of parts) standard = standard === null || part.standard === null ? null : standard + part.standard
    const high = parts.reduce((all, part) => all + (part.high ?? 0n), 0n)
    candidates.push({ lane, high, standard, onTime: parts[0]?.onTime ?? null })
  }
  return candidates
}

const againstStandard = ({ high, standard }: Candidate): string =>
  standard === null ? '' : `: likely at most ${usd(high)} USD against ${usd(standard)} at the standard price`
const compare = (a: NanoUsd, b: NanoUsd): number => (a < b ? -1 : a > b ? 1 : 0)
/** Rounded down: a chance of 99.6 % is not certainty. */
const percent = (chance: number): string => `${Math.floor(chance * 100)} %`
