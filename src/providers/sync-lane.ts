import type { RowScanner } from '../domain/scanned-row.ts'
import type { Reply } from '../kit/request-pool.ts'
import type { Call } from './call.ts'

/**
 * A lane on which each request is a call of its own. There is no purchase to look up: what was sent and not answered is
 * perhaps paid for. All of it is pure words; the executor sends, waits, paces and writes down.
 */
export interface SyncLane {
  readonly limits: SyncLimits
  /** How the requests of one endpoint and model are worded. */
  word(call: Call, endpoint: string, model: string): Wording
  /** What a reply means for the request and for the lane. */
  read(reply: Reply): Verdict
  /** What the vendor says is left of the account's rates, by the headers of a reply. */
  rates(headers: Reply['headers']): readonly Rate[]
  /** A reply as a row of results, which `scanRow` reads. */
  row(reply: Reply): ReplyRow
  /** The whole of a row for a request that was given up without a reply of the vendor. */
  lostRow(id: string, why: 'timeout' | 'unreachable', message: string): string
  /** Whether an account at this place can buy there. Absent: each can. */
  soldAt?(baseUrl: string): boolean
  readonly scanRow: RowScanner
  /** URL of the module that exports `scanRow`, as in BatchLane. */
  readonly scanner: URL
  /** As in BatchLane. */
  readonly ownRows?: boolean
  /** The model is named by the address, and the body takes none: it is overwritten with spaces. */
  readonly blanksModel?: boolean
  /** A setting that an account has to have, else the lane is not bought with it. */
  readonly needsSetting?: string
  readonly later?: Later
}

export interface SyncLimits {
  readonly endpoints: readonly string[]
  /** As in Limits. */
  endpointsOf?(model: string): readonly string[]
  readonly bodyBytesMax: number
  /** How long an answer may take, real time. */
  readonly answerMs: number
  /** Requests in flight at which the lane is tried first, and the most there are ever. */
  readonly concurrencyStart: number
  readonly concurrencyMax: number
}

export interface Wording {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /**
   * Members of the body whose value is the lane's to say: each overwrites the request's own, under any of its spellings,
   * or is put in first under the first of them.
   */
  readonly members?: readonly { readonly names: readonly string[]; readonly json: string }[]
}

/** A lane that takes a request and answers later: the reply is a promise, and the answer is asked for. */
export interface Later {
  /** Within what time it means to answer, vendor time. */
  readonly withinMs: number
  /** The name of what is promised; null: the reply is the answer. */
  promiseIn(reply: Reply): string | null
  /** How it is asked for. */
  ask(call: Call, promise: string): Pick<Wording, 'url' | 'headers'>
  /** Nobody wants it any more: how that is posted. */
  withdraw(call: Call, promise: string): Pick<Wording, 'url' | 'headers'>
}

/** Text around the id and the body of one reply; `body`, where it is there, instead of the reply's own. */
export interface ReplyRow {
  readonly beforeId: string
  readonly afterId: string
  readonly afterBody: string
  readonly body?: string
}

export type Verdict =
  /** An answer, or a refusal of this one request: final, and its row says which. */
  | { readonly kind: 'final' }
  /** Another try may do better. */
  | {
      readonly kind: 'again'
      readonly why:
        | 'rate' // we are too fast
        | 'drought' // the lane has no room to sell
        | 'overloaded' // the vendor is
        | 'trouble' // of the vendor, with this request
      readonly retryAfterMs?: number
      /** It may have run and be paid for: a gateway gave up, or what came is no answer. */
      readonly perhapsBilled: boolean
      readonly message: string
    }
  /** No request of this account will do better. */
  | { readonly kind: 'halt'; readonly why: 'credentials' | 'billing'; readonly message: string }

/** What an account may do in a minute, of one kind. */
export interface Rate {
  /** `tokens`: input and output together. */
  readonly of: 'requests' | 'tokens' | 'input' | 'output'
  readonly limit: number
  readonly left: number
  /** Until it is whole again, vendor time. */
  readonly resetMs: number
}
