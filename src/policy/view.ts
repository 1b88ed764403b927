import type { LandingPrior } from './landing.ts'

/** All that a decision may know about one job, at one moment. Times are epoch ms, durations are seconds. */
export interface View {
  /** Null: no hurry; the job flies on its cheapest lane of submissions and never climbs. */
  readonly deadline: number | null
  readonly startedAt: number
  /** Every shard with requests that have no outcome yet. */
  readonly shards: readonly ShardView[]
  /** Submissions of this job that ended by themselves, from which a night's pace is read. */
  readonly landed: readonly LandedView[]
  /** The lanes that the job may climb, one offer for each account and model that it may use there. */
  readonly offers: readonly Offer[]
  /** What may still be committed, in prices of one request at standard; null: no budget. */
  readonly budgetLeft: number | null
}

export interface ShardView {
  readonly id: string
  /**
   * Requests without an outcome in our hands. On a lane of submissions those that the vendor says it has finished are
   * still among them; on a sync lane every answer leaves the count when it is durable.
   */
  readonly requests: number
  /** Null: none of it flies. */
  readonly flight: FlightView | null
  /** Names of the offers that it has flown on before, the flight of now not among them. */
  readonly tried: readonly string[]
}

export interface FlightView {
  /** The name of its offer. */
  readonly offer: string
  readonly since: number
  /** Requests that the vendor says it has finished; null: it does not say. */
  readonly done: number | null
  /** When `done` last grew, or on a sync lane an answer last came; null: not yet, on a sync lane it waits in the queue. */
  readonly movedAt: number | null
  readonly cancelledAt: number | null
}

export interface LandedView {
  readonly offer: string
  readonly seconds: number
}

interface OfferFacts {
  /** Unique in the view: the lane with its account, and the model where there are several. */
  readonly name: string
  readonly lane: string
  readonly account: string
  /** Where several may answer. */
  readonly model?: string
  /** Of one request, where one at standard is 1; of several models: at standard of the model that was asked for. */
  readonly price: number
  /** Neither the vendor nor a proxy answers; nothing can be bought, cancelled or collected. */
  readonly down: boolean
  /** Requests that may be bought before a quota is full. */
  readonly room: number
  /**
   * What may pass until something cancelled has ended: the vendor's own figure for submissions; on a sync lane how long
   * requests in flight are still waited for.
   */
  readonly cancelSeconds: number
}

/** Bought as submissions that end when the vendor pleases. */
export interface BatchOffer extends OfferFacts {
  readonly kind: 'batch'
  /** When submissions of this job's shards end: from priors and own samples. */
  readonly landing: LandingPrior
  /** A cancelled or expired submission returns what it had finished. */
  readonly returnsPartial: boolean
}

/** Request by request, at a pace that is measured. */
export interface SyncOffer extends OfferFacts {
  readonly kind: 'sync'
  readonly pace: Pace
  /** Answers when there is room and turns away when there is none: worth trying, not to be relied upon. */
  readonly sheds: boolean
  /** Own engines have hours: when the present or next window opens and closes. */
  readonly window: { readonly opens: number; readonly closes: number } | null
}

export type Offer = BatchOffer | SyncOffer

/** Requests a second: the median, and the standard deviation of its logarithm. */
export interface Pace {
  readonly perSecond: number
  readonly sigma: number
}

/** What a job waits for: `turn` is its place in the queue of a lane that is at work. */
export type Waits = 'landing' | 'turn' | 'vendor' | 'quota' | 'budget'

/** What to do next, and why in words with the numbers that led to it. */
export type Decision = { readonly reason: string } & (
  | { readonly do: 'wait'; readonly until: number; readonly for: Waits }
  | { readonly do: 'submit'; readonly shards: readonly string[]; readonly offer: Offer }
  | { readonly do: 'cancel'; readonly shards: readonly string[]; readonly to: Offer | null }
  | {
      readonly do: 'climb'
      readonly shards: readonly string[]
      readonly offer: Offer
      /** The cancelled submission has not ended yet: it is left to itself, and may be paid for besides. */
      readonly abandons: boolean
    }
  | { readonly do: 'finish' }
)
