import { amount, bars, escaped, stackedBars, weekMap } from './charts.ts'
import type { AuditGroup, AuditReport, PlanStep } from './report.ts'

/** The report as one page that needs nothing beside it: it can be mailed, and holds no prompt. */
export function auditPage(report: AuditReport): string {
  const { source, usd, plan, rule } = report
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Audit of ${escaped(source.name)}</title><style>${style}</style></head><body>
<h1>What nobody waited for</h1>
<p>${escaped(source.name)} (${escaped(source.shape)}), ${source.from.slice(0, 10)} to ${source.until.slice(0, 10)}, ${source.days} days, ${source.lines.toLocaleString('en-US')} lines.</p>
<dl>${figure('paid a month', usd.paidMonth)}${figure('of it at half price already', `${percent(usd.discountedShare)}`, '')}${figure('at full price, nobody waits', monthly(usd.candidates, report))}${figure('saved a month by the plan', usd.savedMonth)}</dl>
<h2>Day by day</h2>
<div class="beside"><div>${stackedBars(daysOf(report), ['at half price already', 'full price, nobody waits', 'full price, somebody waits'])}</div>
<p>Each day by what it cost, at the prices of our catalogue for that day (UTC). The middle part is what the plan is about.</p></div>
${weekSection(report)}
<h2>The plan</h2>
${plan.length === 0 ? '<p>There is nothing to move: what could wait is bought at half price, or people wait for all of it.</p>' : planSection(plan)}
<p>${escaped(rule.text)}</p>
<h2>Group by group</h2>
${report.groups.slice(0, groupsShown).map(groupSection).join('\n')}
${report.groups.length > groupsShown ? `<p>${report.groups.length - groupsShown} smaller groups are in the JSON report.</p>` : ''}
<h2>What this rests on</h2>
<ul>${report.basis.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>
</body></html>
`
}

const groupsShown = 50

const waits = {
  high: 'nobody seems to wait, confidence high',
  medium: 'nobody seems to wait, confidence medium',
  low: 'hard to tell who waits',
  people: 'somebody seems to wait',
} as const

const daysOf = ({ days }: AuditReport) =>
  days.map(({ day, discounted, candidates, rest }) => ({
    name: day.slice(5),
    values: [discounted, candidates, rest].map(Number),
  }))

const figure = (name: string, value: string, unit = ' USD'): string =>
  `<div><dt>${name}</dt><dd>${/^[\d.]+$/.test(value) ? amount(Number(value)) : value}${unit}</dd></div>`

const monthly = (usd: string, { source }: AuditReport): string => String((Number(usd) * 30) / Math.max(1, source.days))

function weekSection({ week, zone }: AuditReport): string {
  if (week === null)
    return '<p>The log tells of whole days, so that the hours of its calls cannot be shown: an export by the hour finds more.</p>'
  return `<h2>Hour by hour</h2><div class="beside"><div>${weekMap(week)}</div><p>USD in each hour of the week, ${escaped(zone)}. Nights and weekends that are as dark as office hours are a machine's.</p></div>`
}

function planSection(plan: readonly PlanStep[]): string {
  const steps = plan.map(
    ({ move, group, usdMonth, confidence, assumption, question, command, check }) =>
      `<li><h3>${escaped(group)} → ${move}: ${amount(Number(usdMonth))} USD a month</h3><p>Confidence ${confidence}. ${escaped(assumption)} <b>Ask first:</b> ${escaped(question)}</p><pre>${escaped(`# what a month of it would cost\n${check}\n# a day of it\n${command}`)}</pre></li>`,
  )
  return `<div class="beside"><div>${bars(plan.slice(0, 12).map(({ group, move, usdMonth }) => ({ name: `${group} → ${move}`, value: Number(usdMonth) })))}</div><p>USD a month, the most first. Move that first, and see the next bill before the second.</p></div><ol>${steps.join('')}</ol>`
}

function groupSection({ name, requests, usd, confidence, evidence, savings, cachedShare }: AuditGroup): string {
  const rows = savings.map(
    ({ move, usdMonth, assumption }) =>
      `<tr><td>${move}</td><td class="n">${amount(Number(usdMonth))}</td><td>${escaped(assumption)}</td></tr>`,
  )
  const table =
    rows.length === 0
      ? '<p>No cheaper way to buy it is known.</p>'
      : `<table><tr><th>bought as</th><th>USD a month saved</th><th>if</th></tr>${rows.join('')}</table>`
  const told = `${requests === null ? '' : `${requests.toLocaleString('en-US')} calls, `}${amount(Number(usd.paidMonth))} USD a month, ${percent(cachedShare)} of the input read from a cache`
  return `<details><summary>${escaped(name)}: ${told}; ${waits[confidence]}</summary><ul>${evidence.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>${table}</details>`
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`

const style = `:root{color-scheme:light dark;--ink:#1c2430;--paper:#fff;--faint:#8892a0;--k0:#3b8f6b;--k1:#d5572f;--k2:#9aa7b8}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--paper:#14181f;--k2:#56647a}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:64rem;margin:2rem auto;padding:0 1rem}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:1rem}dt{color:var(--faint)}dd{margin:0;font-size:1.5rem;font-weight:600}
.beside{display:grid;grid-template-columns:3fr 1fr;gap:1.5rem;align-items:start}@media(max-width:48rem){.beside{grid-template-columns:1fr}}
svg{width:100%;height:auto}svg text{font-size:11px;fill:currentColor}svg line{stroke:var(--faint);stroke-opacity:.4}
.k0{fill:var(--k0);background:var(--k0)}.k1,.heat{fill:var(--k1);background:var(--k1)}.k2{fill:var(--k2);background:var(--k2)}
.legend i{display:inline-block;width:.8em;height:.8em;margin:0 .4em 0 1em}
pre{overflow-x:auto;padding:.75rem;border:1px solid var(--faint);border-radius:6px;font-size:13px}
table{border-collapse:collapse}td,th{padding:.25rem .75rem .25rem 0;text-align:left;vertical-align:top}.n{text-align:right}
h3{margin-bottom:.25rem;font-size:1rem}details{margin:.5rem 0}summary{cursor:pointer}`
