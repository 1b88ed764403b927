import type { LaneLatency } from '../../index.ts'
import { columns } from './columns.ts'
import { count, duration, some } from './figures.ts'

/** Fewer in a cell say nothing. */
const CELL_MIN = 3
/** Nine in ten of fewer is hearsay. */
const P90_MIN = 10
/** Hours to a column, finest first. */
const WIDTHS = [1, 2, 3, 6, 12] as const
/** Of this many cells at least one in so many must say something, else the columns are made wider. */
const FILLED_MIN = 0.6
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const
/** From a third of the usual time to three times and more; each is half as long again as the one before. */
const BARS = '▁▂▃▄▅▆▇█'

/** How long submissions took, a table and a chart for each account and lane. */
export function latencyText(lanes: readonly LaneLatency[]): string {
  if (lanes.length === 0) return 'This home has no submission yet that has ended; quotes go by published figures.'
  return lanes.map((lane) => [...head(lane), ...table(lane), '', ...chart(lane)].join('\n')).join('\n\n')
}

const head = ({ lane, vendor, baseUrl, submissions, since }: LaneLatency): string[] => [
  `${lane}, ${vendor} at ${baseUrl}`,
  `${some(submissions, 'submission')} since ${since.slice(0, 10)}`,
]

function table({ lines }: LaneLatency): string[] {
  const rows = lines.map(({ model, requests, submissions, p50, p90, prior, expired, cancelled }, at) => [
    at > 0 && lines[at - 1]?.model === model ? '' : model,
    sizeText(requests),
    count(submissions),
    seconds(p50),
    submissions < P90_MIN ? '–' : seconds(p90),
    prior === null ? '–' : `${seconds(prior.p50)} / ${seconds(prior.p90)}`,
    share(expired),
    share(cancelled),
  ])
  return columns(['model', 'requests ', 'n ', 'p50 ', 'p90 ', 'published p50 / p90 ', 'expired ', 'cancelled '], rows)
}

function sizeText(requests: LaneLatency['lines'][number]['requests']): string {
  if (requests === null) return 'all'
  const { from, to } = requests
  return to === null ? `${count(from)}+` : `${count(from)}–${count(to)}`
}

const seconds = (value: number | null): string => (value === null ? 'longer' : duration(value * 1000))
const share = (value: number): string => (value === 0 ? '0' : `${(100 * value).toFixed(value < 0.1 ? 1 : 0)} %`)

/** Hours of the week, as fine as there are submissions for; nothing where there are too few. */
function chart({ hours }: LaneLatency): string[] {
  for (const width of WIDTHS) {
    const cells = cellsOf(hours, width)
    const filled = cells.flat().filter((cell) => cell !== undefined).length
    if (filled < FILLED_MIN * cells.flat().length) continue
    const pitch = width === 1 ? 2 : 3
    const named = width === 1 ? 3 : 1
    const hourAt = (at: number): string =>
      String(at * width * named)
        .padStart(2, '0')
        .padEnd(pitch * named)
    const scale = Array.from({ length: 24 / width / named }, (_, at) => hourAt(at)).join('')
    return [
      'Against the usual time of their model and size, by hour of the week (UTC):',
      `     ${scale.trimEnd()}`,
      ...DAYS.map((day, at) => `${day}  ${cells[at]?.map((cell) => bar(cell).padEnd(pitch)).join('')}`.trimEnd()),
      `${BARS[0]} a third or less   ${BARS[3]}${BARS[4]} as always   ${BARS.at(-1)} three times or more   · fewer than ${CELL_MIN}`,
    ]
  }
  return ['Too few for a chart by hour of the week: no part of it has enough of them to say anything.']
}

/** Slowness by day and part of it; undefined where there are too few. */
function cellsOf(hours: LaneLatency['hours'], width: number): (number | undefined)[][] {
  return DAYS.map((_, day) =>
    Array.from({ length: 24 / width }, (_, part) => {
      const within = hours.filter((one) => one.day === day && Math.floor(one.hour / width) === part)
      const submissions = within.reduce((sum, one) => sum + one.submissions, 0)
      if (submissions < CELL_MIN) return undefined
      const logs = within.reduce((sum, one) => sum + one.submissions * Math.log(one.slowness), 0)
      return Math.exp(logs / submissions)
    }),
  )
}

function bar(slowness: number | undefined): string {
  if (slowness === undefined) return '·'
  const at = Math.round(3.5 + Math.log(slowness) / Math.log(1.37))
  return BARS[Math.min(BARS.length - 1, Math.max(0, at))] as string
}
