/** Nights of one kind under one policy. */
export class Tally {
  readonly #ratios: number[] = []
  #onTime = 0
  #cost = 0
  #standard = 0

  /** @param cost, oracle, standard  what was paid, what an oracle would have, and all of it at standard */
  add(onTime: boolean, cost: number, oracle: number, standard: number): void {
    this.#onTime += onTime ? 1 : 0
    this.#ratios.push(cost / oracle)
    this.#cost += cost / standard
    this.#standard += 1
  }

  get nights(): number {
    return this.#ratios.length
  }

  get onTime(): number {
    return this.#onTime / this.nights
  }

  /** The lower bound of the on-time share, 95 % (Wilson). */
  get onTimeAtLeast(): number {
    const [n, p, z] = [this.nights, this.onTime, 1.96]
    return (p + z ** 2 / (2 * n) - z * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2))) / (1 + z ** 2 / n)
  }

  /** Cost as a multiple of the oracle's, the mean over nights, with half the width of its 95 % interval. */
  get ratio(): { mean: number; give: number; median: number } {
    const n = this.nights
    const mean = this.#ratios.reduce((sum, one) => sum + one, 0) / n
    const variance = this.#ratios.reduce((sum, one) => sum + (one - mean) ** 2, 0) / Math.max(1, n - 1)
    const median = this.#ratios.toSorted((a, b) => a - b)[n >> 1] ?? Number.NaN
    return { mean, give: 1.96 * Math.sqrt(variance / n), median }
  }

  get ofStandard(): number {
    return this.#cost / this.#standard
  }
}

/** Tallies by any number of names at once. */
export class Tallies {
  readonly #by = new Map<string, Tally>()

  of(...names: readonly (string | number)[]): Tally {
    const key = names.join('|')
    const known = this.#by.get(key) ?? new Tally()
    this.#by.set(key, known)
    return known
  }
}
