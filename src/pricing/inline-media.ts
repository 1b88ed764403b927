import { slotIn } from '../domain/file-slot.ts'
import { imageSize, sniffMedia } from '../kit/media-file.ts'
import { PdfPages } from '../kit/pdf-pages.ts'
import type { Media } from './media-tokens.ts'

/** Characters of base64 in which the header of nearly every image lies. */
const HEAD = 128 * 1024

/** What a file in base64 is, by its content. */
export function mediaInBase64(data: string, detail?: Media['detail']): Media {
  const bytes = Math.floor((data.length * 3) / 4)
  const head = Buffer.from(data.slice(0, HEAD), 'base64')
  const type = sniffMedia(head) ?? null
  if (type === 'application/pdf') {
    const pages = new PdfPages()
    pages.add(Buffer.from(data, 'base64'))
    return { type, bytes, pages: pages.finish() }
  }
  if (type === null || type === 'text/plain') return { type, bytes, detail }
  const size = imageSize(type, head) ?? (data.length > HEAD ? imageSize(type, Buffer.from(data, 'base64')) : undefined)
  return { type, bytes, size, detail }
}

/** What stands for an image or a file in a request of any dialect: in base64, as an address, or as an id. */
export function mediaIn(value: unknown, besides: Readonly<Record<string, unknown>>): Media {
  const part = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
  const stated = part['detail'] ?? besides['detail']
  const detail = stated === 'low' || stated === 'high' ? stated : undefined
  const slot = slotIn(part['url']) ?? slotIn(part['file_id'])
  if (slot !== undefined) return { ...slot, detail }
  const data = [value, part['url'], part['file_data'], part['data']].find((text) => typeof text === 'string')
  if (data === undefined || /^[a-z][a-z0-9+.-]*:\/\//i.test(data)) return { type: null, bytes: 0, detail }
  const comma = data.startsWith('data:') ? data.indexOf(',') : -1
  return mediaInBase64(data.slice(comma + 1), detail)
}

/** Shorter strings cost less as text than it costs to look for them. */
const SPAN_MIN = 512

/** Where base64 of some length stands in a request as JSON text: in data URLs, and as members called `data`. */
export function* base64Spans(body: Buffer): Generator<{ readonly from: number; readonly to: number }> {
  const needles = ['base64,', '"data"']
  const next = needles.map((needle) => body.indexOf(needle))
  for (;;) {
    const found = next.filter((at) => at >= 0)
    if (found.length === 0) return
    const at = Math.min(...found)
    const which = next.indexOf(at)
    let from = at + (needles[which] as string).length
    if (which === 1) {
      const opening = /^\s*:\s*"/.exec(body.toString('latin1', from, from + 16))
      from += opening?.[0].length ?? 0
    }
    const quote = body.indexOf(34, from)
    const to = quote < 0 ? body.length : quote
    const isLong = to - from >= SPAN_MIN && /^[A-Za-z0-9+/=_-]+$/.test(body.toString('latin1', from, from + 64))
    if (isLong) yield { from, to }
    const after = isLong ? to : from
    for (const [index, needle] of needles.entries()) {
      if ((next[index] as number) >= 0 && (next[index] as number) < after) next[index] = body.indexOf(needle, after)
    }
  }
}
