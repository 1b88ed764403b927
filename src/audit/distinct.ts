/** How many there are of something, told exactly up to a bound: beyond it there are many. */
export class Distinct {
  readonly #max: number
  readonly #seen = new Set<string>()
  full = false

  constructor(max: number) {
    this.#max = max
  }

  /** Whether it was new. Empty names nobody. Beyond the bound the oldest is forgotten, and may be new once more. */
  add(name: string): boolean {
    if (name === '' || this.#seen.has(name)) return false
    this.#seen.add(name)
    if (this.#seen.size > this.#max) {
      this.full = true
      this.#seen.delete(this.#seen.keys().next().value as string)
    }
    return true
  }

  get count(): number {
    return this.#seen.size
  }
}
