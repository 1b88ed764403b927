let high = 0

/** A 64-bit hash of bytes[from, to): returns the low half, `hashHigh()` the other. Not for secrets; collisions are compared. */
export function hash64(bytes: Uint8Array, from: number, to: number): number {
  let a = 0x9e3779b1 ^ (to - from)
  let b = 0x85ebca6b
  for (let index = from; index < to; index++) {
    const byte = bytes[index] as number
    a = Math.imul(a ^ byte, 0x01000193)
    b = Math.imul(b ^ byte, 0x5bd1e995)
    b ^= b >>> 13
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b)
  high = Math.imul(b ^ (b >>> 15), 0xc2b2ae35) >>> 0
  return (a ^ (a >>> 13)) >>> 0
}

export const hashHigh = (): number => high
