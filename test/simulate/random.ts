/**
 * Draws that depend on what they are for, not on how many were made before: whatever a policy does, the night around
 * it stays the same.
 */
export function uniform(seed: number, what: number, which = 0): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(what + 1, 0xc2b2ae35) ^ Math.imul(which + 1, 0x27d4eb2f)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39)
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b)
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32
}

export const between = (low: number, high: number, share: number): number => low + (high - low) * share
export const logBetween = (low: number, high: number, share: number): number => low * (high / low) ** share

/** Standard normal, by Box and Muller. */
export function normal(seed: number, what: number, which = 0): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniform(seed, what, 2 * which)))
  return radius * Math.cos(2 * Math.PI * uniform(seed, what, 2 * which + 1))
}
