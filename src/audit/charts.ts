/** Pictures as inline SVG: no script, no font, no address that anybody would have to reach. */

export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

export interface Stack {
  readonly name: string
  /** From the foot upwards, by the names of the legend. */
  readonly values: readonly number[]
}

const [width, height, head, foot, left] = [720, 210, 10, 18, 52]

/** A bar per day, its parts one on top of the other. */
export function stackedBars(stacks: readonly Stack[], legend: readonly string[]): string {
  const most = Math.max(...stacks.map(({ values }) => total(values)), 0)
  if (most === 0) return ''
  const top = niceAbove(most)
  const slot = (width - left) / stacks.length
  const y = (value: number): number => head + (height - head - foot) * (1 - value / top)
  const bars = stacks.flatMap(({ name, values }, at) => {
    let below = 0
    return values.map((value, kind) => {
      const from = y(below)
      below += value
      const to = y(below)
      if (value === 0) return ''
      return `<rect class="k${kind}" x="${round(left + at * slot + slot * 0.1)}" y="${round(to)}" width="${round(slot * 0.8)}" height="${round(from - to)}"><title>${escaped(`${name}, ${legend[kind]}: ${amount(value)} USD`)}</title></rect>`
    })
  })
  const lines = [0, 0.5, 1].map((part) => {
    const at = round(y(top * part))
    return `<line x1="${left}" x2="${width}" y1="${at}" y2="${at}"/><text x="${left - 6}" y="${at + 4}" text-anchor="end">${amount(top * part)}</text>`
  })
  const every = Math.ceil(stacks.length / 8)
  const names = stacks.map(({ name }, at) =>
    at % every === 0
      ? `<text x="${round(left + (at + 0.5) * slot)}" y="${height - 3}" text-anchor="middle">${escaped(name)}</text>`
      : '',
  )
  return svg(height, 'USD by day', [...lines, ...bars, ...names]) + legendOf(legend)
}

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** A square for each hour of the week, the darker the more. */
export function weekMap(week: readonly number[]): string {
  const most = Math.max(...week, 0)
  if (most === 0) return ''
  const [wide, high] = [(width - left) / 24, 22]
  const squares = week.map((value, slot) => {
    const [day, hour] = [Math.floor(slot / 24), slot % 24]
    const title = `${weekdays[day]} ${String(hour).padStart(2, '0')}:00, ${amount(value)} USD`
    return `<rect class="heat" x="${round(left + hour * wide)}" y="${day * high}" width="${round(wide - 2)}" height="${high - 2}" fill-opacity="${round(0.06 + (0.94 * value) / most)}"><title>${escaped(title)}</title></rect>`
  })
  const days = weekdays.map(
    (name, day) => `<text x="${left - 6}" y="${day * high + 15}" text-anchor="end">${name}</text>`,
  )
  const hours = [0, 6, 12, 18].map(
    (hour) => `<text x="${round(left + hour * wide)}" y="${7 * high + 14}">${String(hour).padStart(2, '0')}:00</text>`,
  )
  return svg(7 * high + foot, 'USD by hour of the week', [...squares, ...days, ...hours])
}

export interface Bar {
  readonly name: string
  readonly value: number
}

/** A line per name, the longest first. */
export function bars(values: readonly Bar[]): string {
  const most = Math.max(...values.map(({ value }) => value), 0)
  if (most === 0) return ''
  const high = 38
  const lines = values.map(({ name, value }, at) => {
    const long = round(((width - 90) * value) / most)
    return `<text x="0" y="${at * high + 12}">${escaped(name)}</text><rect class="k1" x="0" y="${at * high + 17}" width="${long}" height="12"/><text x="${long + 6}" y="${at * high + 28}">${amount(value)}</text>`
  })
  return svg(values.length * high, 'USD a month', lines)
}

const svg = (high: number, title: string, parts: readonly string[]): string =>
  `<svg viewBox="0 0 ${width} ${high}" role="img" aria-label="${escaped(title)}">${parts.join('')}</svg>`

const legendOf = (names: readonly string[]): string =>
  `<p class="legend">${names.map((name, kind) => `<span><i class="k${kind}"></i>${escaped(name)}</span>`).join(' ')}</p>`

/** The next of 1, 2, 5, 10, 20, … */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
const round = (value: number): number => Math.round(value * 10) / 10

/** Short: cents below a hundred, whole dollars above. */
export const amount = (usd: number): string =>
  usd === 0
    ? '0'
    : usd >= 100
      ? Math.round(usd).toLocaleString('en-US')
      : usd >= 0.01
        ? usd.toFixed(2)
        : usd.toPrecision(2)
