import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { UnreadableInput } from '../domain/errors.ts'
import { NotFetched } from '../kit/fetch-file.ts'
import { inputFormatOf, type TableFormat } from '../tables/format.ts'
import { readRecords, readTable } from '../tables/read.ts'
import type { AttachmentOption, RequestOptions, RequestWriter } from '../tables/request.ts'
import { requestWriter, tableEndpoint } from '../tables/request.ts'
import { type Cells, Columns, encodeRow, type TableBatch } from '../tables/row.ts'
import { AttachedFiles } from './attached-files.ts'
import { type Attachment, openAttachment, type PartWriter } from './attachment.ts'
import { BadRow } from './bad-row.ts'
import { readFiles } from './files.ts'
import { fitFiles } from './fit-files.ts'
import { IndexBuilder } from './index-builder.ts'
import { type IntakeOptions, type IntakePorts, Problems } from './intake.ts'
import {
  emptyRecord,
  type FileStart,
  MANIFEST_VERSION,
  type Manifest,
  RECORD_BYTES,
  tokensByLength,
  writeRecord,
} from './manifest.ts'
import { chunksOf, openSource, type Source } from './sources.ts'
import { StagedWriter } from './staged-writer.ts'

/** Rows of files, whose names tell their format, or as objects; or files that are rows themselves. */
export type TableSource =
  | { readonly source: Source; readonly format?: TableFormat }
  | { readonly records: AsyncIterable<unknown> | Iterable<unknown> }
  | { readonly name: string; readonly files: readonly string[] }

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
  readonly #files: (FileStart & { readonly name: string })[] = []
  readonly #index: IndexBuilder
  readonly #attached: AttachedFiles
  readonly #record = emptyRecord()
  #writer: RequestWriter | undefined
  #segment: Awaited<ReturnType<IntakePorts['blobs']['put']>> | undefined

  constructor(table: TableIntake, ports: IntakePorts, options: IntakeOptions) {
    this.#table = table
    this.#ports = ports
    this.#options = options
    this.#index = new IndexBuilder(ports.blobs, ports.folder)
    this.#attached = new AttachedFiles(ports.blobs, ports.folder)
  }

  async read(from: TableSource): Promise<void> {
    if ('records' in from) return this.#readRecords('(rows)', from.records)
    if ('files' in from) return this.#readRecords(from.name, readFiles(from.files))
    const reader = await openSource(from.source)
    this.#begin(reader.name)
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

  #begin(name: string): void {
    this.#files.push({ name, ordinal: this.#index.count, offset: this.#segment?.bytes ?? 0 })
  }

  async #readRecords(name: string, records: AsyncIterable<unknown> | Iterable<unknown>): Promise<void> {
    this.#begin(name)
    for await (const batch of readRecords(records, this.#columns)) {
      for (const { cells } of batch.rows) this.#digest.update(encodeRow(cells)).update('\n')
      await this.#append(batch, name)
    }
  }

  async finish(): Promise<Manifest> {
    if (this.#options.skipInvalid !== true) this.#problems.throwAny()
    if (this.#index.count === 0) {
      const what = this.#problems.total > 0 ? 'no row is valid' : 'is empty: no rows in it'
      throw new UnreadableInput(this.#files.map(({ name }) => name).join(', '), what)
    }
    this.#table.checkColumns(this.#columns.names)
    await this.#segment?.commit()
    const attached = await this.#attached.finish()
    return {
      version: MANIFEST_VERSION,
      kind: 'table',
      segments: [`${this.#ports.folder}/segment-0`],
      ...(await this.#index.finish()),
      files: this.#files.map(({ name }) => name),
      starts: this.#files.map(({ ordinal, offset }) => ({ ordinal, offset })),
      digest: this.#digest.digest('hex'),
      skipped: this.#problems.total,
      columns: this.#columns.names,
      ...(attached === undefined ? {} : { attached }),
    }
  }

  async abort(): Promise<void> {
    await this.#segment?.abort()
    await this.#attached.abort()
    await this.#index.abort()
  }

  async #append(batch: TableBatch, file: string): Promise<void> {
    for (const { line, message, text } of batch.problems) await this.#bad(file, line, message, text)
    const segment = (this.#segment ??= await this.#ports.blobs.put(`${this.#ports.folder}/segment-0`))
    const staged = new StagedWriter(segment)
    const offset = segment.bytes
    const carries: Uint8Array[] = []
    const records = new DataView(new ArrayBuffer(batch.rows.length * RECORD_BYTES))
    const record = this.#record
    record.carryOffset = 0
    record.outputMax = outputMaxOf(this.#table.request)
    // The model stands first in the body: {"model":"…"
    record.modelOffset = MODEL_AT
    record.modelLength = JSON.stringify(this.#table.request.model).length
    for (const row of batch.rows) {
      const writer = this.#writerFor(row)
      const carry = encodeRow(row.cells)
      const from = staged.end
      try {
        const problem = writer.problem(row.cells)
        if (problem !== undefined) throw new BadRow(problem)
        record.tokens = await this.#body(writer, row.cells, staged)
      } catch (error) {
        // What was written of its body stays in the segment; no record points there.
        if (!(error instanceof BadRow)) throw error
        await this.#bad(file, row.line, error.message, carry.toString())
        continue
      }
      record.bodyOffset = from - offset
      record.bodyLength = staged.end - from
      record.carryLength = carry.length
      record.line = row.line
      writeRecord(records, carries.length * RECORD_BYTES, record)
      carries.push(carry)
      record.carryOffset += carry.length
    }
    await staged.flush()
    if (carries.length === 0) return
    await this.#index.append(
      {
        count: carries.length,
        records: records.buffer.slice(0, carries.length * RECORD_BYTES) as ArrayBuffer,
        carry: joined(carries),
        groups: [{ endpoint: tableEndpoint, model: this.#table.request.model }],
      },
      offset,
      0,
      0,
    )
    this.#ports.onProgress?.(segment.bytes, this.#index.count)
  }

  /** Writes the body of a row and estimates its tokens: those of its text by length, of its files by their content. */
  async #body(writer: RequestWriter, cells: Cells, staged: StagedWriter): Promise<number> {
    const [before, after] = writer.body(cells)
    if (after === undefined) {
      staged.add(before)
      return tokensByLength(before.length)
    }
    const attachments = await openAll(writer.attachments(cells), (address) => this.#fetched(address))
    try {
      const { bodyBytesMax = BODY_BYTES_MAX, files, keepsNames = false } = this.#options
      const referred = fitFiles(attachments, before.length + after.length, bodyBytesMax, files)
      const to: PartWriter = {
        model: this.#table.request.model,
        write: (bytes) => staged.write(bytes),
        digest: (sha256) => this.#digest.update(sha256),
        attached: this.#attached,
        keepsNames,
      }
      let tokens = tokensByLength(before.length + after.length)
      staged.add(before)
      for (const attachment of attachments) tokens += await attachment.write(to, referred.has(attachment))
      staged.add(after)
      return tokens
    } finally {
      for (const attachment of attachments) await attachment.close()
    }
  }

  async #fetched(address: string): Promise<string> {
    const path = `${this.#ports.scratch}-fetched-${this.#fetches++}`
    try {
      await this.#ports.fetchFile(address, path, this.#options.bodyBytesMax ?? BODY_BYTES_MAX)
      return path
    } catch (error) {
      await rm(path, { force: true })
      throw error instanceof NotFetched ? new BadRow(`${address}: ${error.message}`) : error
    }
  }
  #fetches = 0

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

/** All of a row's files, or every reason why not. */
async function openAll(
  wanted: readonly AttachmentOption[],
  fetched: (address: string) => Promise<string>,
): Promise<Attachment[]> {
  const opening = await Promise.allSettled(wanted.map((one) => openAttachment(one, fetched)))
  const opened = opening.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = opening.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : []))
  if (failed.length === 0) return opened
  for (const attachment of opened) await attachment.close()
  const fault = failed.find((error) => !(error instanceof BadRow))
  throw fault ?? new BadRow(failed.map(({ message }) => message).join('; '))
}

/** What a record of the index can say of a body, far above what any vendor takes. */
const BODY_BYTES_MAX = 1 << 30
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
