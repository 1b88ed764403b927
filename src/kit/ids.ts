import { createHash, randomBytes } from 'node:crypto'

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** Lower-case base32 (RFC 4648 alphabet, no padding), five bits a character, cut to `length`. */
export function base32(bytes: Uint8Array, length: number): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5 && text.length < length) {
      bits -= 5
      text += alphabet[(held >>> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  return text
}

/** sha256 over the parts, each preceded by its length, so that ("a","bc") and ("ab","c") differ. */
export function digestOf(...parts: (string | number)[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) {
    const text = String(part)
    hash.update(`${Buffer.byteLength(text)}:`).update(text)
  }
  return hash.digest()
}

/** A prefixed id that follows from its parts: the same parts, the same id. */
export const derivedId = (prefix: string, ...parts: (string | number)[]): string =>
  `${prefix}_${base32(digestOf(prefix, ...parts), 20)}`

export const randomId = (prefix: string): string => `${prefix}_${base32(randomBytes(13), 20)}`
