import { UsageError } from '../domain/errors.ts'
import { hoursOf, instantOf } from '../kit/wall-time.ts'

/** The hours in which an engine may be used: `22:00-06:00`, by the clock on the wall there. */
export class IdleHours {
  readonly #opens: string
  readonly #closes: string
  readonly #zone: string
  #open = false
  #from = Number.POSITIVE_INFINITY
  #until = Number.NEGATIVE_INFINITY

  /**
   * @param text  `HH:MM-HH:MM`; over midnight where the end comes before the start, always where they are equal
   * @param zone  IANA name
   * @throws UsageError
   */
  constructor(text: string, zone: string) {
    const hours = hoursOf(text)
    if (hours === undefined) throw new UsageError(`"${text}" names no hours.`, 'Say from when to when, as 22:00-06:00.')
    this.#opens = hours.opens
    this.#closes = hours.closes
    this.#zone = zone
  }

  isOpen(now: number): boolean {
    this.#look(now)
    return this.#open
  }

  /** When that changes next; never, where it is always open. */
  changesAt(now: number): number {
    this.#look(now)
    return this.#until
  }

  /** It is open when it closes before it opens. Asked for each request, and looked up twice a day. */
  #look(now: number): void {
    if (now >= this.#from && now < this.#until) return
    this.#from = now
    const [opens, closes] = [this.#opens, this.#closes].map((at) => instantOf(at, now, this.#zone) as number)
    this.#open = (closes as number) <= (opens as number)
    this.#until = opens === closes ? Number.POSITIVE_INFINITY : Math.min(opens as number, closes as number)
  }
}
