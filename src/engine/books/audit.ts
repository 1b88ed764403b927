import { isPassedOver, type LoggedCall } from '../../audit/call.ts'
import { BadField, type Row } from '../../audit/fields.ts'
import { jsonValues } from '../../audit/json-values.ts'
import { type AuditReport, reportOf } from '../../audit/report.ts'
import { type ColumnMap, columnsFrom } from '../../audit/shapes/columns.ts'
import { rowsIn, shapeOf } from '../../audit/shapes/index.ts'
import type { Shape } from '../../audit/shapes/shape.ts'
import { Tally } from '../../audit/tally.ts'
import { type LineProblem, UnreadableInput } from '../../domain/errors.ts'
import type { NanoUsd } from '../../domain/money.ts'
import { chunksOf, openSource } from '../../intake/sources.ts'
import { DAY } from '../../kit/clock.ts'
import { offsetIn } from '../../kit/wall-time.ts'
import { advise } from '../../pricing/advise.ts'
import { builtIn, type PriceBook } from '../../pricing/catalogue.ts'
import { readTable } from '../../tables/read.ts'
import { Columns, type TableRow } from '../../tables/row.ts'
import { decodeText } from '../../tables/text.ts'
import { auditPrices, isLongFor } from './audit-prices.ts'

export interface AuditOptions {
  /** Where the columns of a table of one's own stand: `time=created_at,model=llm,input=prompt_tok`. */
  readonly columns?: string
  /** IANA name of the zone in which nights and weekends are told. */
  readonly zone: string
  /** Only calls since then, epoch ms. */
  readonly since?: number
  /** Part of each prompt that is the same, 0 to 1. Default: measured on the prompts in the log, else assumed. */
  readonly sharedPrefix?: number
  /** Default: the catalogue as it came; see `openPrices`. */
  readonly prices?: PriceBook
  readonly onProgress?: (lines: number) => void
}

/** One vendor's own reports of what was used, and of what it charged for it. */
export interface VendorReports {
  readonly vendor: string
  usage(window: AuditWindow): AsyncIterable<unknown>
  /** Or why it could not be read. */
  cost(window: AuditWindow): Promise<{ readonly nanoUsd: NanoUsd } | { readonly why: string }>
}

export interface AuditWindow {
  readonly from: number
  readonly until: number
}

/**
 * Reads usage logs once, as much memory at any size as there are groups of like calls in them.
 * @throws UnknownLog (`unknown_log`) for a kind that is not known, UnreadableInput for what cannot be read
 */
export async function auditLogs(files: readonly string[], options: AuditOptions): Promise<AuditReport> {
  const reader = new LogReader(options)
  for (const file of files) await reader.readFile(file)
  if (reader.tally.groups.size === 0) throw new UnreadableInput(files.join(', '), `holds no billed call${reader.why()}`)
  return reader.report(files.map((file) => (file === '-' ? 'standard input' : file)).join(', '))
}

/** The same on what the vendors themselves report, hour by hour. */
export async function auditVendors(
  vendors: readonly VendorReports[],
  window: AuditWindow,
  options: Omit<AuditOptions, 'columns' | 'since'>,
): Promise<AuditReport> {
  const reader = new LogReader(options)
  const notes: string[] = []
  let reported: NanoUsd | undefined
  for (const vendor of vendors) {
    const source = reader.opened(vendor.vendor)
    for await (const page of vendor.usage(window)) for (const row of rowsIn(page)) source.take(row, 0)
    const cost = await vendor.cost(window)
    if ('why' in cost) notes.push(`The cost report of ${vendor.vendor} is left out: ${cost.why}`)
    else reported = (reported ?? 0n) + cost.nanoUsd
  }
  const whole = notes.length === 0 && reported !== undefined ? { reported } : {}
  return reader.report(`usage reports of ${vendors.map(({ vendor }) => vendor).join(', ')}`, {
    window,
    notes,
    ...whole,
  })
}

const problemsKept = 20

class LogReader {
  readonly tally: Tally
  readonly #options: AuditOptions
  readonly #columns: ColumnMap | undefined
  readonly #problems: LineProblem[] = []
  #bad = 0
  readonly #shapes = new Set<string>()

  constructor(options: AuditOptions) {
    this.#options = options
    this.#columns = options.columns === undefined ? undefined : columnsFrom(options.columns)
    this.tally = new Tally({ offsetMinutes: offsetIn(options.zone), isLong: isLongFor(options.prices ?? builtIn) })
  }

  async readFile(file: string): Promise<void> {
    const reader = await openSource(file)
    try {
      const source = this.opened(reader.name)
      const { first, rest } = await opening(chunksOf(reader))
      const start = /[^\s\uFEFF]/.exec(first)?.[0]
      if (start === '{' || start === '[') await this.#readJson(source, rest)
      else await this.#readTable(source, rest, first.split('\n', 1)[0] ?? '')
    } finally {
      await reader.close()
    }
  }

  /** Takes the rows of one source; its first row tells its shape. */
  opened(name: string): LogSource {
    let shape: Shape | undefined
    return {
      name,
      take: (row, line) => {
        if (shape === undefined) {
          shape = shapeOf(name, row, this.#columns)
          this.#shapes.add(shape.label)
        }
        this.#take(name, shape, row, line)
      },
    }
  }

  #take(name: string, shape: Shape, row: Row, line: number): void {
    let call: ReturnType<Shape['read']>
    try {
      call = shape.read(row)
      const lacks = isPassedOver(call) ? undefined : whatLacks(call)
      if (lacks !== undefined) throw new BadField(lacks, null)
    } catch (error) {
      if (!(error instanceof BadField)) throw error
      return this.#addProblem({ file: name, line, message: error.message })
    }
    if (isPassedOver(call)) this.tally.passOver(call.passedOver)
    else if (call.at < (this.#options.since ?? 0)) this.tally.passOver('before --since')
    else this.tally.add(call)
    if (this.tally.lines % 10_000 === 0) this.#options.onProgress?.(this.tally.lines)
  }

  async #readJson(source: LogSource, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    let number = 0
    for await (const { values, bad } of jsonValues(decodeText(source.name, bytes))) {
      for (const value of values) {
        number++
        for (const row of rowsIn(value)) source.take(row, number)
      }
      for (const { line, message } of bad) this.#addProblem({ file: source.name, line, message })
    }
  }

  async #readTable(source: LogSource, bytes: AsyncIterable<Uint8Array>, header: string): Promise<void> {
    const format = header.includes('\t') && !header.includes(',') ? 'tsv' : 'csv'
    const columns = new Columns()
    for await (const { rows, problems } of readTable({ name: source.name, format, bytes }, columns)) {
      for (const row of rows) source.take(rowOf(row, columns), row.line)
      for (const { line, message } of problems) this.#addProblem({ file: source.name, line, message })
    }
  }

  #addProblem(problem: LineProblem): void {
    this.#bad++
    if (this.#problems.length < problemsKept) this.#problems.push(problem)
  }

  why(): string {
    const reasons = [...this.tally.passedOver].map(([why, lines]) => `${lines} ${why}`)
    const broken =
      this.#bad === 0
        ? []
        : [`${this.#bad} unreadable, the first at line ${this.#problems[0]?.line}: ${this.#problems[0]?.message}`]
    return [...reasons, ...broken].map((reason, at) => (at === 0 ? `: ${reason}` : `, ${reason}`)).join('')
  }

  report(
    name: string,
    more: { window?: AuditWindow; notes?: readonly string[]; reported?: NanoUsd } = {},
  ): AuditReport {
    const { zone, sharedPrefix } = this.#options
    return reportOf(this.tally, auditPrices(this.#options.prices ?? builtIn), {
      name,
      shape: [...this.#shapes].join(', '),
      zone,
      problems: { total: this.#bad, first: this.#problems },
      ...(sharedPrefix === undefined ? {} : { sharedPrefix }),
      rule: halfPriceRule,
      ...more,
    })
  }
}

interface LogSource {
  readonly name: string
  take(row: Row, line: number): void
}

/** What a batch saves of a month's spend, by the same arithmetic as `redeye advise`. */
function halfPriceRule(monthlySpend: number, offlineShare: number): { saved: number } {
  const { ways } = advise({ latencyMs: DAY, monthlySpend, offlineShare })
  return { saved: ways.find(({ way }) => way === 'batch')?.saved ?? 0 }
}

const whatLacks = ({ at, model }: LoggedCall): string | undefined =>
  Number.isNaN(at) ? 'time' : model === '' ? 'model' : undefined

const rowOf = ({ cells }: TableRow, { names }: Columns): Row =>
  Object.fromEntries(cells.flatMap((cell, at) => (cell === '' ? [] : [[names[at] as string, JSON.parse(cell)]])))

/** The beginning of the bytes as text, and all of them. */
async function opening(bytes: AsyncIterable<Uint8Array>): Promise<{ first: string; rest: AsyncIterable<Uint8Array> }> {
  const chunks = bytes[Symbol.asyncIterator]()
  const { value, done } = await chunks.next()
  const chunk: Uint8Array = done === true ? new Uint8Array(0) : value
  return {
    first: Buffer.from(chunk.subarray(0, 65_536)).toString('utf8'),
    rest: (async function* () {
      yield chunk
      yield* { [Symbol.asyncIterator]: () => chunks }
    })(),
  }
}
