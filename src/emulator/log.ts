/** Something a client did that matters to who bought what. */
export interface Act {
  readonly seq: number
  /** Emulated time. */
  readonly at: string
  readonly vendor: string
  readonly act: string
  readonly [detail: string]: unknown
}

export interface ActLog {
  record(vendor: string, act: string, details: Readonly<Record<string, unknown>>): void
  acts(): readonly Act[]
}

/** One purchase as the vendor sees it. The judge of "bought twice" is here and not in the client's own books. */
export interface Purchase {
  readonly vendor: string
  readonly id: string
  readonly state: string
  readonly createdAt: string
  readonly inputFileId: string
  readonly metadata: unknown
  readonly endpoint: string
  readonly model: string | null
  /** Lines of the input. */
  readonly lines: number
  /** Lines that were run to an answer or an error. */
  readonly executed: number
  /** Lines with an answer that is paid for. */
  readonly billed: number
  /** What the vendor's console shows as its request counter: not to be trusted, and in one scenario wrong. */
  readonly consoleRequests: number
  /** sha256 over the custom_ids in input order. */
  readonly idsDigest: string
  readonly rows?: readonly PurchasedRow[]
}

export interface PurchasedRow {
  readonly customId: unknown
  /** sha256 of the line's body as compact JSON: it names the request, whatever id the client gave this purchase. */
  readonly bodySha256: string
  /** Position in the input file, from 1. */
  readonly line: number
  readonly executed: boolean
  readonly billed: boolean
}

/** How often each body was executed and paid for. */
export interface Tally {
  readonly submissions: number
  readonly executions: number
  readonly bodies: number
  /** Bodies paid for more than once, with every time they were. */
  readonly repeated: readonly {
    readonly bodySha256: string
    readonly bought: readonly { readonly batch: string; readonly customId: unknown }[]
  }[]
}

export function createActLog(now: () => number): ActLog {
  const acts: Act[] = []
  return {
    record(vendor, act, details) {
      acts.push({ seq: acts.length + 1, at: new Date(now()).toISOString(), vendor, act, ...details })
    },
    acts: () => acts,
  }
}

export function tallyOf(purchases: Iterable<Purchase>): Tally {
  const byBody = new Map<string, { batch: string; customId: unknown }[]>()
  let submissions = 0
  let executions = 0
  for (const purchase of purchases) {
    submissions++
    for (const row of purchase.rows ?? []) {
      if (!row.billed) continue
      executions++
      const bought = byBody.get(row.bodySha256)
      if (bought) bought.push({ batch: purchase.id, customId: row.customId })
      else byBody.set(row.bodySha256, [{ batch: purchase.id, customId: row.customId }])
    }
  }
  const repeated = [...byBody]
    .filter(([, bought]) => bought.length > 1)
    .map(([bodySha256, bought]) => ({ bodySha256, bought }))
  return { submissions, executions, bodies: byBody.size, repeated }
}
