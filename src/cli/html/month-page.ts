import type { BillLine, MonthReport, ReportedJob } from '../../index.ts'
import { count, moment, money, moneyOr } from '../text/figures.ts'
import { type Bar, columnChart, escaped, rowChart } from './charts.ts'

/** A month as one page, without anything from elsewhere: it can be mailed, printed and kept. */
export function monthPage({ month, total, days, lanes, models, tags, jobs }: MonthReport): string {
  const chart = (heading: string, draw: typeof rowChart, lines: readonly BillLine[]): string =>
    `<section><h2>${escaped(heading)}</h2>${draw(heading, lines.map(barOf))}</section>`
  const body =
    jobs.length === 0
      ? '<p>Nothing was charged in this month.</p>'
      : [
          tiles(total),
          chart('By day', columnChart, days),
          chart('By lane', rowChart, lanes),
          chart('By model', rowChart, models),
          ...Object.entries(tags).map(([name, lines]) => chart(`By tag “${name}”`, rowChart, lines)),
          jobTable(jobs),
        ].join('\n')
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Redeye, ${month}</title><style>${style}</style></head>
<body><h1>Redeye <small>${month}, USD, days in UTC</small></h1>
${body}
<footer>Charged: computed from result rows, to the nano-dollar. The outline is the price of the same tokens outside the
half-price lanes.</footer></body></html>
`
}

function barOf({ name, usd }: BillLine): Bar {
  const charged = Number(usd.charged ?? 0)
  return {
    name: name === '' ? '(none)' : name,
    label: moneyOr(usd.charged),
    value: charged,
    outline: Number(usd.standard ?? charged),
  }
}

function tiles({ usd, tokens }: MonthReport['total']): string {
  const share =
    usd.saved === null || usd.standard === null || Number(usd.standard) === 0
      ? ''
      : ` (${Math.round((100 * Number(usd.saved)) / Number(usd.standard))} %)`
  const facts: [string, string][] = [
    ['charged', moneyOr(usd.charged)],
    ['at standard prices', moneyOr(usd.standard)],
    ['saved', moneyOr(usd.saved) + share],
    ['of it by caching', moneyOr(usd.cacheSaved)],
    ['tokens', count(Object.values(tokens).reduce((sum, amount) => sum + amount, 0))],
  ]
  if (usd.unproven !== '0') facts.push(['unproven, at most', money(usd.unproven)])
  if (usd.duplicate !== '0') facts.push(['bought twice', money(usd.duplicate)])
  return `<dl>${facts.map(([name, figure]) => `<div><dt>${name}</dt><dd>${figure}</dd></div>`).join('')}</dl>`
}

function jobTable(jobs: readonly ReportedJob[]): string {
  const punctual = { true: 'yes', false: 'missed', null: '' }
  const rows = jobs.map(({ name, key, requests, landedAt, metDeadline, usd }) => {
    const cells = [
      escaped(key === null ? name : `${key} (${name})`),
      count(requests),
      landedAt === null ? 'not yet' : moment(landedAt),
      punctual[`${metDeadline}`],
      moneyOr(usd.charged),
      moneyOr(usd.saved),
    ]
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
  })
  const head = ['job', 'requests', 'landed', 'in time', 'charged', 'saved'].map((name) => `<th>${name}</th>`)
  return `<section><h2>Jobs</h2><table><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></section>`
}

const style = `
:root{color-scheme:light dark;--ink:#1d2433;--dim:#667;--paper:#fff;--bar:#c8553d;--outline:#b9bfcc}
@media (prefers-color-scheme:dark){:root{--ink:#e6e8ee;--dim:#99a;--paper:#161a22;--bar:#e07a5f;--outline:#4a5265}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:860px;margin:2rem auto;padding:0 1rem}
h1 small{font-weight:400;font-size:.5em;color:var(--dim)}h2{font-size:1.05rem;margin:2rem 0 .5rem}
dl{display:flex;flex-wrap:wrap;gap:1rem 2.5rem;margin:1.5rem 0}dt{color:var(--dim);font-size:.85rem}dd{margin:0;font-size:1.35rem}
svg{max-width:100%;height:auto;font:12px system-ui,sans-serif}svg text{fill:var(--ink)}
.bar{fill:var(--bar)}.outline{fill:none;stroke:var(--outline)}
table{border-collapse:collapse;width:100%}th,td{text-align:right;padding:.25rem .5rem;border-bottom:1px solid var(--outline)}
th:first-child,td:first-child{text-align:left}footer{margin:3rem 0;color:var(--dim);font-size:.85rem}`
