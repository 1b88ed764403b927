import { LaneGate } from '../../executor/lane-gate.ts'
import { type Clock, SECOND } from '../../kit/clock.ts'
import { type Measured, measure } from '../../policy/pace.ts'
import type { SyncLimits } from '../../providers/contract.ts'
import type { ShardRow } from '../../stores/contract.ts'

/** Runs on one lane at a time: while the last answers of one come in, the next is under way. */
const TURNS = 2

type Of = Pick<ShardRow, 'lane' | 'accountId' | 'model'>

interface LaneRuns {
  readonly gate: LaneGate
  /** Those at work, and those that wait for their turn, in the order in which they came. */
  running: number
  readonly waiting: (() => void)[]
  measured: Measured
  measuredAt: number
}

/** A place among the runs of a lane. */
export interface Turn {
  readonly gate: LaneGate
  /** So many requests more have been answered. */
  answered(count: number): void
  end(): void
}

/** What the runs of this process on sync lanes have in common, lane by lane, account by account, model by model. */
export class Runs {
  readonly #lanes = new Map<string, LaneRuns>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @returns when it is our turn; undefined when `patient` no longer holds before that */
  async turn(of: Of, { limits, requestsPerMinute, patient }: TurnWanted): Promise<Turn | undefined> {
    const lane = this.#lane(of, limits, requestsPerMinute)
    while (lane.running >= TURNS) {
      if (!(await patient())) return undefined
      await freed(lane)
    }
    if (lane.running++ === 0) lane.measuredAt = this.#clock.now()
    const answered = (count: number): void => {
      const now = this.#clock.now()
      lane.measured = measure(lane.measured, count, (now - lane.measuredAt) / SECOND)
      lane.measuredAt = now
    }
    return {
      gate: lane.gate,
      answered,
      end: () => {
        answered(0)
        lane.running--
        lane.waiting.shift()?.()
      },
    }
  }

  /** What the lane has done lately. */
  measured(of: Of): Measured {
    return this.#lanes.get(nameOf(of))?.measured ?? { requests: 0, seconds: 0 }
  }

  /** Requests a second, of so many tokens, that the vendor's replies allow there; undefined: they have not said. */
  allowed(of: Of, { input, output }: { readonly input: number; readonly output: number }): number | undefined {
    const cost = { requests: 1, input, output, tokens: input + output }
    return this.#lanes.get(nameOf(of))?.gate.pacing.perSecond(cost)
  }

  #lane(of: Of, limits: SyncLimits, requestsPerMinute: number | undefined): LaneRuns {
    const name = nameOf(of)
    let lane = this.#lanes.get(name)
    if (lane === undefined) {
      const now = this.#clock.now()
      const pace = requestsPerMinute === undefined ? {} : { requestsPerMinute }
      const gate = new LaneGate({ limits, pace, now, random: Math.random })
      lane = { gate, running: 0, waiting: [], measured: { requests: 0, seconds: 0 }, measuredAt: now }
      this.#lanes.set(name, lane)
    }
    return lane
  }
}

export interface TurnWanted {
  readonly limits: SyncLimits
  readonly requestsPerMinute?: number | undefined
  /** Asked now and then while others are at work. */
  patient(): Promise<boolean>
}

/** A place became free, or it is time to ask whether one is still wanted; real time. */
async function freed({ waiting }: LaneRuns): Promise<void> {
  const place = Promise.withResolvers<void>()
  waiting.push(place.resolve)
  const timer = setTimeout(place.resolve, ASK_MS)
  await place.promise
  clearTimeout(timer)
  const at = waiting.indexOf(place.resolve)
  if (at >= 0) waiting.splice(at, 1)
}
const ASK_MS = 250

const nameOf = ({ lane, accountId, model }: Of): string => JSON.stringify([accountId, lane, model])
