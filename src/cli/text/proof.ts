import type { Proof, ProofLine, VendorProof } from '../../index.ts'
import { columns } from './columns.ts'

/** A proof as a person reads it: a line for each day, model and tier, with the reasons why it differs. */
export function proofText({ vendors, unexplained, notes }: Proof): string {
  const verdict =
    vendors.length === 0
      ? 'Nothing was compared.'
      : unexplained === '0'
        ? 'The bill is proven: every difference has its reason.'
        : `${unexplained} USD is charged here and in no report: not explained.`
  return [
    ...vendors.flatMap((vendor) => [...vendorText(vendor), '']),
    ...notes.map((note) => `· ${note}`),
    verdict,
  ].join('\n')
}

function vendorText({ vendor, from, to, zone, usd, lines }: VendorProof): string[] {
  const rows = lines.map((line) => [
    line.day,
    line.text,
    line.tier ?? '',
    line.usd.charged,
    line.usd.billed,
    line.usd.difference,
    reasonsOf(line),
  ])
  const total = ['total', '', '', usd.charged, usd.billed, usd.difference]
  const head = ['day', 'what', 'tier', 'charged ', 'billed ', 'difference ', 'because']
  return [`${vendor}, ${from} until ${to} (days of ${zone}), USD`, ...columns(head, [...rows, total])]
}

function reasonsOf({ because, usd }: ProofLine): string {
  const reasons = because.map(({ reason, usd: amount, day }) => {
    return `${amount} ${reason === 'timing' ? timingWords(amount, day) : words[reason]}`
  })
  if (reasons.length === 0) reasons.push('equal')
  // Calls of their own: whoever looks for batches alone wonders at them.
  if (usd.ahead !== '0') reasons.push(`${usd.ahead} of it for rows that went ahead (preflight)`)
  return reasons.join('; ')
}

const timingWords = (usd: string, day = ''): string =>
  usd.startsWith('-') ? `counted on ${day}` : `of what was bought on ${day}`

const words: Readonly<Record<Exclude<ProofLine['because'][number]['reason'], 'timing'>, string>> = {
  rounding: 'rounding',
  duplicate: 'bought twice, shown as duplicate',
  unproven: 'of what is unproven here',
  unpriced: 'of what has no known price here',
  late: 'not in the report yet',
  outside: 'may be counted on days outside the report',
  credit: 'credit',
  price: 'the same tokens at another price',
  elsewhere: 'not bought by this home: another key, program or home',
  missing: 'charged here, not in the report',
}
