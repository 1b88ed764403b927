import type { Emulator, Purchase } from '../../src/emulator/index.ts'
import type { Receipt } from '../../src/index.ts'
import { idOf, type OutputLine } from './field.ts'

/** What the vendor's log and bill say of a home's jobs, beside what the jobs say of themselves. */
export interface Verdict {
  /** What does not hold, in words; empty when all does. */
  readonly faults: readonly string[]
  /** Purchases at the vendor, those it refused in validation included. */
  readonly purchases: number
  /** Of them, those that ran. */
  readonly ran: number
  /** Bodies that ran in more than one purchase: because their rows failed and flew again, or by a fault of ours. */
  readonly ranTwice: number
  /** Rows that were paid for. */
  readonly paidRows: number
  /** Bodies that were paid for more than once. */
  readonly paidTwice: number
  /** Nothing where no price is known: the books are closed in tokens then. */
  readonly nanoUsd: {
    readonly bill: bigint
    readonly proven: bigint
    readonly unproven: bigint
    readonly duplicate: bigint
  }
}

/** A job that has ended. */
export interface Landed {
  /** Of its requests, in input order; null for a table, whose rows have none. */
  readonly ids: readonly string[] | null
  readonly receipt: Receipt
  /** Null for a table. */
  readonly lines: readonly OutputLine[] | null
}

/**
 * Judges jobs that have ended: every request has one outcome and one line, in order; nothing was paid for twice; the
 * books close. The vendor's word counts, not ours.
 * @param jobs  all of the home; the bodies of their requests must all differ
 */
export async function judge(emulator: Emulator, jobs: readonly Landed[]): Promise<Verdict> {
  const faults = jobs.flatMap(({ ids, receipt, lines }) => [
    ...(ids === null || lines === null ? [] : faultsOfOutput(ids, lines)),
    ...faultsOfCount(receipt, lines),
  ])
  const tally = await emulator.tally()
  const { purchases } = await emulator.log({ ids: true })
  for (const { bodySha256, bought } of tally.repeated) {
    faults.push(`body ${bodySha256.slice(0, 12)} was paid for ${bought.length} times`)
  }
  const billed = await emulator.bill()
  const priced = jobs.every(({ receipt }) => receipt.usd.charged !== null)
  const bill = priced ? BigInt(billed.nanoUsd) : 0n
  const sum = (of: 'charged' | 'unproven' | 'duplicate'): bigint =>
    jobs.reduce((total, { receipt }) => total + nano(receipt.usd[of] ?? '0'), 0n)
  const nanoUsd = { bill, proven: sum('charged'), unproven: sum('unproven'), duplicate: sum('duplicate') }
  faults.push(...(priced ? faultsOfBooks(nanoUsd) : faultsOfTokens(billed, jobs)))
  return {
    faults,
    purchases: purchases.length,
    ran: purchases.filter(({ executed }) => executed > 0).length,
    ranTwice: repeatedIn(purchases),
    paidRows: tally.executions,
    paidTwice: tally.repeated.length,
    nanoUsd,
  }
}

function repeatedIn(purchases: readonly Purchase[]): number {
  const runs = new Map<string, number>()
  for (const { bodySha256, executed } of purchases.flatMap(({ rows = [] }) => rows))
    if (executed) runs.set(bodySha256, (runs.get(bodySha256) ?? 0) + 1)
  return [...runs.values()].filter((count) => count > 1).length
}

function faultsOfOutput(ids: readonly string[], lines: readonly OutputLine[]): string[] {
  if (lines.length !== ids.length) return [`${ids.length} requests have ${lines.length} output lines`]
  const at = lines.findIndex((line, index) => idOf(line) !== ids[index])
  return at < 0 ? [] : [`output line ${at + 1} is of ${idOf(lines[at] as OutputLine)}, not of ${ids[at]}`]
}

function faultsOfCount({ requests }: Receipt, lines: readonly OutputLine[] | null): string[] {
  const { total, succeeded, failed, expired, cancelled, missing } = requests
  const counted = succeeded + failed + expired + cancelled + missing
  const faults = counted === total ? [] : [`${counted} outcomes for ${total} requests`]
  if (lines === null) return faults
  const answered = lines.filter(isAnswered).length
  return answered === succeeded ? faults : [...faults, `${answered} lines with an answer, ${succeeded} succeeded`]
}

const isAnswered = ({ key, response, error, status, result }: OutputLine): boolean =>
  key === undefined
    ? response?.status_code === 200 || result?.type === 'succeeded'
    : error === undefined && status === undefined && Object.keys(response ?? {}).length > 0

/** The books close: proven + duplicate <= bill <= proven + duplicate + unproven, to the nano-dollar. */
function faultsOfBooks({ bill, proven, unproven, duplicate }: Verdict['nanoUsd']): string[] {
  const low = proven + duplicate
  const high = low + unproven
  return low <= bill && bill <= high
    ? []
    : [`the books do not close: bill ${bill}, proven ${proven}, duplicate ${duplicate}, unproven ${unproven} nano-USD`]
}

/** Tokens of each kind, exactly as the vendor bills them. */
function faultsOfTokens({ entries }: Awaited<ReturnType<Emulator['bill']>>, jobs: readonly Landed[]): string[] {
  const open = new Map<string, number>()
  const add = (kind: string, tokens: number): void => void open.set(kind, (open.get(kind) ?? 0) + tokens)
  for (const { kind, tokens } of entries) add(kind, Number(tokens))
  for (const { receipt } of jobs) for (const [kind, tokens] of Object.entries(receipt.tokens)) add(kind, -tokens)
  return [...open].flatMap(([kind, tokens]) =>
    tokens === 0 ? [] : [`the books do not close: ${tokens} more ${kind} tokens are billed than charged`],
  )
}

/** Decimal USD as nano-USD, by hand: the judge trusts no arithmetic of the accused. */
export function nano(usd: string): bigint {
  const [whole = '0', fraction = ''] = usd.split('.')
  return BigInt(whole + fraction.padEnd(9, '0'))
}
