import { ENTRY_WORDS, NO_ROW, type ResultsIn, type ResultsOut } from '../../delivery/read-results.ts'
import {
  type Collected,
  emptyUsage,
  NO_FILE,
  NO_OUTCOME,
  RESULT_BYTES,
  RESULTS_VERSION,
  readUsage,
  USAGE_BYTES,
  type UsageRow,
  writeResult,
  writeUsage,
} from '../../delivery/result-index.ts'
import { isInvalid, outcomes, reasonCode } from '../../domain/outcome.ts'
import { moduleBeside } from '../../kit/byte-pool.ts'
import { lineBlocks } from '../../kit/line-blocks.ts'
import type { Remote } from '../../providers/contract.ts'
import type { Ports } from '../ports.ts'
import type { ShardFlight } from '../shards/flight.ts'
import type { Matching, Nameless } from './match-content.ts'

const SUCCEEDED = outcomes.indexOf('succeeded')
const FAILED = outcomes.indexOf('failed')
const MISSING = outcomes.indexOf('missing')

const readResults = moduleBeside(import.meta.url, '../../delivery/read-results')

interface Lines {
  /** The blob that they become. */
  readonly name: string
  readonly scanner: URL
  /** First part of our ids. */
  readonly key: string
}

/** Makes result lines a blob; worker threads read them on the way. */
export async function keepLines(
  { ports, options, manifest, shard }: ShardFlight,
  body: AsyncIterable<Uint8Array>,
  { name, scanner, key }: Lines,
  rows: RowOutcomes,
  number: number,
): Promise<void> {
  const writer = await ports.blobs.put(name)
  const check =
    options.table?.schema === undefined || options.table.schema === null
      ? undefined
      : {
          module: ports.answerCheck.href,
          with: { schema: options.table.schema, endpoint: manifest.groups[shard.group]?.endpoint ?? '' },
        }
  const waiting: Promise<ResultsOut>[] = []
  const merge = async (): Promise<void> => {
    const out = await (waiting.shift() as Promise<ResultsOut>)
    rows.add(out, number, writer.bytes, options.onInvalidAnswer === 'fail')
    await writer.write(new Uint8Array(out.buffer, 0, out.length))
    blocks.giveBack(out.buffer)
  }
  const blocks = lineBlocks(body)
  try {
    for await (const { buffer, length } of blocks) {
      const input: ResultsIn = { buffer, length, scanner: scanner.href, key, ...(check && { check }) }
      const out = ports.pool.run<ResultsIn, ResultsOut>(readResults, input, [buffer])
      out.catch(() => {}) // awaited in order below; until then it must not count as unhandled
      waiting.push(out)
      if (waiting.length > ports.pool.size) await merge()
    }
    while (waiting.length > 0) await merge()
    await writer.commit()
  } catch (error) {
    await writer.abort()
    throw error
  }
}

/** Outcome and usage of every row of one submission, in two typed arrays. The first success of a row stands. */
export class RowOutcomes {
  index: Uint8Array
  usage: Uint8Array
  readonly models: string[] = []
  readonly tiers: string[] = []
  lines = 0
  duplicates = 0
  strangers = 0
  bytes = 0
  /** Rows without an id. */
  readonly nameless = new Set<Nameless>()
  /** Of answers that came a second time where each was bought by itself, billed like the first. */
  readonly #repeats: UsageRow[] = []
  readonly #rows: number
  readonly #resident: boolean
  readonly #buysEach: boolean
  readonly #results: DataView
  readonly #usages: DataView

  /** @param buysEach  each line was bought by itself: one that comes again was bought again */
  constructor(rows: number, { resident, buysEach = false }: { resident: boolean; buysEach?: boolean }) {
    this.#rows = rows
    this.#resident = resident
    this.#buysEach = buysEach
    this.index = new Uint8Array(rows * RESULT_BYTES)
    this.usage = new Uint8Array(rows * USAGE_BYTES)
    this.#results = new DataView(this.index.buffer)
    this.#usages = new DataView(this.usage.buffer)
    for (let row = 0; row < rows; row++) this.index[row * RESULT_BYTES] = NO_OUTCOME
  }

  add(out: ResultsOut, file: number, offset: number, failInvalid: boolean): void {
    this.lines += out.lines
    this.strangers += out.strangers
    this.bytes += out.length
    const models = out.models.map((name) => numbered(this.models, name))
    const tiers = out.tiers.map((name) => numbered(this.tiers, name))
    const entries = new Uint32Array(out.entries)
    for (let at = 0; at < out.count * ENTRY_WORDS; at += ENTRY_WORDS) {
      const row = entries[at] as number
      const facts = entries[at + 1] as number
      const usage = usageAt(entries, at, models, tiers)
      usage.resident ||= this.#resident
      const reason = (facts >>> 8) & 0xff
      const result = {
        outcome: isInvalid(reason) && failInvalid ? FAILED : facts & 0xff,
        reason,
        file,
        offset: offset + (entries[at + 2] as number),
        length: entries[at + 3] as number,
        idAt: row === NO_ROW ? 0 : (entries[at + 4] as number),
      }
      if (row < this.#rows) this.#offer(row, { result, usage })
      else {
        this.strangers++
        if (row === NO_ROW) this.nameless.add({ result, usage })
      }
    }
  }

  #offer(row: number, { result, usage }: Nameless): void {
    const before = this.index[row * RESULT_BYTES] as number
    if (before !== NO_OUTCOME) {
      this.duplicates++
      const stays = before === SUCCEEDED || result.outcome !== SUCCEEDED
      if (this.#buysEach) this.#repeats.push(stays ? usage : readUsage(this.#usages, row * USAGE_BYTES, emptyUsage()))
      if (stays) return
    }
    writeResult(this.#results, row * RESULT_BYTES, result)
    writeUsage(this.#usages, row * USAGE_BYTES, usage)
  }

  get count(): number {
    return this.index.length / RESULT_BYTES
  }

  /** How many rows there are, where only the lines could tell. */
  keep(rows: number): void {
    this.index = this.index.subarray(0, rows * RESULT_BYTES)
    this.usage = this.usage.subarray(0, rows * USAGE_BYTES)
  }

  matching(files: readonly string[]): Matching {
    return {
      files,
      nameless: this.nameless,
      isSeen: (row) => this.index[row * RESULT_BYTES] !== NO_OUTCOME,
      give: (row, found) => {
        this.strangers--
        this.nameless.delete(found)
        this.#offer(row, found)
      },
    }
  }

  /**
   * The usage of all rows, and of answers without an id: they are somebody's of ours, for these rows are missing, and
   * the vendor charges them; only whose they are cannot be told.
   */
  #charged(missing: number): Uint8Array {
    const nameless = [...this.nameless].map(({ usage }) => usage).filter(({ billed }) => billed)
    const repeats = this.#repeats.filter(({ billed }) => billed)
    const records = [...nameless.slice(0, missing), ...repeats].map((usage) => {
      const record = new Uint8Array(USAGE_BYTES)
      writeUsage(new DataView(record.buffer), 0, usage)
      return record
    })
    return Buffer.concat([this.usage, ...records])
  }

  /** Makes index and usage durable beside the files, which are already. */
  async save(ports: Ports, folder: string, files: readonly string[], missing: number): Promise<Collected> {
    await put(ports, `${folder}/index`, this.index)
    await put(ports, `${folder}/usage`, this.#charged(missing))
    const { lines, duplicates, strangers, models, tiers, bytes } = this
    return {
      version: RESULTS_VERSION,
      index: `${folder}/index`,
      usage: `${folder}/usage`,
      files,
      models,
      tiers,
      rows: { lines, duplicates, strangers, missing },
      bytes,
    }
  }

  /**
   * What the vendor never mentioned is what it says of the rest, or else an explicit `missing`. Returns how many there
   * are of either.
   */
  markUnseen(rest: Remote['rest']): number {
    const outcome = rest === undefined ? MISSING : outcomes.indexOf(rest)
    const reason = rest === undefined ? reasonCode.missing : reasonCode[`batch_${rest}`]
    let unseen = 0
    for (let at = 0; at < this.index.length; at += RESULT_BYTES) {
      if (this.index[at] !== NO_OUTCOME) continue
      unseen++
      this.index[at] = outcome
      this.index[at + 1] = reason
      this.index[at + 2] = NO_FILE
    }
    return unseen
  }
}

const usageAt = (entries: Uint32Array, at: number, models: readonly number[], tiers: readonly number[]): UsageRow => {
  const names = entries[at + 9] as number
  return {
    input: entries[at + 5] as number,
    cachedInput: entries[at + 6] as number,
    cacheWrite: entries[at + 7] as number,
    cacheWrite5m: entries[at + 10] as number,
    cacheWrite1h: entries[at + 11] as number,
    output: entries[at + 8] as number,
    webSearches: entries[at + 12] as number,
    model: models[names & 0xffff] ?? 0,
    tier: tiers[names >>> 16] ?? 0,
    billed: (((entries[at + 1] as number) >>> 16) & 1) === 1,
    resident: (((entries[at + 1] as number) >>> 17) & 1) === 1,
  }
}

function numbered(names: string[], name: string): number {
  const at = names.indexOf(name)
  return at >= 0 ? at : names.push(name) - 1
}

async function put(ports: Ports, name: string, bytes: Uint8Array): Promise<void> {
  const writer = await ports.blobs.put(name)
  await writer.write(bytes)
  await writer.commit()
}
