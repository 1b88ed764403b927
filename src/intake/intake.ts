import { createHash } from 'node:crypto'
import { BadInput, type LineProblem, UnreadableInput } from '../domain/errors.ts'
import type { FileLimits } from '../domain/limits.ts'
import { type BytePool, moduleBeside } from '../kit/byte-pool.ts'
import type { FetchFile } from '../kit/fetch-file.ts'
import type { BlobStore, BlobWriter } from '../stores/contract.ts'
import type { ChunkIn, ChunkOut, Problem } from './check-lines.ts'
import { dropRequests } from './drop-requests.ts'
import { DuplicateFinder } from './duplicates.ts'
import { IndexBuilder } from './index-builder.ts'
import { lineAround } from './input-line.ts'
import { type FileStart, fileAt, fileSpan, MANIFEST_VERSION, type Manifest } from './manifest.ts'
import { type ByteReader, openSource, readLocal, type Source } from './sources.ts'

export const LINE_BYTES_MAX = 64 * 1024 * 1024
const BLOCK_BYTES = 4 * 1024 * 1024
const PROBLEMS_SHOWN = 100

export interface IntakePorts {
  readonly blobs: BlobStore
  readonly pool: BytePool
  /** Where the intake's blobs lie: a name of its own for each intake, `intake/x7…`. */
  readonly folder: string
  /** A path for a scratch file, used only above a million requests, and for documents that are fetched. */
  readonly scratch: string
  readonly fetchFile: FetchFile
  readonly onProgress?: (bytes: number, requests: number) => void
}

export interface IntakeOptions {
  /** Bad lines are handed to `reject` and left out, instead of refusing the whole input. */
  readonly skipInvalid?: boolean
  readonly reject?: (line: Uint8Array, problem: LineProblem) => Promise<void>
  /** A request whose row would be longer than this is refused with its line. */
  readonly bodyBytesMax?: number
  /** What the vendor takes of the files that rows bring along. Absent: whatever fits into a body. */
  readonly files?: FileLimits
  /** A file that is named by reference keeps its name beside it. */
  readonly keepsNames?: boolean
}

/**
 * Reads batch lines once: every line checked, the bytes copied into a segment, the index and the ids written beside.
 * @throws BadInput with all bad lines (first 100 shown), unless they are skipped; nothing is left behind then.
 */
export async function intakeRequests(
  sources: readonly Source[],
  ports: IntakePorts,
  options: IntakeOptions = {},
): Promise<Manifest> {
  const intake = new RequestIntake(ports, options)
  try {
    for (const source of sources) await intake.read(source, sources.length === 1)
    return await intake.finish()
  } catch (error) {
    await intake.abort()
    throw error
  }
}

const checkLines = moduleBeside(import.meta.url, './check-lines')

/** Bad lines of all files, in order; keeps the first hundred. */
export class Problems {
  readonly shown: LineProblem[] = []
  total = 0
  add(problem: LineProblem): void {
    this.total++
    if (this.shown.length < PROBLEMS_SHOWN) this.shown.push(problem)
  }
  throwAny(): void {
    if (this.total > 0) throw new BadInput(this.shown, this.total)
  }
}

class RequestIntake {
  readonly #ports: IntakePorts
  readonly #options: IntakeOptions
  readonly #problems = new Problems()
  readonly #digest = createHash('sha256')
  readonly #duplicates: DuplicateFinder
  readonly #files: (FileStart & { name: string; lines: number })[] = []
  readonly #index: IndexBuilder
  readonly #segmentName: string
  #segment: BlobWriter | undefined
  /** The segment is a blob already: copied before it was read, or committed. */
  #whole = false
  #cloned = false
  #segmentBytes = 0
  /** Ends when everything dispatched so far has been merged, in order. */
  #merged: Promise<void> = Promise.resolve()
  #inFlight: Promise<void>[] = []
  #spare: ArrayBuffer[] = []

  constructor(ports: IntakePorts, options: IntakeOptions) {
    this.#ports = ports
    this.#options = options
    this.#segmentName = `${ports.folder}/segment-0`
    this.#duplicates = new DuplicateFinder(ports.scratch)
    this.#index = new IndexBuilder(ports.blobs, ports.folder)
  }

  /** @param alone  the only source: then the file system may copy it, and the copy is what is read */
  async read(source: Source, alone: boolean): Promise<void> {
    let reader = await openSource(source)
    if (
      alone &&
      reader.plainPath !== undefined &&
      (await this.#ports.blobs.clone(reader.plainPath, this.#segmentName))
    ) {
      await reader.close()
      reader = readLocal(reader.name, await this.#ports.blobs.openLocal(this.#segmentName))
      this.#cloned = true
      this.#whole = true
    }
    const file = { name: reader.name, lines: 0, ordinal: this.#index.count, offset: this.#segmentBytes }
    this.#files.push(file)
    try {
      await this.#cut(reader, file)
      await this.#merged
    } finally {
      await reader.close()
    }
    this.#digest.update(`end:${file.lines}`)
  }

  async finish(): Promise<Manifest> {
    const dropped = await this.#dropDuplicates()
    if (this.#options.skipInvalid !== true) this.#problems.throwAny()
    if (this.#index.count - dropped.size === 0) {
      const names = this.#files.map(({ name }) => name).join(', ')
      throw new UnreadableInput(names, this.#problems.total > 0 ? 'no line is valid' : 'is empty: no requests in it')
    }
    await this.#commitSegment()
    await this.#duplicates.close()
    const manifest: Manifest = {
      version: MANIFEST_VERSION,
      kind: 'requests',
      segments: [this.#segmentName],
      ...(await this.#index.finish()),
      files: this.#files.map(({ name }) => name),
      starts: this.#files.map(({ ordinal, offset }) => ({ ordinal, offset })),
      digest: this.#digest.digest('hex'),
      skipped: this.#problems.total,
    }
    return dropped.size === 0 ? manifest : dropRequests(this.#ports.blobs, manifest, dropped)
  }

  async abort(): Promise<void> {
    await this.#merged.catch(() => {}) // its error is the one being thrown already
    if (this.#whole) await this.#ports.blobs.delete(this.#segmentName)
    else await this.#segment?.abort()
    await this.#index.abort()
    await this.#duplicates.close()
  }

  /** Cuts the stream into chunks of whole lines and hands them to the threads; merges what they find in order. */
  async #cut(reader: ByteReader, file: { name: string; lines: number }): Promise<void> {
    let carry: Uint8Array = new Uint8Array(0)
    let first = true
    for (let ended = false; !ended; ) {
      const buffer = this.#buffer(carry.length + BLOCK_BYTES)
      const bytes = new Uint8Array(buffer)
      bytes.set(carry)
      const blockFrom = carry.length
      const filled = await reader.read(bytes.subarray(blockFrom, blockFrom + BLOCK_BYTES))
      ended = filled < BLOCK_BYTES
      const length = blockFrom + filled
      const lastBreak = bytes.subarray(0, length).lastIndexOf(10)
      const linesEnd = ended ? length : lastBreak + 1
      carry = bytes.slice(linesEnd, length)
      if (carry.length > LINE_BYTES_MAX) {
        // Such a line fits no request of any vendor; reading on for its end would not bound memory.
        await this.#merged
        this.#problems.add({
          file: file.name,
          line: file.lines + 1,
          message: `the line is longer than ${LINE_BYTES_MAX} bytes`,
        })
        throw new BadInput(this.#problems.shown, this.#problems.total)
      }
      if (length > 0) await this.#dispatch({ buffer, linesEnd, blockFrom, length, first }, file)
      first = false
    }
  }

  async #dispatch(chunk: ChunkIn, file: { name: string; lines: number }): Promise<void> {
    while (this.#inFlight.length > this.#ports.pool.size) await this.#inFlight.shift()
    const checked = this.#ports.pool.run<ChunkIn, ChunkOut>(checkLines, chunk, [chunk.buffer])
    const before = this.#merged
    // An earlier chunk's error is reported by #merged itself; this one must not be reported as unhandled meanwhile.
    checked.catch(() => {})
    this.#merged = before.then(async () => this.#merge(await checked, chunk, file))
    this.#merged.catch(() => {})
    this.#inFlight.push(this.#merged)
  }

  async #merge(out: ChunkOut, chunk: ChunkIn, file: { name: string; lines: number }): Promise<void> {
    const bytes = new Uint8Array(out.buffer)
    this.#digest.update(out.digest)
    for (const problem of out.problems) await this.#bad(problem, bytes, file)
    const firstOrdinal = this.#index.count
    // The carried part of this chunk was not written with the chunk before: lines stay whole in the segment.
    if (!this.#cloned) {
      this.#segment ??= await this.#ports.blobs.put(this.#segmentName)
      await this.#segment.write(bytes.subarray(0, chunk.linesEnd))
    }
    await this.#index.append(out, this.#segmentBytes, file.lines, 0)
    await this.#duplicates.add(new Uint32Array(out.hashes), firstOrdinal)
    this.#segmentBytes += chunk.linesEnd
    file.lines += out.lines
    if (this.#spare.length < 4) this.#spare.push(out.buffer)
    this.#ports.onProgress?.(this.#segmentBytes, this.#index.count)
  }

  async #bad(problem: Problem, bytes: Uint8Array, file: { name: string; lines: number }): Promise<void> {
    const found = { file: file.name, line: file.lines + problem.line, message: problem.message }
    this.#problems.add(found)
    if (this.#options.skipInvalid === true)
      await this.#options.reject?.(bytes.subarray(problem.from, problem.to), found)
  }

  async #commitSegment(): Promise<void> {
    if (this.#whole) return
    await this.#segment?.commit()
    this.#whole = true
  }

  /** Compares the ids of equal hashes; returns the ordinals to leave out. */
  async #dropDuplicates(): Promise<Set<number>> {
    const dropped = new Set<number>()
    let count = 0
    const found: { first: number; second: number }[] = []
    for await (const [first, second] of this.#duplicates.pairs()) {
      if (!(await this.#index.sameId(first, second))) continue
      count++
      if (this.#options.skipInvalid === true) dropped.add(second)
      if (found.length < PROBLEMS_SHOWN || this.#options.skipInvalid === true) found.push({ first, second })
    }
    found.sort((a, b) => a.second - b.second)
    for (const { first, second } of found) {
      const [id, line, firstLine] = [
        await this.#index.idOf(second),
        await this.#lineOf(second),
        await this.#lineOf(first),
      ]
      const problem = {
        ...line,
        message: `duplicate ${await this.#index.idFieldOf(second)} ${id.slice(0, 200)}, first used at ${firstLine.file}:${firstLine.line}`,
      }
      this.#problems.add(problem)
      if (this.#options.skipInvalid === true) await this.#options.reject?.(await this.#textOf(second), problem)
    }
    this.#problems.total += count - found.length
    this.#problems.shown.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line)
    return dropped
  }

  async #lineOf(ordinal: number): Promise<{ file: string; line: number }> {
    const files = this.#files.map(({ name }) => name)
    return { file: fileAt({ files, starts: this.#files }, ordinal), line: (await this.#index.recordOf(ordinal)).line }
  }

  /** The whole line of a request, from the segment. */
  async #textOf(ordinal: number): Promise<Uint8Array> {
    await this.#commitSegment()
    const segment = await this.#ports.blobs.openLocal(this.#segmentName)
    try {
      return await lineAround(segment, await this.#index.recordOf(ordinal), fileSpan(this.#files, ordinal))
    } finally {
      await segment.close()
    }
  }

  #buffer(bytes: number): ArrayBuffer {
    const at = this.#spare.findIndex(({ byteLength }) => byteLength >= bytes)
    if (at >= 0) return this.#spare.splice(at, 1)[0] as ArrayBuffer
    return new ArrayBuffer(bytes + 64 * 1024)
  }
}
