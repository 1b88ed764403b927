import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { TaskReply } from '../kit/byte-pool.ts'
import { decodeString, hasControls, JsonScan, JsonSyntaxError } from '../kit/json-scan.ts'
import { estimateTokens } from './estimate-tokens.ts'
import { hash64, hashHigh } from './hash64.ts'
import { checkBody, checkId, endpointOf, type LineFacts, LineProblemFound, noFacts } from './line-shape.ts'
import { emptyRecord, type IndexRecord, RECORD_BYTES, VARIANTS_MAX, writeRecord } from './manifest.ts'

/**
 * Checks a chunk of whole batch lines and writes their index records; runs in a worker thread. Offsets, line numbers
 * and groups are relative to the chunk; the caller, who sees the chunks in order, rebases them.
 */
export interface ChunkIn {
  /** `bytes[0, linesEnd)` are whole lines; `bytes[blockFrom, length)` is the block to be digested. */
  readonly buffer: ArrayBuffer
  readonly linesEnd: number
  readonly blockFrom: number
  readonly length: number
  /** The chunk opens its file: a byte order mark is skipped. */
  readonly first: boolean
}

export interface ChunkOut {
  readonly buffer: ArrayBuffer
  readonly count: number
  readonly records: ArrayBuffer
  readonly carry: ArrayBuffer
  /** Two u32 a record: the 64-bit hash of the id. */
  readonly hashes: ArrayBuffer
  readonly groups: readonly { readonly endpoint: string; readonly model: string }[]
  /** The first record of each group and set of parameters. */
  readonly variants: readonly Variant[]
  readonly problems: readonly Problem[]
  readonly lines: number
  readonly digest: Uint8Array
}

export interface Variant {
  readonly group: number
  readonly hash: number
  readonly record: number
}

export interface Problem {
  readonly line: number
  readonly message: string
  /** The line's span in the chunk. */
  readonly from: number
  readonly to: number
}

export function run(input: ChunkIn): TaskReply<ChunkOut> {
  const value = checkChunk(input)
  return { value, transfer: [value.buffer, value.records, value.carry, value.hashes] }
}

export function checkChunk(input: ChunkIn): ChunkOut {
  const bytes = Buffer.from(input.buffer, 0, input.length)
  const digest = sha256(bytes.subarray(input.blockFrom))
  const lines = bytes.subarray(0, input.linesEnd)
  const controls = hasControls(lines)
  const checker = new LineChecker(bytes, { utf8: isUtf8(lines), controls, nul: controls && lines.includes(0) })
  let line = 0
  let from = input.first && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  while (from < input.linesEnd) {
    let to = bytes.indexOf(10, from)
    if (to < 0 || to > input.linesEnd) to = input.linesEnd
    line++
    const end = to > from && bytes[to - 1] === 13 ? to - 1 : to
    if (end > from) checker.line(line, from, end)
    from = to + 1
  }
  return { buffer: input.buffer, lines: line, digest, ...checker.done() }
}

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest())

/** Members that are part of what is asked, and differ from one request to the next though they are answered alike. */
const asks = [
  'system',
  'instructions',
  'systemInstruction',
  'system_instruction',
  'metadata',
  'user',
  'prompt',
  'previous_response_id',
  'prompt_cache_key',
  'safety_identifier',
  'title',
]

const outputLimits = ['max_tokens', 'max_completion_tokens', 'max_output_tokens', 'maxOutputTokens']

/** Filled by the chunk at hand, copied from at its end, and kept for the next: a thread checks one after another. */
const room = {
  records: new DataView(new ArrayBuffer(RECORD_BYTES * 1024)),
  hashes: new Uint32Array(2 * 1024),
  carry: new Uint8Array(32 * 1024),
}

class LineChecker {
  readonly #bytes: Buffer
  readonly #utf8: boolean
  readonly #nul: boolean
  readonly #scan = new JsonScan()
  readonly #record = emptyRecord()
  readonly #facts: LineFacts = { ...noFacts }
  readonly #stem = {
    openFrom: 0,
    openTo: 0,
    from: 0,
    to: 0,
    prompt: 'messages' as Prompt,
    facts: { ...noFacts },
    record: emptyRecord(),
  }
  readonly #groups: { endpoint: string; model: string }[] = []
  readonly #groupOf = new Map<string, number>()
  readonly #problems: Problem[] = []
  #count = 0
  #carryLength = 0

  constructor(bytes: Buffer, chunk: { utf8: boolean; controls: boolean; nul: boolean }) {
    this.#bytes = bytes
    this.#utf8 = chunk.utf8
    this.#nul = chunk.nul
    this.#scan.clean = !chunk.controls
  }

  line(line: number, from: number, to: number): void {
    if (this.#scan.reset(this.#bytes, from, to).peek() === -1) return // blank
    try {
      if (!this.#utf8 && !isUtf8(this.#bytes.subarray(from, to))) throw new LineProblemFound('not valid UTF-8')
      if (this.#nul && this.#bytes.subarray(from, to).includes(0)) throw new LineProblemFound('a NUL byte')
      this.#request(line, from)
    } catch (error) {
      this.#problems.push({ line, message: problemOf(error, from), from, to })
    }
  }

  done(): Pick<ChunkOut, 'count' | 'records' | 'carry' | 'hashes' | 'groups' | 'variants' | 'problems'> {
    return {
      count: this.#count,
      records: room.records.buffer.slice(0, this.#count * RECORD_BYTES) as ArrayBuffer,
      carry: room.carry.buffer.slice(0, this.#carryLength) as ArrayBuffer,
      hashes: room.hashes.buffer.slice(0, this.#count * 8) as ArrayBuffer,
      groups: this.#groups,
      variants: [...this.#variants.values()],
      problems: this.#problems,
    }
  }

  #request(line: number, from: number): void {
    const scan = this.#scan
    const record = resetRecord(this.#record, line)
    const facts = resetFacts(this.#facts)
    if (scan.peek() !== 123) throw new LineProblemFound('a JSON object is expected')
    if (!this.#sameStem(from)) {
      if (scan.enterObject()) {
        do {
          scan.key()
          this.#member(from)
        } while (scan.more())
      }
    }
    scan.finish()
    checkId(facts)
    const url = endpointOf(facts)
    checkBody(url, facts)
    record.group = this.#group(url, facts.model ?? '')
    record.inputs = url === '/v1/embeddings' ? Math.max(1, facts.inputs) : 1
    const { bodyOffset, bodyLength } = record
    record.tokens = estimateTokens(this.#bytes.subarray(bodyOffset, bodyOffset + bodyLength), facts.model ?? '')
    this.#noteVariant(record.group, facts.variant)
    this.#append(record, facts.idFrom, facts.idTo, facts.idEscaped)
  }

  #noteVariant(group: number, hash: number): void {
    if (group === this.#lastVariant.group && hash === this.#lastVariant.hash) return
    this.#lastVariant = { group, hash }
    const name = group * 2 ** 32 + hash
    if (this.#variants.size < VARIANTS_MAX && !this.#variants.has(name))
      this.#variants.set(name, { group, hash, record: this.#count })
  }
  readonly #variants = new Map<number, Variant>()
  #lastVariant = { group: -1, hash: 0 }

  /** A member of the line, from behind its key. */
  #member(lineFrom: number): void {
    const scan = this.#scan
    const facts = this.#facts
    if (scan.is('custom_id')) {
      this.#expectString('custom_id')
      this.#readId('custom_id')
    } else if (scan.is('key')) {
      // The id of some lines; in others it is nothing to us, whatever it holds.
      facts.keyKind = scan.peek()
      if (facts.keyKind !== 34 || facts.idField === 'custom_id') return scan.skip()
      scan.string()
      this.#readId('key')
    } else if (scan.is('url')) {
      this.#expectString('url')
      facts.url = this.#known(scan)
    } else if (scan.is('method')) {
      this.#expectString('method')
      facts.method = this.#known(scan)
    } else if (scan.is('body') || scan.is('params') || scan.is('request')) {
      const field = scan.is('body') ? 'body' : scan.is('params') ? 'params' : 'request'
      if (facts.bodyFrom >= 0 && facts.field !== field)
        throw new LineProblemFound(`"${facts.field}" and "${field}" are in one line; it can have one of them`)
      facts.field = field
      if (scan.peek() !== 123) throw new LineProblemFound(`"${field}" must be an object`)
      facts.bodyFrom = scan.pos
      facts.model = undefined
      this.#record.base64 = false
      if (scan.enterObject()) {
        do {
          scan.key()
          this.#bodyMember(lineFrom)
        } while (scan.more())
      }
      this.#endBody()
    } else scan.skip()
  }

  #readId(field: 'custom_id' | 'key'): void {
    const { from, to, escaped } = this.#scan
    const facts = this.#facts
    facts.idField = field
    facts.idFrom = from
    facts.idTo = to
    facts.idEscaped = escaped
  }

  #endBody(): void {
    this.#record.bodyOffset = this.#facts.bodyFrom
    this.#record.bodyLength = this.#scan.pos - this.#facts.bodyFrom
  }

  /** A member of the body, from behind its key. */
  #bodyMember(lineFrom: number): void {
    const scan = this.#scan
    const facts = this.#facts
    const record = this.#record
    const start = facts.bodyFrom
    if (scan.is('model')) {
      this.#expectString(`${facts.field}.model`)
      facts.model = bareModel(this.#known(scan), facts.field)
      record.modelOffset = scan.from - 1 - start
      record.modelLength = scan.to - scan.from + 2
    } else if (scan.is('messages')) this.#prompt('messages', lineFrom)
    else if (scan.is('input')) this.#prompt('input', lineFrom)
    else if (facts.field === 'request' && scan.is('contents')) this.#prompt('contents', lineFrom)
    else if (facts.field === 'request' && scan.is('content')) this.#prompt('content', lineFrom)
    else if (facts.field === 'request' && (scan.is('generationConfig') || scan.is('generation_config')))
      this.#generationConfig()
    else if (facts.field === 'request' && scan.is('labels'))
      throw new LineProblemFound('"request.labels" is where our own id travels; tag the job instead (--tag)')
    else if (scan.is('stream')) {
      const kind = scan.peek()
      if (kind !== 116 && kind !== 102 && kind !== 110)
        throw new LineProblemFound(`"${facts.field}.stream" must be true or false`)
      facts.stream = kind === 116
      scan.skip()
    } else if (scan.is('service_tier')) {
      scan.peek()
      record.tierOffset = scan.pos - start
      scan.skip()
      record.tierLength = Math.min(255, scan.pos - start - record.tierOffset)
    } else if (scan.is('encoding_format')) {
      this.#setting()
      record.base64 = scan.is('base64')
    } else this.#setting()
  }

  /** Any other member, an output limit among them. */
  #setting(): void {
    const scan = this.#scan
    const { from: nameFrom, to: nameTo } = scan
    const limit = outputLimits.some((name) => scan.is(name))
    const asked = asks.some((name) => scan.is(name))
    scan.peek()
    const from = scan.pos
    scan.skip()
    const said = hash64(this.#bytes, nameFrom, asked ? nameTo : scan.pos)
    this.#facts.variant = (Math.imul(this.#facts.variant, 31) + said) >>> 0
    if (limit) this.#record.outputMax = this.#count32(from, scan.pos)
  }

  #generationConfig(): void {
    const scan = this.#scan
    if (scan.peek() !== 123) return scan.skip()
    if (!scan.enterObject()) return
    do {
      scan.key()
      this.#setting()
    } while (scan.more())
  }

  #prompt(field: Prompt, lineFrom: number): void {
    this.#keepStem(lineFrom, field)
    this.#readPrompt(field)
  }

  #readPrompt(field: Prompt): void {
    const scan = this.#scan
    const facts = this.#facts
    if (field === 'input') return this.#input(facts)
    facts[`${field}Kind`] = scan.peek()
    scan.skip()
  }

  /**
   * Most lines of a file are the same from behind their id to where the prompt begins. What was found in that stem is
   * kept, and the next line that has it byte for byte is read from its end on.
   */
  #keepStem(lineFrom: number, prompt: Prompt): void {
    const { facts, stem } = { facts: this.#facts, stem: this.#stem }
    // Only when the id comes first, spelled plainly: then whatever varies lies before the stem.
    if (facts.idFrom < 0 || facts.idEscaped || facts.idFrom - lineFrom > 64 || facts.bodyFrom < facts.idFrom) return
    stem.openFrom = lineFrom
    stem.openTo = facts.idFrom
    stem.from = facts.idTo
    stem.to = this.#scan.pos
    stem.prompt = prompt
    Object.assign(stem.facts, facts)
    Object.assign(stem.record, this.#record)
  }

  /** Reads a line that has the stem; false, with nothing consumed, for one that does not. */
  #sameStem(lineFrom: number): boolean {
    const stem = this.#stem
    const scan = this.#scan
    const bytes = this.#bytes
    if (stem.to === 0) return false
    const openLength = stem.openTo - stem.openFrom
    const idFrom = lineFrom + openLength
    if (idFrom >= scan.end || compare(bytes, lineFrom, idFrom, stem.openFrom, stem.openTo) !== 0) return false
    const before = scan.pos
    scan.pos = idFrom - 1
    scan.string()
    const idTo = scan.to
    const end = idTo + stem.to - stem.from
    if (scan.escaped || end > scan.end || compare(bytes, idTo, end, stem.from, stem.to) !== 0) {
      scan.pos = before
      return false
    }
    const { line } = this.#record
    Object.assign(this.#facts, stem.facts)
    Object.assign(this.#record, stem.record, { line })
    this.#facts.idFrom = idFrom
    this.#facts.idTo = idTo
    this.#facts.bodyFrom = stem.facts.bodyFrom - stem.from + idTo
    scan.pos = end
    this.#readPrompt(stem.prompt)
    while (scan.more()) {
      scan.key()
      this.#bodyMember(lineFrom)
    }
    this.#endBody()
    while (scan.more()) {
      scan.key()
      this.#member(lineFrom)
    }
    return true
  }

  /** An embeddings `input`: a string or one array of tokens is one input, an array of either is as many. */
  #input(facts: LineFacts): void {
    const scan = this.#scan
    facts.inputKind = scan.peek()
    facts.inputs = 1
    if (facts.inputKind !== 91) return scan.skip()
    let count = 0
    let tokens = false
    if (scan.enterArray()) {
      do {
        const kind = scan.peek()
        tokens ||= kind >= 48 && kind <= 57
        scan.skip()
        count++
      } while (scan.moreElements())
    }
    facts.inputs = tokens ? 1 : count
  }

  #expectString(path: string): void {
    if (this.#scan.peek() !== 34) throw new LineProblemFound(`"${path}" must be a string`)
    this.#scan.string()
  }

  /** The last string, decoded; the few that every line repeats are decoded once. */
  #known(scan: JsonScan): string {
    for (const known of this.#strings) if (scan.is(known)) return known
    const text = scan.text()
    if (this.#strings.length < 16) this.#strings.push(text)
    return text
  }
  readonly #strings: string[] = ['POST']

  #count32(from: number, to: number): number {
    if (to - from > 10) return 0
    const value = Number(Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + from, to - from).toString('latin1'))
    return Number.isInteger(value) && value > 0 && value < 2 ** 32 ? value : 0
  }

  #group(endpoint: string, model: string): number {
    const last = this.#groups[this.#lastGroup]
    if (last !== undefined && last.endpoint === endpoint && last.model === model) return this.#lastGroup
    const name = `${endpoint}\n${model}`
    let group = this.#groupOf.get(name)
    if (group === undefined) {
      group = this.#groups.push({ endpoint, model }) - 1
      this.#groupOf.set(name, group)
    }
    this.#lastGroup = group
    return group
  }
  #lastGroup = 0

  #append(record: IndexRecord, idFrom: number, idTo: number, escaped: boolean): void {
    const length = idTo - idFrom + 2
    if ((this.#count + 1) * RECORD_BYTES > room.records.byteLength) {
      room.records = new DataView(grown(new Uint8Array(room.records.buffer)).buffer)
      const hashes = new Uint32Array(room.hashes.length * 2)
      hashes.set(room.hashes)
      room.hashes = hashes
    }
    while (this.#carryLength + length > room.carry.length) room.carry = grown(room.carry)
    room.carry.set(this.#bytes.subarray(idFrom - 1, idTo + 1), this.#carryLength)
    record.carryOffset = this.#carryLength
    record.carryLength = length
    this.#carryLength += length
    if (escaped) {
      // "a" and "\u0061" are the same id: the hash is of the decoded one.
      const id = Buffer.from(decodeString(this.#bytes, idFrom, idTo))
      room.hashes[2 * this.#count] = hash64(id, 0, id.length)
    } else room.hashes[2 * this.#count] = hash64(this.#bytes, idFrom, idTo)
    room.hashes[2 * this.#count + 1] = hashHigh()
    writeRecord(room.records, this.#count * RECORD_BYTES, record)
    this.#count++
  }
}

/** Members of a body that hold the prompt: what varies from line to line. */
type Prompt = 'messages' | 'input' | 'contents' | 'content'

/** As a `request` names it, `models/…`, it is the same model as without. */
const bareModel = (model: string, field: LineFacts['field']): string =>
  field === 'request' && model.startsWith('models/') ? model.slice(7) : model

const resetFacts = (facts: LineFacts): LineFacts => Object.assign(facts, noFacts)

const compare = (bytes: Buffer, from: number, to: number, otherFrom: number, otherTo: number): number =>
  bytes.compare(bytes, otherFrom, otherTo, from, to)

const problemOf = (error: unknown, lineStart: number): string => {
  if (error instanceof LineProblemFound) return error.message
  if (error instanceof JsonSyntaxError)
    return `invalid JSON at byte ${error.position - lineStart + 1}: ${error.message}`
  throw error
}

function resetRecord(record: IndexRecord, line: number): IndexRecord {
  record.outputMax = 0
  record.base64 = false
  record.modelOffset = 0
  record.modelLength = 0
  record.tierOffset = 0
  record.tierLength = 0
  record.segment = 0
  record.line = line
  return record
}

function grown(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const twice = new Uint8Array(bytes.length * 2)
  twice.set(bytes)
  return twice
}
