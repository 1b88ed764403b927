/** A figure that is not known yet: with 95 % certainty it is within. */
export interface Range {
  readonly low: number
  readonly high: number
}

/** The sum of figures that do not go together: seldom are all of them low, or all of them high. */
export function sumOf(parts: readonly Range[]): Range {
  let [middle, down, up] = [0, 0, 0]
  for (const { low, high } of parts) {
    const half = middleOf({ low, high })
    middle += half
    down += (half - low) ** 2
    up += (high - half) ** 2
  }
  return { low: middle - Math.sqrt(down), high: middle + Math.sqrt(up) }
}

/** Half-way as ratios go; the plain mean where there is a zero. */
export const middleOf = ({ low, high }: Range): number => (low > 0 ? Math.sqrt(low * high) : (low + high) / 2)

/** Factors that do not go together: the product, each end as far from the middle as their logarithms say. */
export function productOf(parts: readonly Range[]): Range {
  const middle = parts.reduce((all, part) => all * middleOf(part), 1)
  const away = (end: 'low' | 'high'): number =>
    Math.exp(Math.sqrt(parts.reduce((sum, part) => sum + Math.log(part[end] / middleOf(part)) ** 2, 0)))
  return { low: middle / away('low'), high: middle * away('high') }
}

export const within = ({ low, high }: Range, bounds: Range): Range => ({
  low: Math.min(bounds.high, Math.max(bounds.low, low)),
  high: Math.max(bounds.low, Math.min(bounds.high, high)),
})

const studentTable = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228]
/** The 97.5 % point of Student's t; the table's last digits, then the first term of its expansion about 1.96. */
export const student95 = (freedom: number): number =>
  studentTable[freedom - 1] ?? 1.96 + 2.372 / freedom + 2.82 / freedom ** 2
