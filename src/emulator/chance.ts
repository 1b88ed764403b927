import { hash } from 'node:crypto'

/** A stream of numbers in [0, 1), always the same for the same key. */
export type Chance = () => number

/** sha256 as hex. Parts are joined by a NUL, so that ('ab', 'c') and ('a', 'bc') differ. */
export function digest(...parts: readonly (string | number)[]): string {
  return hash('sha256', parts.join('\0'), 'hex')
}

/** The chance that belongs to a name: seeded draws that do not depend on how many were drawn before. */
export function chanceOf(...parts: readonly (string | number)[]): Chance {
  return chanceFromHex(digest(...parts))
}

/** sfc32 over the first 128 bits of a hex digest; `salt` gives several streams to one digest without hashing again. */
export function chanceFromHex(hex: string, salt = 0): Chance {
  let a = Number.parseInt(hex.slice(0, 8), 16) ^ salt
  let b = Number.parseInt(hex.slice(8, 16), 16)
  let c = Number.parseInt(hex.slice(16, 24), 16)
  let d = Number.parseInt(hex.slice(24, 32), 16) | 1
  const next = () => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return (t >>> 0) / 4_294_967_296
  }
  // sfc32 needs a few turns before nearby seeds have drifted apart.
  for (let turn = 0; turn < 8; turn++) next()
  return next
}

/** A whole number in [low, high]. */
export function between(chance: Chance, low: number, high: number): number {
  return low + Math.floor(chance() * (high - low + 1))
}

export function pick<T>(chance: Chance, items: readonly T[]): T {
  const item = items[Math.floor(chance() * items.length)]
  if (item === undefined) throw new RangeError('Nothing to pick from.')
  return item
}

/** A standard normal draw (Box–Muller). */
export function normal(chance: Chance): number {
  return Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance())
}

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A vendor-looking random word of letters and digits. */
export function word(chance: Chance, length: number): string {
  let text = ''
  for (let index = 0; index < length; index++) text += letters.charAt(Math.floor(chance() * letters.length))
  return text
}
