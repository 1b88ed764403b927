import { type Chance, normal } from './chance.ts'

/** Durations of a batch in emulated seconds. */
export interface Latency {
  /** Median of the time in progress for about 100 lines; it grows with the size to the power of 0.3. 0: at once. */
  readonly medianSeconds: number
  /** Spread: the standard deviation of its logarithm. */
  readonly sigma: number
  readonly validatingSeconds: number
  readonly finalizingSeconds: number
  readonly cancellingSeconds: number
}

export const defaultLatency: Latency = {
  medianSeconds: 240,
  sigma: 0.6,
  validatingSeconds: 3,
  finalizingSeconds: 2,
  cancellingSeconds: 55,
}

/** How long the lines of a batch take, all of them; about a kilobyte a line will do for a guess at their number. */
export function runMsOf(latency: Latency, chance: Chance, bytes: number, runSeconds: number | undefined): number {
  const spread = Math.exp(latency.sigma * normal(chance))
  const scale = Math.min(6, Math.max(0.3, (Math.max(1, bytes / 1000) / 100) ** 0.3))
  return 1000 * (runSeconds ?? latency.medianSeconds * scale * spread)
}
