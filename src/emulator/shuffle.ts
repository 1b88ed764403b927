import type { Chance } from './chance.ts'

export interface Shuffle<T> {
  /** @returns what has to go out now, because too much is held */
  add(item: T): T[]
  /** @returns everything still held */
  drain(): T[]
}

/**
 * Holds items back and lets them go in a seeded order that is not the one they came in. What is held is bounded by
 * number and by size, so an item may come out far from its place but never costs more memory than that.
 */
export function createShuffle<T>(
  chance: Chance,
  bounds: { readonly items: number; readonly size: number; readonly sizeOf: (item: T) => number },
): Shuffle<T> {
  const held: T[] = []
  let size = 0
  let released = 0
  let first: T | undefined
  return {
    add(item) {
      if (released === 0) first ??= item
      held.push(item)
      size += bounds.sizeOf(item)
      const out: T[] = []
      while (held.length > bounds.items || (size > bounds.size && held.length > 1)) {
        const taken = takeAny(held, chance)
        size -= bounds.sizeOf(taken)
        released++
        out.push(taken)
      }
      return out
    },
    drain() {
      const out: T[] = []
      while (held.length > 0) out.push(takeAny(held, chance))
      // A shuffle may leave things as they were; two items do so every other time.
      if (released === 0 && out.length > 1 && out[0] === first) out.reverse()
      size = 0
      return out
    },
  }
}

function takeAny<T>(items: T[], chance: Chance): T {
  const index = Math.floor(chance() * items.length)
  const taken = items[index] as T
  items[index] = items.at(-1) as T
  items.length--
  return taken
}
