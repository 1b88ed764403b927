/** One part's head. `filename` is present for a file, absent for a plain field. */
export interface PartHead {
  readonly name: string
  readonly filename?: string
  readonly contentType?: string
}

/** Where the parts go. A returned promise holds the scanner back, so that a slow disk slows the upload. */
export interface PartSink {
  begin(head: PartHead): Promise<void> | undefined
  data(bytes: Buffer): Promise<void> | undefined
  end(): Promise<void> | undefined
}

export class MultipartBroken extends Error {
  readonly code = 'multipart_broken'
}

/** The boundary named by a content-type header, or undefined when the body is not of that kind of multipart. */
export function boundaryOf(
  contentType: string | undefined,
  kind: 'form-data' | 'related' = 'form-data',
): string | undefined {
  if (!contentType?.toLowerCase().startsWith(`multipart/${kind}`)) return undefined
  const found = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType)
  return found?.[1] ?? found?.[2]
}

const headBytesMax = 16 << 10

/**
 * A streaming multipart/form-data scanner: bytes go to the sink as they come, and no more than a boundary's length is
 * ever held back (a delimiter may be cut anywhere by the chunks). The largest file costs no more memory than the least.
 */
export async function scanMultipart(chunks: AsyncIterable<Buffer>, boundary: string, sink: PartSink): Promise<void> {
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  // The first delimiter has no line break before it; pretend there was one.
  let held: Buffer = Buffer.from('\r\n')
  let where: 'preamble' | 'after-delimiter' | 'head' | 'data' | 'epilogue' = 'preamble'
  for await (const chunk of chunks) {
    held = held.length > 0 ? Buffer.concat([held, chunk]) : chunk
    for (let again = true; again; ) {
      again = false
      if (where === 'epilogue') {
        held = Buffer.alloc(0)
      } else if (where === 'after-delimiter') {
        if (held.length < 2) break
        const closing = held[0] === 45 && held[1] === 45
        if (!closing && !(held[0] === 13 && held[1] === 10)) {
          throw new MultipartBroken('A boundary is followed by neither a line break nor the closing dashes.')
        }
        where = closing ? 'epilogue' : 'head'
        // The line break stays: it lets an empty head still end in \r\n\r\n.
        if (closing) held = held.subarray(2)
        again = true
      } else if (where === 'head') {
        const end = held.indexOf('\r\n\r\n')
        if (end < 0) {
          if (held.length > headBytesMax) throw new MultipartBroken('The head of a part is too long.')
          break
        }
        await sink.begin(partHead(held.toString('utf8', 2, Math.max(2, end))))
        // Keep one line break before the data: the data may be empty and the delimiter begin at once.
        held = held.subarray(end + 4)
        where = 'data'
        again = true
      } else {
        const inData = where === 'data'
        const end = held.indexOf(delimiter)
        if (end >= 0) {
          if (inData) {
            if (end > 0) await sink.data(held.subarray(0, end))
            await sink.end()
          }
          held = held.subarray(end + delimiter.length)
          where = 'after-delimiter'
          again = true
        } else {
          const safe = held.length - delimiter.length
          if (safe > 0) {
            if (inData) await sink.data(held.subarray(0, safe))
            held = held.subarray(safe)
          }
        }
      }
    }
  }
  if (where !== 'epilogue') throw new MultipartBroken('The body ended before its closing boundary.')
}

function partHead(text: string): PartHead {
  let name = ''
  let filename: string | undefined
  let contentType: string | undefined
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':')
    const field = line.slice(0, colon).trim().toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (field === 'content-disposition') {
      name = attribute(value, 'name') ?? ''
      filename = attribute(value, 'filename')
    } else if (field === 'content-type') contentType = value
  }
  return {
    name,
    ...(filename === undefined ? {} : { filename }),
    ...(contentType === undefined ? {} : { contentType }),
  }
}

function attribute(value: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;]+))`, 'i').exec(value)
  if (!found) return undefined
  // Browsers and undici write a quote as %22 and line breaks as %0D, %0A.
  const text = found[1] === undefined ? (found[2] ?? '').trim() : found[1].replace(/\\(.)/g, '$1')
  return text.replace(/%22/g, '"').replace(/%0D/g, '\r').replace(/%0A/g, '\n')
}
