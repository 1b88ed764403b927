/** Prompts are compared so far: what is shared beyond is little beside it. */
const charactersMax = 16_384

/** How much of its prompts all calls of a group begin with alike. */
export class SharedPrefix {
  #prefix: string | undefined
  #calls = 0
  #characters = 0

  add(prompt: string): void {
    this.#calls++
    this.#characters += prompt.length
    if (this.#prefix === undefined) {
      this.#prefix = prompt.slice(0, charactersMax)
      return
    }
    let same = 0
    const bound = Math.min(this.#prefix.length, prompt.length)
    while (same < bound && this.#prefix.charCodeAt(same) === prompt.charCodeAt(same)) same++
    if (same < this.#prefix.length) this.#prefix = this.#prefix.slice(0, same)
  }

  /** Of all characters, 0 to 1; undefined where fewer than two prompts were seen. */
  get share(): number | undefined {
    if (this.#calls < 2 || this.#prefix === undefined) return undefined
    return Math.min(1, (this.#prefix.length * this.#calls) / Math.max(1, this.#characters))
  }
}
