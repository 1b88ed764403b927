import { parseArgs } from 'node:util'
import { ordinaryWorld, scenarios } from './night.ts'
import { everyVendor, firstNight, fly, policies } from './season.ts'
import type { Tally } from './tally.ts'

// How punctual and how dear the policy is over seeded nights, beside simpler ones and an oracle. Prints Markdown.
const { values } = parseArgs({
  options: {
    nights: { type: 'string', default: '10000' },
    /** The nights that constants are chosen on; results are judged by others. */
    tuning: { type: 'boolean', default: false },
    'no-flex': { type: 'boolean', default: false },
    /** Of the variance of landing times, what the submissions of a night share. */
    correlation: { type: 'string', default: String(ordinaryWorld.correlation) },
    deadlines: { type: 'string', default: '0.5,1,2,4,8,12,24' },
  },
})

const world = { correlation: Number(values.correlation), flex: !values['no-flex'] }
const deadlines = values.deadlines.split(',').map((hours) => Number(hours) * 3600)
const season = {
  nights: Number(values.nights),
  first: values.tuning ? firstNight.tuning : firstNight.judging,
  world,
  vendors: everyVendor,
  deadlines,
}
const { tallies, apart, widened } = fly(season)

const hours = (seconds: number): string => (seconds < 3600 ? `${seconds / 60} min` : `${seconds / 3600} h`)
const share = (value: number, digits = 2): string => `${(100 * value).toFixed(digits)} %`
const figures = (tally: Tally): string[] => {
  if (tally.nights === 0) return ['0', '', '', '', '']
  const { mean, give, median } = tally.ratio
  const onTime = `${share(tally.onTime)} (≥ ${share(tally.onTimeAtLeast)})`
  return [
    String(tally.nights),
    onTime,
    `${mean.toFixed(3)} ± ${give.toFixed(3)}`,
    median.toFixed(3),
    share(tally.ofStandard, 1),
  ]
}
const columns = ['nights', 'on time (95 %: at least)', 'cost ÷ oracle, mean', 'median', 'of standard']
function table(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  console.log([`\n**${title}**\n`, line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n'))
}

const five = [...policies, 'widened buffer']
const flexless = world.flex ? '' : ', without flex'
table(
  `By deadline, vendors together${flexless}`,
  ['deadline', 'policy', ...columns],
  deadlines.flatMap((deadline) =>
    five.map((policy) => [hours(deadline), policy, ...figures(tallies.of(policy, 'deadline', deadline))]),
  ),
)
table(
  `All deadlines from 2 h${flexless}`,
  ['nights', 'policy', ...columns.slice(1)],
  five.map((policy) => {
    const [nights = '', ...rest] = figures(tallies.of(policy, 'all'))
    return [nights, policy, ...rest]
  }),
)
table(
  `Redeye by vendor and deadline${flexless}`,
  ['vendor', 'deadline', ...columns],
  everyVendor.flatMap((vendor) =>
    deadlines.map((deadline) => [
      vendor,
      hours(deadline),
      ...figures(tallies.of('Redeye', 'vendor', vendor, deadline)),
    ]),
  ),
)
table(
  `Redeye by scenario, deadlines from 2 h${flexless}`,
  ['scenario', ...columns, 'fixed buffer on time'],
  scenarios.map((scenario) => {
    const rival = tallies.of('fixed buffer', 'scenario', scenario)
    return [
      scenario,
      ...figures(tallies.of('Redeye', 'scenario', scenario)),
      rival.nights === 0 ? '' : share(rival.onTime),
    ]
  }),
)
table(
  `Redeye by headroom, deadlines from 2 h${flexless}`,
  ['of the window, not needed by standard', ...columns],
  ['under 25 %', '25 to 50 %', '50 to 75 %', 'over 75 %'].map((headroom) => [
    headroom,
    ...figures(tallies.of('Redeye', 'headroom', headroom)),
  ]),
)
table(
  `Nights that do not count${flexless}`,
  ['deadline', 'the quote refuses', 'nobody could land', 'buffer as punctual as Redeye'],
  deadlines.map((deadline) => [
    hours(deadline),
    String(apart.get(deadline)?.refused),
    String(apart.get(deadline)?.impossible),
    `${share(widened.get(deadline) ?? 1, 0)} of the window`,
  ]),
)
const goals: readonly [string, Tally, number, number, number, number, number][] = [
  ['all from 2 h', tallies.of('Redeye', 'all'), 0.995, 0.9985, 1.08, 1.05, 1.02],
  ['8 h and more', tallies.of('Redeye', '8 h and more'), 0.998, 0.999, 1.06, 1.03, 1.02],
  ['4 h', tallies.of('Redeye', 'deadline', 4 * 3600), 0.995, 0.9975, 1.1, 1.07, 1.02],
  ['2 h', tallies.of('Redeye', 'deadline', 2 * 3600), 0.99, 0.995, 1.15, 1.09, 1.05],
  ['without an outage, from 2 h', tallies.of('Redeye', 'no outage'), 0.999, 0.999, Number.NaN, Number.NaN, Number.NaN],
]
const verdict = (reached: boolean, aimed: boolean): string =>
  aimed ? 'aim reached' : reached ? 'goal reached' : 'not reached'
table(
  `Goals${flexless}`,
  ['nights', 'on time, at least', 'goal (aim)', '', 'mean cost', 'goal (aim)', '', 'median', 'goal', ''],
  goals
    .filter(([, tally]) => tally.nights > 0)
    .map(([name, tally, goal, aim, dear, aimedDear, median]) => {
      const { mean, median: middle } = tally.ratio
      const least = tally.onTimeAtLeast
      const punctual = [name, share(least, 3), `${share(goal)} (${share(aim)})`, verdict(least >= goal, least >= aim)]
      if (Number.isNaN(dear)) return [...punctual, mean.toFixed(3), '', '', middle.toFixed(3), '', '']
      const cost = [mean.toFixed(3), `${dear} (${aimedDear})`, verdict(mean <= dear, mean <= aimedDear)]
      return [...punctual, ...cost, middle.toFixed(3), String(median), verdict(middle <= median, false)]
    }),
)
