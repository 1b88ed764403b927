import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { tasks } from './jobs.ts'
import { type Knowledge, knowledge, measure, type Quoted } from './measure.ts'

/** One job, and what was quoted for it. */
interface Row extends Readonly<Record<Knowledge, Quoted>> {
  readonly number: number
  readonly job: string
}

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
    processes: { type: 'string', default: String(availableParallelism()) },
    /** What a process is asked by another: a line of JSON for each job. */
    json: { type: 'boolean', default: false },
  },
})

const [first, jobs] = [Number(values.from), Number(values.jobs)]
const measured = values.json ? [] : await inProcesses()
if (values.json)
  for (let number = first; number < first + jobs; number++) console.log(JSON.stringify(await one(number)))

async function one(number: number): Promise<Row> {
  const bounds = { requestsMin: 80, requestsMax: Number(values['requests-max']) }
  const { job, ...quotes } = await measure(Number(values.seed), number, bounds)
  return { number, job: `${job.name}, ${job.model} ×${job.requests}`, ...quotes }
}

/** How models answer is one manner for a process, so that jobs go one after the other in each. */
async function inProcesses(): Promise<Row[]> {
  const rows: Row[] = []
  const each = Math.ceil(jobs / Number(values.processes))
  const starts = Array.from({ length: Math.ceil(jobs / each) }, (_, at) => first + at * each)
  await Promise.all(
    starts.map(async (from) => {
      const count = Math.min(each, first + jobs - from)
      const more = [`--from=${from}`, `--jobs=${count}`, `--seed=${values.seed}`]
      const args = [import.meta.filename, '--json', ...more, `--requests-max=${values['requests-max']}`]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      const ended = once(child, 'close')
      for await (const line of createInterface({ input: child.stdout })) {
        rows.push(JSON.parse(line) as Row)
        if (values.each) console.log(textOf(rows.at(-1) as Row))
        else process.stderr.write(`\r${rows.length} of ${jobs} jobs`)
      }
      const [code] = await ended
      if (code !== 0) throw new Error(`The jobs from ${from} on were not measured.`)
    }),
  )
  process.stderr.write('\n')
  return rows
}

const of = (rows: readonly Row[], what: Knowledge): string[] => {
  const quotes = rows.map((row) => row[what])
  const inside = quotes.filter(isInside).length
  const widths = quotes.map(({ low, high }) => high / low).sort((a, b) => a - b)
  const at = (share: number): string => (widths[Math.floor(share * (widths.length - 1))] ?? Number.NaN).toFixed(2)
  return [`${inside} of ${rows.length} (${((100 * inside) / rows.length).toFixed(1)} %)`, at(0.5), at(0.9)]
}
if (!values.json) {
  table(
    ['the quote knows', 'bill inside', 'high ÷ low, median', 'p90'],
    knowledge.map((what) => [what, ...of(measured, what)]),
  )
  table(
    ['task', 'jobs', ...knowledge.flatMap((what) => [`${what}: inside`, 'median'])],
    tasks.map(({ name }) => {
      const rows = measured.filter(({ job }) => job.startsWith(name))
      return [name, String(rows.length), ...knowledge.flatMap((what) => of(rows, what).slice(0, 2))]
    }),
  )
}

function isInside({ low, high, actual }: Quoted): boolean {
  return low <= actual && actual <= high
}

function textOf({ number, job, ...quotes }: Row): string {
  const parts = knowledge.map((what) => {
    const { low, high, actual } = quotes[what]
    const place = isInside(quotes[what]) ? '' : actual < low ? 'below ' : 'above '
    return `${what} ${place}${(high / low).toFixed(2)} (${(actual / low).toFixed(2)})`
  })
  return `${number} ${job}: ${parts.join(' · ')}`
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  console.log([`\n${line(heads)}`, line(heads.map(() => '---')), ...rows.map(line)].join('\n'))
}
