import type { Receipt } from '../domain/receipt.ts'

/** What the process ends with. */
export const exit = {
  done: 0,
  /** Some requests failed; the results are written. */
  someFailed: 1,
  /** Nothing was sent. */
  usage: 2,
  refused: 3,
  /** Provider or store. */
  unavailable: 4,
  /** A check that was asked for found something. */
  gateFailed: 5,
  stillFlying: 75,
  detached: 130,
} as const

/** Answers that fail their schema count only where the job was told to fail them. */
export function exitOf({ state, requests }: Pick<Receipt, 'state' | 'requests'>): number {
  if (state === 'failed') return exit.unavailable
  if (state !== 'landed' && state !== 'cancelled') return exit.stillFlying
  return requests.succeeded === requests.total ? exit.done : exit.someFailed
}

/** Of several jobs, what matters most. */
export function worstOf(codes: readonly number[]): number {
  const order: readonly number[] = [
    exit.detached,
    exit.unavailable,
    exit.refused,
    exit.usage,
    exit.stillFlying,
    exit.someFailed,
  ]
  return order.find((code) => codes.includes(code)) ?? exit.done
}
