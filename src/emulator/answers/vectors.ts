import { chanceFromHex, chanceOf, digest, normal } from '../chance.ts'

interface Magnitudes {
  readonly numbers: readonly number[]
  /** The same as text, each with either sign: `[plus, minus]`. */
  readonly plus: readonly string[]
  readonly minus: readonly string[]
}

const magnitudes = new Map<number, Magnitudes>()

/** Sizes of the components of every vector of so many dimensions; their squares sum to 1. */
function magnitudesOf(dimensions: number): Magnitudes {
  const known = magnitudes.get(dimensions)
  if (known) return known
  const chance = chanceOf('embedding magnitudes', dimensions)
  const raw = Array.from({ length: dimensions }, () => Math.abs(normal(chance)) + 0.01)
  const norm = Math.sqrt(raw.reduce((sum, each) => sum + each * each, 0))
  const numbers = raw.map((each) => Number((each / norm).toFixed(9)))
  const made = { numbers, plus: numbers.map(String), minus: numbers.map((each) => `-${each}`) }
  magnitudes.set(dimensions, made)
  return made
}

/**
 * A unit vector belongs to a text: fixed magnitudes per dimension, signs by the text. So unlike texts are nearly at
 * right angles, equal ones are equal, and fifty thousand vectors cost no trigonometry.
 */
export function signsOf(text: string, model: string, dimensions: number, seed: number): Uint8Array {
  const chance = chanceFromHex(digest(model, seed, text))
  const signs = new Uint8Array(dimensions)
  let bits = 0
  for (let index = 0; index < dimensions; index++) {
    if (index % 32 === 0) bits = Math.floor(chance() * 4_294_967_296)
    signs[index] = (bits >>> (index % 32)) & 1
  }
  return signs
}

export function numbersText(signs: Uint8Array, dimensions: number): string {
  const { plus, minus } = magnitudesOf(dimensions)
  // Joined at once: thousands of small concatenations would cost more in garbage than the rest of the batch.
  const parts: string[] = []
  for (let index = 0; index < dimensions; index++) parts.push((signs[index] === 1 ? plus : minus)[index] ?? '')
  return `[${parts.join(',')}]`
}

export function base64Text(signs: Uint8Array, dimensions: number): string {
  const { numbers } = magnitudesOf(dimensions)
  const floats = Float32Array.from(numbers, (size, index) => (signs[index] === 1 ? size : -size))
  return `"${Buffer.from(floats.buffer).toString('base64')}"`
}
