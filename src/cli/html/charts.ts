/** Charts as inline SVG, without a script: two figures for each name, what was charged and what it would have been. */
export interface Bar {
  readonly name: string
  /** As it is printed beside the bar. */
  readonly label: string
  readonly value: number
  /** Drawn behind as an outline; not below `value` in a chart that makes sense. */
  readonly outline: number
}

export const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

const rowHeight = 26
const nameWidth = 230
const barWidth = 420

/** One row for each name. */
export function rowChart(title: string, bars: readonly Bar[]): string {
  const most = mostOf(bars)
  const rows = bars.map(({ name, label, value, outline }, index) => {
    const y = index * rowHeight
    const x = nameWidth + 8
    const end = x + Math.max(width(value, most), width(outline, most)) + 6
    return (
      `<g><title>${escaped(`${name}: ${label}`)}</title>` +
      `<text x="${nameWidth}" y="${y + 17}" text-anchor="end">${escaped(shortened(name))}</text>` +
      `<rect class="outline" x="${x}" y="${y + 4}" width="${width(outline, most)}" height="18"/>` +
      `<rect class="bar" x="${x}" y="${y + 4}" width="${width(value, most)}" height="18"/>` +
      `<text x="${end}" y="${y + 17}">${escaped(label)}</text></g>`
    )
  })
  return svg(title, nameWidth + barWidth + 130, bars.length * rowHeight, rows)
}

const columnsHeight = 180

/** One column for each name, in order; names are days of one month. */
export function columnChart(title: string, bars: readonly Bar[]): string {
  const most = mostOf(bars)
  const step = Math.min(48, 760 / Math.max(1, bars.length))
  const columns = bars.map(({ name, label, value, outline }, index) => {
    const x = index * step + step * 0.15
    const column = (css: string, amount: number): string => {
      const height = round((amount / most) * columnsHeight)
      return `<rect class="${css}" x="${round(x)}" y="${columnsHeight - height}" width="${round(step * 0.7)}" height="${height}"/>`
    }
    return (
      `<g><title>${escaped(`${name}: ${label}`)}</title>${column('outline', outline)}${column('bar', value)}` +
      `<text x="${round(x + step * 0.35)}" y="${columnsHeight + 16}" text-anchor="middle">${escaped(name.slice(8))}</text></g>`
    )
  })
  return svg(title, Math.max(200, bars.length * step), columnsHeight + 22, columns)
}

const svg = (title: string, wide: number, high: number, shapes: readonly string[]): string =>
  `<svg role="img" aria-label="${escaped(title)}" viewBox="0 0 ${round(wide)} ${round(high)}" width="${round(wide)}">${shapes.join('')}</svg>`

const mostOf = (bars: readonly Bar[]): number =>
  Math.max(...bars.map(({ value, outline }) => Math.max(value, outline)), Number.MIN_VALUE)
const width = (amount: number, most: number): number => round((amount / most) * barWidth)
const round = (value: number): number => Math.round(value * 10) / 10
const shortened = (name: string): string => (name.length > 32 ? `${name.slice(0, 31)}…` : name)
