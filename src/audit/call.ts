import type { Usage } from '../domain/usage.ts'

/** What a log or a usage report tells of one call, or of all like calls of an hour or a day. */
export interface LoggedCall {
  /** When it began, epoch ms. */
  readonly at: number
  /** 0: one call. Else the calls of a span of time together, ms. */
  readonly widthMs: number
  /** null: the report does not count them. */
  readonly requests: number | null
  /** As the log names it; empty when it does not. */
  readonly vendor: string
  readonly model: string
  /** `service_tier` and its like, in the vendor's word; empty when it is not said. */
  readonly tier: string
  /** Charged at long-context rates, where the log says so itself. */
  readonly long?: boolean
  /** The vendor's data-residency price applies. */
  readonly resident?: boolean
  /** None counted in two kinds. */
  readonly usage: Usage
  /** Whose calls these are: an API key, a project, a team. */
  readonly key: string
  /** For whom it was asked; empty when nobody is named. */
  readonly user: string
  /** The conversation it belongs to. */
  readonly session: string
  /** What was asked, as far as it was always the same: the name of a prompt, of a step, a tag. */
  readonly template: string
  /** The prompt itself where the log has it. Only its length and how much of it repeats are kept. */
  readonly prompt?: string
}

/** A line that is no call anybody was billed for, and why. */
export interface PassedOver {
  readonly passedOver: string
}

export const isPassedOver = (read: LoggedCall | PassedOver): read is PassedOver => 'passedOver' in read
