import { between, type Chance, pick } from '../chance.ts'
import { manner } from '../manner.ts'

const words = (
  'the a an this that our your every one two three first last next early late small large quiet plain clear open ' +
  'order account card payment transfer balance limit fee refund statement address parcel letter answer question ' +
  'reason result number total morning evening night day week month year river bridge garden window table lamp ' +
  'chair paper kettle train station harbour island mountain is was has had gives takes shows holds keeps needs ' +
  'asks means follows arrives leaves remains because while after before until with without under over near ' +
  'about between and but so then also often seldom always never again together apart'
).split(' ')

/** A few sentences of plain words: deterministic, about as long as a short answer, never anything that looks private. */
export function plainText(chance: Chance, wordsMin: number, wordsMax: number): string {
  return sentences(chance, between(chance, wordsMin, wordsMax))
}

/** An answer as long as the models have a manner of answering. */
export const answerText = (chance: Chance): string => sentences(chance, manner().words(chance))

function sentences(chance: Chance, total: number): string {
  let text = ''
  let left = 0
  for (let index = 0; index < total; index++) {
    if (left === 0) {
      left = between(chance, 5, 14)
      const start = pick(chance, words)
      text += `${text === '' ? '' : '. '}${start.charAt(0).toUpperCase()}${start.slice(1)}`
    } else text += ` ${pick(chance, words)}`
    left--
  }
  return `${text}.`
}

/** A few words, for a field of a structured answer. */
export function phrase(chance: Chance): string {
  const total = manner().phraseWords(chance)
  return Array.from({ length: total }, () => pick(chance, words)).join(' ')
}
