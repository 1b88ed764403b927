import type { Flown } from '../../delivery/flown.ts'
import { type LineWindow, linesOf } from '../../delivery/line-window.ts'
import type { OutcomeWindow } from '../../delivery/outcome-window.ts'
import { type GroupLines, type RequestCost, requestLines } from '../../delivery/request-lines.ts'
import { NO_OUTCOME } from '../../delivery/result-index.ts'
import { type RowCost, tableRows } from '../../delivery/table-lines.ts'
import { ResultWalk } from '../../delivery/windows.ts'
import { dialectOf } from '../../dialects/dialect-of.ts'
import { UsageError } from '../../domain/errors.ts'
import { parseUsd, roundToNano, usd } from '../../domain/money.ts'
import type { ScannedRow } from '../../domain/scanned-row.ts'
import { chargedKinds, type Lane, type Usage, vendorOf } from '../../domain/usage.ts'
import type { Manifest } from '../../intake/manifest.ts'
import { costOf } from '../../pricing/cost.ts'
import { priceFor, tierAnswered } from '../../pricing/price.ts'
import type { RowScanner } from '../../providers/contract.ts'
import type { JobRow } from '../../stores/contract.ts'
import { answerReader } from '../../tables/answer.ts'
import { formatOf, type TableFormat } from '../../tables/format.ts'
import { outputColumns } from '../../tables/output.ts'
import { answerColumns, answerSchema } from '../../tables/schema.ts'
import { tableWriter } from '../../tables/write.ts'
import { deservesRetry } from '../harvest/fates.ts'
import { flownOf } from '../harvest/flown.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { termsOf } from '../rows/lane-terms.ts'
import { type RoutedManifest, routedFor, translationOf } from '../rows/routing.ts'
import { Counter, type Counts } from './receipt.ts'

/** The output in input order, one line or row per request, as blocks of bytes, each valid until the next; what it counted on the way is returned. */
export async function* outputOf(ports: Ports, job: JobRow, format?: TableFormat): AsyncGenerator<Uint8Array, Counts> {
  const flown = await flownOf(ports, job.id)
  const manifest = job.input as Manifest
  const walk = new ResultWalk(ports.blobs, manifest, flown)
  const counter = new Counter()
  const encode = await encoderOf(ports, job, flown, format)
  try {
    if (encode.head.length > 0) yield encode.head
    for await (const window of walk.lines()) {
      counter.add(window, flown)
      yield encode.window(window)
    }
  } finally {
    await walk.close()
  }
  return counter
}

/** Outcomes alone, without reading a result line. While a job flies: of the requests of which nothing is to come. */
export async function countOutcomes(ports: Ports, job: JobRow): Promise<Counts> {
  const options = job.options as JobOptions
  const coming = job.state !== 'landing'
  const flown = await flownOf(ports, job.id, { coming })
  const walk = new ResultWalk(ports.blobs, job.input as Manifest, flown)
  const counter = new Counter()
  const takeBack = (rows: OutcomeWindow): void => {
    for (let row = 0; row < rows.count; row++) {
      const again = flown[rows.winner[row] as number]?.again === true
      if (again && deservesRetry(rows.reason[row] as number, options)) rows.outcome[row] = NO_OUTCOME
    }
  }
  try {
    for await (const window of walk.outcomes(coming ? takeBack : undefined)) counter.add(window, flown)
  } finally {
    await walk.close()
  }
  return counter
}

/** The format an output path asks for; request jobs are always lines in the dialect of the input. */
export function formatFor(manifest: Pick<Manifest, 'kind'>, path: string): TableFormat | undefined {
  if (manifest.kind === 'requests') {
    if (/\.(csv|tsv|parquet)$/i.test(path)) {
      throw new UsageError(
        `${path}: batch lines in give batch lines out.`,
        'Name the output .jsonl; CSV out wants a table in (--prompt).',
      )
    }
    return undefined
  }
  return formatOf(path)
}

interface Encoder {
  readonly head: Uint8Array
  window(window: LineWindow): Uint8Array
}

async function encoderOf(ports: Ports, job: JobRow, flown: readonly Flown[], format?: TableFormat): Promise<Encoder> {
  const manifest = job.input as RoutedManifest
  const { table, withCost } = job.options as JobOptions
  if (table === undefined) {
    const linesFor = byRoute(manifest, flown, (routed, group) => groupLines(routed, job, group))
    const cost = withCost ? await requestCosts(ports, job, flown) : undefined
    let room: Buffer | undefined
    return {
      head: new Uint8Array(0),
      window: (window) => {
        const lines = requestLines(window, linesFor, { room, cost })
        if (room === undefined || lines.buffer !== room.buffer) room = Buffer.from(lines.buffer)
        return lines
      },
    }
  }
  const input = manifest.columns ?? []
  const schema = table.schema === null ? undefined : answerSchema(table.schema)
  const answer = answerColumns(schema, table.answerColumn ?? undefined, input)
  const writer = tableWriter(format ?? 'jsonl', outputColumns(input, answer, { withCost: table.withCost }))
  const shape = {
    inputColumns: input.length,
    answerColumns: answer.length,
    read: await answerReader(schema),
    answerText: byRoute(manifest, flown, ({ routes }, group) => dialectOf(routes[group]?.endpoint ?? '').answerText),
    ...(table.withCost ? { cost: await costReader(ports, job, table.model, flown) } : {}),
  }
  return { head: writer.head(), window: (window) => writer.encode(tableRows(window, shape)) }
}

const groupLines = (manifest: RoutedManifest, job: JobRow, group: number): GroupLines => ({
  errorRow: dialectOf(manifest.groups[group]?.endpoint ?? '').errorRow,
  translation: translationOf(manifest, job, group),
})

/** What depends on the route that a group has flown in a submission, made once for each of them. */
export function byRoute<T>(
  manifest: RoutedManifest,
  flown: readonly Flown[],
  of: (routed: RoutedManifest, group: number) => T,
): (group: number, winner: number) => T {
  const own = manifest.groups.map((_, group) => of(manifest, group))
  if (manifest.alternatives === undefined) return (group) => own[group] as T
  const made = flown.map(({ lane, model }) =>
    manifest.groups.map((_, group) => {
      const routed = routedFor(manifest, { group, lane: lane as Lane, model })
      return routed === manifest ? (own[group] as T) : of(routed, group)
    }),
  )
  return (group, winner) => (made[winner] ?? own)[group] as T
}

/** What each request of a window cost, all its rows together, as JSON. */
async function requestCosts(ports: Ports, job: JobRow, flown: readonly Flown[]): Promise<RequestCost> {
  const { routes } = job.input as RoutedManifest
  const readers = await Promise.all(routes.map(({ model }) => costReader(ports, job, model, flown)))
  return (window, index) => {
    const read = readers[window.group[index] as number] as (typeof readers)[number]
    const winner = window.winner[index] as number
    const costs = linesOf(window, index).map(({ bytes, start, end }) => read(bytes, start, end, winner))
    const [first] = costs
    if (first === undefined) return undefined
    const known = costs.every((cost) => cost.usd !== '')
    const sum = known ? usd(costs.reduce((total, cost) => total + parseUsd(cost.usd), 0n)) : null
    return JSON.stringify({ model: first.model, lane: first.lane, usd: sum })
  }
}

/** What one row cost, from its own line. The charge of a job is rounded per ledger entry, so these sum up to about it. */
export async function costReader(
  ports: Ports,
  job: JobRow,
  model: string,
  flown: readonly Flown[],
): Promise<(bytes: Uint8Array, start: number, end: number, winner: number) => RowCost & { readonly tokens: Usage }> {
  const scanners = new Map<string, RowScanner>()
  for (const { lane } of flown) {
    if (lane === '' || scanners.has(lane)) continue
    const { scanner } = termsOf(ports.vendors, lane as Lane)
    const { scanRow } = (await import(scanner.href)) as { scanRow: RowScanner }
    scanners.set(lane, scanRow)
  }
  const row = {} as ScannedRow
  const { routes } = job.input as RoutedManifest
  const placed = routes.some((route) => route.resident === true)
  return (bytes, start, end, winner) => {
    const lane = (flown[winner]?.lane ?? '') as `${string}/batch`
    const vendor = vendorOf(lane)
    scanners.get(lane)?.(bytes, start, end, row)
    const requested = flown[winner]?.model ?? model
    const priced = ports.vendors.prices.resolve({ requested, answered: row.model, vendor })
    const tier = tierAnswered(lane, row.tier)
    const usage: Usage = {
      input: row.input,
      cachedInput: row.cachedInput,
      cacheWriteDefault: row.cacheWrite,
      cacheWrite5m: row.cacheWrite5m,
      cacheWrite1h: row.cacheWrite1h,
      output: row.output,
      webSearch: row.webSearches,
    }
    const resident = row.resident || placed
    const promptTokens = row.input + row.cachedInput + row.cacheWrite + row.cacheWrite5m + row.cacheWrite1h
    const { accountId = '' } = routes.find((route) => route.lane === lane) ?? {}
    const rates = ports.vendors.engine(accountId)?.rates
    const sold = priced ?? (tier === 'idle' ? requested : undefined)
    const asked = { vendor, at: job.createdAt, promptTokens, resident, rates }
    const price = sold === undefined || tier === undefined ? undefined : priceFor({ ...asked, model: sold, tier })
    const known =
      price !== undefined && chargedKinds.every((kind) => !usage[kind] || price.perToken[kind] !== undefined)
    const isCharged = row.billed && flown[winner]?.reused !== true
    const cost = isCharged ? (known ? usd(roundToNano(costOf(usage, price))) : '') : '0'
    return { model: row.model === '' ? requested : row.model, lane, usd: cost, tokens: usage }
  }
}
