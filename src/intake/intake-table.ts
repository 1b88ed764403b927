import { createHash } from 'node:crypto'
import { UnreadableInput } from '../domain/errors.ts'
import { inputFormatOf, type TableFormat } from '../tables/format.ts'
import { readRecords, readTable } from '../tables/read.ts'
import type { RequestOptions, RequestWriter } from '../tables/request.ts'
import { requestWriter, tableEndpoint } from '../tables/request.ts'
import { Columns, encodeRow, type TableBatch } from '../tables/row.ts'
import { IndexBuilder } from './index-builder.ts'
import { type IntakeOptions, type IntakePorts, Problems } from './intake.ts'
import { emptyRecord, type Manifest, RECORD_BYTES, tokensByLength, writeRecord } from './manifest.ts'
import { chunksOf, openSource, type Source } from './sources.ts'

/** Rows of files, whose names tell their format, or as objects. */
export type TableSource =
  | { readonly source: Source; readonly format?: TableFormat }
  | { readonly records: AsyncIterable<unknown> | Iterable<unknown> }

export interface TableIntake {
  readonly request: RequestOptions
  /** Asked with the first row's columns and with all: throws when an output column would clash. */
  readonly checkColumns: (columns: readonly string[]) => void
}

const DIGEST_BLOCK = 1 << 20
/** An output limit that a table's requests state is the same for all. */
const outputMaxOf = ({ maxTokens, params = {} }: RequestOptions): number =>
  maxTokens ?? Number(params.max_completion_tokens ?? params.max_tokens ?? 0)

/** Reads rows once and writes a request for each; the row itself is carried through to the output. */
export async function intakeTable(
  sources: readonly TableSource[],
  table: TableIntake,
  ports: IntakePorts,
  options: IntakeOptions = {},
): Promise<Manifest> {
  const intake = new TableRows(table, ports, options)
  try {
    for (const source of sources) await intake.read(source)
    return await intake.finish()
  } catch (error) {
    await intake.abort()
    throw error
  }
}

class TableRows {
  readonly #table: TableIntake
  readonly #ports: IntakePorts
  readonly #options: IntakeOptions
  readonly #columns = new Columns()
  readonly #problems = new Problems()
  readonly #digest = createHash('sha256')
  readonly #files: string[] = []
  readonly #index: IndexBuilder
  readonly #record = emptyRecord()
  #writer: RequestWriter | undefined
  #segment: Awaited<ReturnType<IntakePorts['blobs']['put']>> | undefined

  constructor(table: TableIntake, ports: IntakePorts, options: IntakeOptions) {
    this.#table = table
    this.#ports = ports
    this.#options = options
    this.#index = new IndexBuilder(ports.blobs, ports.folder)
  }

  async read(from: TableSource): Promise<void> {
    if ('records' in from) {
      this.#files.push('(rows)')
      for await (const batch of readRecords(from.records, this.#columns)) {
        for (const { cells } of batch.rows) this.#digest.update(encodeRow(cells)).update('\n')
        await this.#append(batch, '(rows)')
      }
      return
    }
    const reader = await openSource(from.source)
    this.#files.push(reader.name)
    try {
      const format = from.format ?? inputFormatOf(reader.name)
      const bytes = digested(chunksOf(reader, DIGEST_BLOCK), this.#digest)
      for await (const batch of readTable({ name: reader.name, format, bytes }, this.#columns))
        await this.#append(batch, reader.name)
    } finally {
      await reader.close()
    }
    this.#digest.update('end')
  }

  async finish(): Promise<Manifest> {
    if (this.#options.skipInvalid !== true) this.#problems.throwAny()
    if (this.#index.count === 0) throw new UnreadableInput(this.#files.join(', '), 'is empty: no rows in it')
    this.#table.checkColumns(this.#columns.names)
    await this.#segment?.commit()
    return {
      version: 1,
      kind: 'table',
      segments: [`${this.#ports.folder}/segment-0`],
      ...(await this.#index.finish(new Set())),
      files: this.#files,
      digest: this.#digest.digest('hex'),
      skipped: this.#problems.total,
      columns: this.#columns.names,
    }
  }

  async abort(): Promise<void> {
    await this.#segment?.abort()
    await this.#index.abort()
  }

  async #append(batch: TableBatch, file: string): Promise<void> {
    for (const { line, message, text } of batch.problems) await this.#bad(file, line, message, text)
    const bodies: Uint8Array[] = []
    const carries: Uint8Array[] = []
    const records = new DataView(new ArrayBuffer(batch.rows.length * RECORD_BYTES))
    const record = this.#record
    record.bodyOffset = 0
    record.carryOffset = 0
    record.outputMax = outputMaxOf(this.#table.request)
    for (const row of batch.rows) {
      const writer = this.#writerFor(row)
      const problem = writer.problem(row.cells)
      const carry = encodeRow(row.cells)
      if (problem !== undefined) {
        await this.#bad(file, row.line, problem, carry.toString())
        continue
      }
      const body = writer.body(row.cells)
      record.bodyLength = body.length
      record.carryLength = carry.length
      record.tokens = tokensByLength(body.length)
      record.line = row.line
      // The model stands first in the body: {"model":"…"
      record.modelOffset = MODEL_AT
      record.modelLength = JSON.stringify(this.#table.request.model).length
      writeRecord(records, bodies.length * RECORD_BYTES, record)
      bodies.push(body)
      carries.push(carry)
      record.bodyOffset += body.length
      record.carryOffset += carry.length
    }
    if (bodies.length === 0) return
    this.#segment ??= await this.#ports.blobs.put(`${this.#ports.folder}/segment-0`)
    const offset = this.#segment.bytes
    await this.#segment.write(Buffer.concat(bodies))
    await this.#index.append(
      {
        count: bodies.length,
        records: records.buffer.slice(0, bodies.length * RECORD_BYTES) as ArrayBuffer,
        carry: joined(carries),
        groups: [{ endpoint: tableEndpoint, model: this.#table.request.model }],
      },
      offset,
      0,
      0,
    )
    this.#ports.onProgress?.(this.#segment.bytes, this.#index.count)
  }

  /** The first row says which columns a prompt may name. */
  #writerFor(row: TableBatch['rows'][number]): RequestWriter {
    if (this.#writer === undefined) {
      this.#table.checkColumns(this.#columns.names)
      this.#writer = requestWriter(this.#table.request, this.#columns.of(row))
    }
    return this.#writer
  }

  async #bad(file: string, line: number, message: string, text: string): Promise<void> {
    const problem = { file, line, message }
    this.#problems.add(problem)
    if (this.#options.skipInvalid === true) await this.#options.reject?.(Buffer.from(text), problem)
  }
}

const MODEL_AT = '{"model":'.length

async function* digested(
  chunks: AsyncIterable<Uint8Array>,
  digest: ReturnType<typeof createHash>,
): AsyncIterable<Uint8Array> {
  for await (const chunk of chunks) {
    digest.update(chunk)
    yield chunk
  }
}

function joined(parts: readonly Uint8Array[]): ArrayBuffer {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes.buffer
}
