import { InvalidArgumentError } from 'commander'
import { type Tier, tiers } from '../domain/usage.ts'

/** What is written after an option, read or refused. */
const units: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, B: 1e9 }

/** `250000`, `300M`, `4.5B`. */
export function amount(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([kMB]?)$/.exec(text) ?? []
  if (digits === undefined) throw new InvalidArgumentError('It should be a number such as 250000, 300M or 10B.')
  return Math.round(Number(digits) * (units[unit ?? ''] ?? 1))
}

export function tiersOf(text: string): readonly Tier[] {
  const words = text.split(',').map((word) => word.trim())
  const wrong = words.find((word) => !(tiers as readonly string[]).includes(word))
  if (wrong !== undefined) throw new InvalidArgumentError(`There is no lane "${wrong}"; there are ${tiers.join(', ')}.`)
  return words as Tier[]
}

export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

export const whole = (text: string): number =>
  numberOf(text, (value) => Number.isInteger(value) && value >= 0, 'a whole number')
export const positive = (text: string): number => numberOf(text, (value) => value > 0, 'a number above 0')
export const fraction = (text: string): number => numberOf(text, (value) => value >= 0, 'a number')

function numberOf(text: string, fits: (value: number) => boolean, what: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && fits(value)) return value
  throw new InvalidArgumentError(`It should be ${what}.`)
}
