/** A figure that is not known yet: with 95 % certainty it is within. */
export interface Range {
  readonly low: number
  readonly high: number
}

/**
 * The sum of figures: seldom are all of them low, or all of them high.
 * @param together  how much they go together: 0, not at all, to 1, entirely
 */
export function sumOf(parts: readonly Range[], together = 0): Range {
  const middles = parts.map(middleOf)
  const middle = middles.reduce((sum, one) => sum + one, 0)
  const away = (end: 'low' | 'high'): number => {
    const distances = parts.map((part, at) => Math.abs(part[end] - (middles[at] as number)))
    const sum = distances.reduce((all, one) => all + one, 0)
    const squares = distances.reduce((all, one) => all + one ** 2, 0)
    return Math.sqrt(together * sum ** 2 + (1 - together) * squares)
  }
  return { low: middle - away('low'), high: middle + away('high') }
}

/**
 * The shortest range that is as likely, of a figure of which cost is only a part: an end that is lower costs little where
 * other costs stand beside it, and one that is higher much. One in a hundred below it, four above.
 */
export function shortest({ low, high }: Range): Range {
  if (low <= 0) return { low, high }
  const middle = middleOf({ low, high })
  return { low: middle * (low / middle) ** (2.33 / 1.96), high: middle * (high / middle) ** (1.75 / 1.96) }
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
