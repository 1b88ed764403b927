import type { AuditReport } from '../../index.ts'
import { columns } from './columns.ts'
import { count, money } from './figures.ts'

const groupsShown = 20

const waits = {
  high: 'nobody waits (high)',
  medium: 'nobody waits (medium)',
  low: 'hard to tell',
  people: 'somebody waits',
} as const

/** The report for people: what was paid, who waits, and what to move first. */
export function auditText(report: AuditReport): string {
  const { source, usd, groups, rule } = report
  const rows = groups.slice(0, groupsShown).map(({ name, requests, usd, confidence, savings }) => [
    name,
    requests === null ? '' : count(requests),
    money(usd.paidMonth),
    ...['batch', 'flex', 'cache'].map((move) => {
      const saved = savings.find((each) => each.move === move)
      return saved === undefined ? '' : money(saved.usdMonth)
    }),
    waits[confidence],
  ])
  const head = ['calls of', 'how many ', 'USD a month ', 'batch saves ', 'flex saves ', 'cache saves ', '']
  return [
    `${source.name}: ${source.shape}, ${source.from.slice(0, 10)} to ${source.until.slice(0, 10)}, ${count(source.lines)} lines`,
    `${money(usd.paidMonth)} USD a month, ${percent(usd.discountedShare)} of it at half price already.`,
    '',
    ...columns(head, rows),
    ...(groups.length > groupsShown ? [`… and ${count(groups.length - groupsShown)} smaller groups`] : []),
    ...assumptionLines(report),
    '',
    ...planLines(report),
    '',
    rule.text,
    ...report.basis.map((line) => `· ${line}`),
  ].join('\n')
}

/** What each of the savings in the table rests on; those of caches differ from group to group. */
function assumptionLines({ groups }: AuditReport): string[] {
  const lines = groups.slice(0, groupsShown).flatMap(({ name, savings }) =>
    savings.flatMap(({ move, assumption }) => {
      if (move === 'batch' || move === 'flex') return [`· ${move} saves that if: ${assumption}`]
      return move === 'cache' ? [`· cache saves that of ${name} if: ${assumption}`] : []
    }),
  )
  return [...new Set(lines)]
}

function planLines({ plan, usd }: AuditReport): string[] {
  if (plan.length === 0) return ['There is nothing to move.']
  return [
    `Move first, for ${money(usd.savedMonth)} USD a month in all:`,
    ...plan
      .slice(0, 10)
      .flatMap(({ move, group, usdMonth, confidence, assumption, question, command, check }, at) => [
        `${at + 1}. ${group} → ${move}: ${money(usdMonth)} USD a month, confidence ${confidence}. ${assumption}`,
        `   Ask first: ${question}`,
        `   ${check}`,
        `   ${command}`,
      ]),
    ...(plan.length > 10 ? [`… and ${plan.length - 10} more, in --json and -o report.html`] : []),
  ]
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`
