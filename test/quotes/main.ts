import { parseArgs } from 'node:util'
import { tasks } from './jobs.ts'
import { type Knowledge, knowledge, type Measured, measure, type Quoted } from './measure.ts'

// How often the bill lies within the quote over generated jobs, and how wide the quotes are. Prints Markdown.
const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    /** The first of them. */
    from: { type: 'string', default: '0' },
    'requests-max': { type: 'string', default: '400' },
    /** A line for each job. */
    each: { type: 'boolean', default: false },
  },
})

const bounds = { requestsMin: 80, requestsMax: Number(values['requests-max']) }
const measured: Measured[] = []
const first = Number(values.from)
for (let number = first; number < first + Number(values.jobs); number++) {
  const one = await measure(Number(values.seed), number, bounds)
  measured.push(one)
  if (values.each) console.log(lineOf(number, one))
  else process.stderr.write(`\r${measured.length} of ${values.jobs} jobs`)
}
process.stderr.write('\n')

const of = (rows: readonly Measured[], what: Knowledge): string[] => {
  const quotes = rows.map((row) => row[what])
  const inside = quotes.filter(isInside).length
  const widths = quotes.map(({ low, high }) => high / low).sort((a, b) => a - b)
  const at = (share: number): string => (widths[Math.floor(share * (widths.length - 1))] ?? Number.NaN).toFixed(2)
  return [`${inside} of ${rows.length} (${((100 * inside) / rows.length).toFixed(1)} %)`, at(0.5), at(0.9)]
}
table(
  ['the quote knows', 'bill inside', 'high ÷ low, median', 'p90'],
  knowledge.map((what) => [what, ...of(measured, what)]),
)
table(
  ['task', 'jobs', ...knowledge.flatMap((what) => [`${what}: inside`, 'median'])],
  tasks.map(({ name }) => {
    const rows = measured.filter(({ job }) => job.name.startsWith(name))
    return [name, String(rows.length), ...knowledge.flatMap((what) => of(rows, what).slice(0, 2))]
  }),
)

function isInside({ low, high, actual }: Quoted): boolean {
  return low <= actual && actual <= high
}

function lineOf(number: number, { job, ...quotes }: Measured): string {
  const parts = knowledge.map((what) => {
    const { low, high, actual } = quotes[what]
    const place = isInside(quotes[what]) ? ' ' : actual < low ? '<' : '>'
    return `${what} ${place}${(high / low).toFixed(2)} (${(actual / low).toFixed(2)})`
  })
  return `${number} ${job.model} ${job.name} ×${job.requests}: ${parts.join(' · ')}`
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  console.log([`\n${line(heads)}`, line(heads.map(() => '---')), ...rows.map(line)].join('\n'))
}
