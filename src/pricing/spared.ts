import { parseUsd, usd } from '../domain/money.ts'
import type { Quote, QuoteGroup } from './quote.ts'

/** Requests that are not bought, or need not be: another of the job asks the same, or an earlier job has the answer. */
export interface SparedQuote {
  readonly what: 'identical' | 'reused'
  readonly requests: number
  /** They are not bought; else they would not be, if that were asked for. */
  readonly isUsed: boolean
  /** What that saves on the recommended lane; null where a price is not known. */
  readonly usd: { readonly low: string; readonly high: string } | null
}

/** Of a group, as shares of its requests and of their tokens. */
export interface SparedShare {
  readonly requests: number
  readonly tokens: number
}

/** A group but for some of its requests. */
export function withoutShare(group: QuoteGroup, { requests, tokens }: SparedShare): QuoteGroup {
  const { inputTokens, outputTokens, most } = group
  return {
    ...group,
    requests: Math.round(group.requests * (1 - requests)),
    inputTokens: { low: Math.floor(inputTokens.low * (1 - tokens)), high: Math.ceil(inputTokens.high * (1 - tokens)) },
    outputTokens: {
      low: Math.floor(outputTokens.low * (1 - requests)),
      high: Math.ceil(outputTokens.high * (1 - requests)),
    },
    ...(most && {
      most: { input: Math.ceil(most.input * (1 - tokens)), output: Math.ceil(most.output * (1 - requests)) },
    }),
  }
}

/** What one quote costs more than another of the same job, on the lane that the other recommends. */
export function savedBetween(more: Quote, less: Quote): SparedQuote['usd'] {
  const sum = ({ lanes }: Quote, end: 'low' | 'high'): bigint | null =>
    lanes
      .filter(({ lane, flyable }) => (less.recommended === null ? flyable : lane === less.recommended))
      .reduce<bigint | null>((all, line) => {
        const amount = line.usd[end]
        return all === null || amount === null ? null : all + parseUsd(amount)
      }, 0n)
  const between = (end: 'low' | 'high'): string | null => {
    const [most, least] = [sum(more, end), sum(less, end)]
    return most === null || least === null ? null : usd(most > least ? most - least : 0n)
  }
  const [low, high] = [between('low'), between('high')]
  return low === null || high === null ? null : { low, high }
}
