import type { PriceBook } from './catalogue.ts'

const shownMax = 5

/** Names of models that somebody may have meant, the nearest first. */
export function nearNames(model: string, prices: PriceBook): string[] {
  const asked = model.slice(model.lastIndexOf('/') + 1).toLowerCase()
  const names = prices.rows.flatMap(({ id, aliases }) => [id, ...aliases])
  return names
    .map((name) => ({ name, far: distance(asked, name) }))
    .filter(({ name, far }) => far <= Math.max(2, asked.length / 3) || (asked.length > 2 && name.includes(asked)))
    .toSorted((a, b) => a.far - b.far)
    .slice(0, shownMax)
    .map(({ name }) => name)
}

/** How many letters must be put in, taken out or changed to make one of the other. */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let row = 1; row <= a.length; row++) {
    const line = [row]
    for (let at = 1; at <= b.length; at++) {
      const changed = (above[at - 1] as number) + (a[row - 1] === b[at - 1] ? 0 : 1)
      line.push(Math.min(changed, (above[at] as number) + 1, (line[at - 1] as number) + 1))
    }
    above = line
  }
  return above[b.length] as number
}
