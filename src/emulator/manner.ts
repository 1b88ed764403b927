import { between, type Chance } from './chance.ts'

/**
 * How long the emulated models talk and think, and how their vendors count what was said. It is one for all emulators of
 * a process: whoever measures something against several models takes turns.
 */
export interface Manner {
  /** Tokens of a text. Default: four UTF-8 bytes are one. Near enough to price by, and anyone can redo it. */
  tokensIn(text: string): number
  /** Words of an answer that is plain text. Default: 6 to 60. */
  words(chance: Chance): number
  /** Words of a text within a structured answer. Default: 1 to 4. */
  phraseWords(chance: Chance): number
  /** Tokens of thought of a model that thinks. Default: up to `stepsMax` times 64. */
  thoughtTokens(chance: Chance, stepsMax: number): number
}

const plain: Manner = {
  tokensIn: (text) => Math.ceil(Buffer.byteLength(text) / 4),
  words: (chance) => between(chance, 6, 60),
  phraseWords: (chance) => between(chance, 1, 4),
  thoughtTokens: (chance, stepsMax) => 64 * between(chance, 0, stepsMax),
}

let current = plain

export const manner = (): Manner => current

/** From now on; what is left out is as it was at first. */
export function setManner(changed: Partial<Manner>): void {
  current = { ...plain, ...changed }
}
