/**
 * The time that an engine works for us, dealt out among the requests it works on at once: an hour shared by four is a
 * quarter of an hour for each, whichever run they belong to, and all shares together are the time that was used. Pure:
 * time is handed in.
 */
export class EngineTime {
  #inFlight = 0
  /** What a request would have had, had it been there from the beginning. */
  #shares = 0
  #at = 0

  /** A request begins. What is returned is for its end. */
  begin(now: number): number {
    this.#pass(now)
    this.#inFlight++
    return this.#shares
  }

  /** It ended: its share, ms. */
  end(now: number, begun: number): number {
    this.#pass(now)
    this.#inFlight--
    return this.#shares - begun
  }

  #pass(now: number): void {
    if (this.#inFlight > 0) this.#shares += Math.max(0, now - this.#at) / this.#inFlight
    this.#at = now
  }
}
