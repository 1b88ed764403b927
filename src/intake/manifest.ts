/**
 * What intake leaves behind: one segment (an immutable copy of the input bytes), an index with one fixed record per
 * request, and what each request carries through to its output. It is versioned with the store that holds it:
 * a newer store is refused, an older one migrated.
 */
export const MANIFEST_VERSION = 2

export interface Manifest {
  readonly version: typeof MANIFEST_VERSION
  /** `requests`: batch lines, the carry is the user's id as JSON. `table`: rows, the carry is the encoded row. */
  readonly kind: 'requests' | 'table'
  /** Blob names. A record's segment number points into `segments`. */
  readonly segments: readonly string[]
  readonly index: string
  readonly carry: string
  readonly requests: number
  /** Where requests are split: how many rows all of them are, and an index with a record for each row. */
  readonly rows?: { readonly count: number; readonly index: string }
  /** Bytes of all bodies. */
  readonly bodyBytes: number
  readonly groups: readonly Group[]
  readonly files: readonly string[]
  /** Where each file begins: its first request, and its first byte in the segment. What was taken in of old lacks it. */
  readonly starts?: readonly FileStart[]
  /** sha256 over the decoded input, hex. */
  readonly digest: string
  /** Bad lines set aside by --skip-invalid, also those that only the vendor cannot be given. */
  readonly skipped: number
  /** The first request of each distinct set of parameters, of each group; absent in what older versions took in. */
  readonly variants?: readonly number[]
  /** Of a table: the input's columns, in order. */
  readonly columns?: readonly string[]
  /** Files that requests name by reference: slots with this token stand for them. */
  readonly attached?: AttachedBlob
  /** Rows that are not bought. Absent: all are. */
  readonly spared?: SparedRows
}

/** Rows that are not bought, since they ask what another row asks, or what an earlier job has had answered. */
export interface SparedRows {
  /** Blob: for each row the one whose answer is its own (u32), itself where none is. Absent: each has its own. */
  readonly twins?: string
  /** Blob: a hash for each row, of what it asks. */
  readonly hashes: string
  /** Token estimates of rows that are not bought, by group. */
  readonly tokens: readonly number[]
}

export interface AttachedBlob {
  readonly token: string
  readonly blob: string
}

/** Distinct sets of parameters that are told apart. */
export const VARIANTS_MAX = 16

export interface FileStart {
  readonly ordinal: number
  readonly offset: number
}

/** The name of the file that a request came from. */
export const fileAt = (manifest: Pick<Manifest, 'files' | 'starts'>, ordinal: number): string =>
  manifest.files[fileNumber(manifest.starts, ordinal)] ?? ''

/** The bytes of a segment that are that file's; of the last file no end is known. */
export function fileSpan(starts: readonly FileStart[] | undefined, ordinal: number): FileSpan {
  const file = fileNumber(starts, ordinal)
  return { from: starts?.[file]?.offset ?? 0, to: starts?.[file + 1]?.offset }
}

export interface FileSpan {
  readonly from: number
  readonly to: number | undefined
}

const fileNumber = (starts: readonly FileStart[] = [], ordinal: number): number =>
  Math.max(
    0,
    starts.findLastIndex((start) => start.ordinal <= ordinal),
  )

/** Requests that may share a submission: same endpoint, same model. */
export interface Group {
  readonly endpoint: string
  readonly model: string
  readonly requests: number
  readonly bodyBytes: number
  /** Sum of the estimates of the index. */
  readonly tokens: number
  readonly inputs: number
  /** The vendor embeds one input a row, so that a request is as many rows as it has inputs. */
  readonly split?: boolean
  /** Sum of the output limits that requests state, and how many state one. */
  readonly outputMax: number
  readonly outputMaxStated: number
}

/**
 * One index record, 48 bytes, little endian:
 *
 *      0  u40  body offset in the segment      5  u8   1: base64        6  u16  segment
 *      8  u32  body length                    12  u32  token estimate  16  u32  output limit stated (0: none)
 *     20  u16  group                          22  u16  embedding inputs (1 elsewhere)
 *     24  u32  carry offset, low part         28  u32  carry length
 *     32  u8   carry offset, high part        33  u8   service_tier value length
 *     34  u16  model value length             36  u32  model value offset in the body
 *     40  u32  service_tier value offset      44  u32  line in the input
 *
 * Value spans include the quotes and are 0 long where the field is absent.
 */
export const RECORD_BYTES = 48

export interface IndexRecord {
  bodyOffset: number
  bodyLength: number
  segment: number
  tokens: number
  outputMax: number
  group: number
  inputs: number
  /** Vectors are wanted as base64 instead of numbers. */
  base64: boolean
  carryOffset: number
  carryLength: number
  modelOffset: number
  modelLength: number
  tierOffset: number
  tierLength: number
  line: number
  /** In memory alone: the body is to be sent with another text in place of some of its bytes; lengths and offsets are of that. */
  splice: Splice | undefined
}

/** `bytes` in place of [from, to) of a body of `storedLength`. */
export interface Splice {
  readonly from: number
  readonly to: number
  readonly bytes: Uint8Array
  readonly storedLength: number
}

export function writeRecord(view: DataView, at: number, record: IndexRecord): void {
  view.setUint32(at, record.bodyOffset >>> 0, true)
  view.setUint8(at + 4, Math.floor(record.bodyOffset / 2 ** 32))
  view.setUint8(at + 5, record.base64 ? 1 : 0)
  view.setUint16(at + 6, record.segment, true)
  view.setUint32(at + 8, record.bodyLength, true)
  view.setUint32(at + 12, record.tokens, true)
  view.setUint32(at + 16, record.outputMax, true)
  view.setUint16(at + 20, record.group, true)
  view.setUint16(at + 22, record.inputs, true)
  view.setUint32(at + 24, record.carryOffset >>> 0, true)
  view.setUint32(at + 28, record.carryLength, true)
  view.setUint8(at + 32, Math.floor(record.carryOffset / 2 ** 32))
  view.setUint8(at + 33, record.tierLength)
  view.setUint16(at + 34, record.modelLength, true)
  view.setUint32(at + 36, record.modelOffset, true)
  view.setUint32(at + 40, record.tierOffset, true)
  view.setUint32(at + 44, record.line, true)
}

/** Reads the record at byte `at` into `record`, which is reused for speed, and returns it. */
export function readRecord(view: DataView, at: number, record: IndexRecord): IndexRecord {
  record.bodyOffset = view.getUint8(at + 4) * 2 ** 32 + view.getUint32(at, true)
  record.base64 = view.getUint8(at + 5) !== 0
  record.segment = view.getUint16(at + 6, true)
  record.bodyLength = view.getUint32(at + 8, true)
  record.tokens = view.getUint32(at + 12, true)
  record.outputMax = view.getUint32(at + 16, true)
  record.group = view.getUint16(at + 20, true)
  record.inputs = view.getUint16(at + 22, true)
  record.carryOffset = view.getUint8(at + 32) * 2 ** 32 + view.getUint32(at + 24, true)
  record.carryLength = view.getUint32(at + 28, true)
  record.tierLength = view.getUint8(at + 33)
  record.modelLength = view.getUint16(at + 34, true)
  record.modelOffset = view.getUint32(at + 36, true)
  record.tierOffset = view.getUint32(at + 40, true)
  record.line = view.getUint32(at + 44, true)
  record.splice = undefined
  return record
}

export const emptyRecord = (): IndexRecord => ({
  bodyOffset: 0,
  bodyLength: 0,
  segment: 0,
  tokens: 0,
  outputMax: 0,
  group: 0,
  inputs: 1,
  base64: false,
  carryOffset: 0,
  carryLength: 0,
  modelOffset: 0,
  modelLength: 0,
  tierOffset: 0,
  tierLength: 0,
  line: 0,
  splice: undefined,
})

/** How many rows a group is at its vendor. */
export const rowsOf = ({ split, inputs, requests }: Group): number => (split === true ? inputs : requests)

/** How many rows a request is there. */
export const rowsIn = ({ groups }: Pick<Manifest, 'groups'>, { group, inputs }: IndexRecord): number =>
  groups[group]?.split === true ? inputs : 1

/** Tokens of a body by its length alone, on the high side: English text has about 4.3 bytes a token with its JSON. */
export const tokensByLength = (bytes: number): number => Math.ceil(bytes / 3.6)
