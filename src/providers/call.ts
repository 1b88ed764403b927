import type { Clock } from '../kit/clock.ts'
import type { Http } from '../kit/http.ts'

/** What one call needs: where, as whom, by which wires. */
export interface Call {
  readonly baseUrl: string
  /** Empty where `authorize` stands in for it. */
  readonly apiKey: string
  /** Headers that authorize one call, where the account has no lasting key: a token is made, and renewed, as needed. */
  authorize?(): Promise<Readonly<Record<string, string>>>
  /** What else the account needs, by the provider's own names. */
  readonly settings?: Readonly<Record<string, string>>
  /** The account lies where the vendor's data-residency price applies to all that is bought. */
  readonly resident?: boolean
  /** Organisation, project and the like, as the vendor's headers want them. */
  readonly headers: Readonly<Record<string, string>>
  readonly http: Http
  readonly clock: Clock
  readonly signal?: AbortSignal
}
