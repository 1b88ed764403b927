import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { chanceOf, digest } from '../chance.ts'
import { compactJson } from '../compact-json.ts'
import { isJson, type Json, parsedJson } from '../json.ts'
import { createTextFile, lineBlocks } from '../lines.ts'
import { createRowTable, outcomes, type RowOutcome, type RowTable } from '../row-table.ts'
import { createShuffle } from '../shuffle.ts'
import type { Usage } from '../usage.ts'
import { invalidArgument, type Problem } from './errors.ts'

/** A batch's input read through once, and what comes of each line. */
export interface Scan {
  readonly lines: number
  readonly rows: RowTable
  /** What makes the whole batch fail, if anything does. */
  readonly problem: Problem | null
  /** Prompt tokens that wait in the queue for this batch. */
  readonly enqueuedTokens: number
  readonly carriesCustomIds: boolean
  readonly idsDigest: string
  readonly outputPath: string
  /** One `[id, request sha256, line, paid]` a line, in the order of execution. */
  readonly idsPath: string
}

/** One line, as far as any dialect goes. */
export interface Line {
  /** As the client wrote it: parsed, and not to be changed. */
  readonly record: Json
  /** Position in the input, from 1. */
  readonly number: number
  /** sha256 of what is asked, whoever asks. */
  readonly sha256: string
  readonly text: string
}

/** What came of a line. */
export interface Ran {
  readonly outcome: RowOutcome
  /** Rows of the result, each with its newline; none for a line that got lost. */
  readonly output: string
  readonly usage: Usage | null
  readonly id: unknown
  /** Prompt tokens, known even where the answer failed. */
  readonly promptTokens: number
}

export interface RunOptions {
  readonly name: string
  readonly dir: string
  readonly seed: number
  /** Null for a batch whose input does not exist: it has no lines. */
  readonly path: string | null
  readonly linesMax: number
  readonly shuffle: boolean
  readonly poison: string | undefined
  /** What of a record is asked, so that two purchases of one question can be told to be that. */
  readonly asked: (record: Json) => unknown
  readonly run: (line: Line) => Ran
}

const shuffleRows = 2_000
const shuffleChars = 8 << 20

/**
 * Reads and answers an input in one pass and bounded memory. Rows come out in a seeded order that is not the input's:
 * a client that joins by position must be caught.
 */
export async function runLines(options: RunOptions): Promise<Scan> {
  const outputPath = `${options.dir}/${options.name}.output`
  const idsPath = `${options.dir}/${options.name}.ids`
  const [output, ids] = await Promise.all([createTextFile(outputPath), createTextFile(idsPath)])
  const rows = createRowTable()
  const shuffle = createShuffle<{ ran: Ran; line: Line }>(chanceOf('order', options.seed, options.name), {
    items: options.shuffle ? shuffleRows : 0,
    size: shuffleChars,
    sizeOf: ({ ran }) => ran.output.length,
  })
  const idsDigest = createHash('sha256')
  let lines = 0
  let problem: Problem | null = null
  let enqueuedTokens = 0
  let carriesCustomIds = false
  const emit = async ({ ran, line }: { ran: Ran; line: Line }) => {
    const paid = ran.outcome === outcomes.succeeded
    rows.add(ran.outcome, Buffer.byteLength(ran.output), 0, ran.usage)
    await output.add(ran.output)
    await ids.add(`${JSON.stringify([ran.id, line.sha256, line.number, paid])}\n`)
  }
  try {
    let number = 0
    for await (const block of options.path === null ? [] : lineBlocks(options.path)) {
      for (const bytes of block) {
        number++
        if (bytes.length === 0) continue
        lines++
        if (lines > options.linesMax || problem) continue
        const record = isUtf8(bytes) ? parsedJson(bytes) : undefined
        if (!isJson(record)) {
          problem = invalidArgument(`Failed to parse the input file: line ${number} is not a valid JSON object.`)
          continue
        }
        const text = compactJson(options.asked(record) ?? null)
        if (options.poison !== undefined && text.includes(options.poison)) problem = poisonProblem
        if (record['custom_id'] !== undefined && record['key'] === undefined) carriesCustomIds = true
        const line = { record, number, sha256: digest(text), text }
        const ran = options.run(line)
        enqueuedTokens += ran.promptTokens
        idsDigest.update(`${typeof ran.id === 'string' ? ran.id : JSON.stringify(ran.id ?? null)}\n`)
        for (const out of shuffle.add({ ran, line })) await emit(out)
      }
    }
    for (const out of shuffle.drain()) await emit(out)
  } finally {
    await Promise.all([output.close(), ids.close()])
  }
  if (lines === 0 && options.path !== null) problem ??= invalidArgument('The input file is empty.')
  if (lines > options.linesMax) {
    problem = invalidArgument(`The input has ${lines} requests; at most ${options.linesMax} are allowed in one job.`)
  }
  return {
    lines,
    rows,
    problem,
    enqueuedTokens,
    carriesCustomIds,
    idsDigest: idsDigest.digest('hex'),
    outputPath,
    idsPath,
  }
}

const poisonProblem = invalidArgument('The batch could not be processed because of an invalid request in its input.')
