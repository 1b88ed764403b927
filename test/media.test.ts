import { describe, expect, test } from 'vitest'
import { estimateTokens } from '../src/intake/estimate-tokens.ts'
import { imageSize, type MediaType, sniffMedia } from '../src/kit/media-file.ts'
import { PdfPages } from '../src/kit/pdf-pages.ts'
import { mediaTokens } from '../src/pricing/media-tokens.ts'
import { requestTokens } from '../src/pricing/tokens.ts'
import { gif, jpeg, pdf, png, webp } from './media-files.ts'

describe('a file', () => {
  test.each<[string, MediaType | undefined, Uint8Array]>([
    ['a PNG', 'image/png', png(2, 3)],
    ['a JPEG', 'image/jpeg', jpeg(2, 3)],
    ['a GIF', 'image/gif', gif(2, 3)],
    ['a WebP', 'image/webp', webp(2, 3)],
    ['a PDF', 'application/pdf', pdf(1)],
    ['a text', 'text/plain', Buffer.from('Grüße, 世界\r\n\tand more')],
    ['a text that is cut inside of a character', 'text/plain', Buffer.from('世界').subarray(0, 4)],
    ['a RIFF that is no WebP', undefined, Buffer.from('RIFF\x10\0\0\0WAVEfmt ', 'latin1')],
    ['a ZIP', undefined, Buffer.from('PK\x03\x04', 'latin1')],
    ['Latin-1', undefined, Buffer.from('Grüße', 'latin1')],
    ['nothing', undefined, Buffer.alloc(0)],
  ])('%s is known by its first bytes', (_, type, bytes) => {
    expect(sniffMedia(bytes)).toBe(type)
    if (type?.startsWith('image/')) expect(imageSize(type, bytes)).toEqual({ width: 2, height: 3 })
  })

  test('an image has its size in its header, wherever that lies', () => {
    const bytes = jpeg(3000, 2000, { before: 200_000 })
    expect(imageSize('image/jpeg', bytes)).toEqual({ width: 3000, height: 2000 })
    expect(imageSize('image/jpeg', bytes.subarray(0, 150_000))).toBeUndefined()
    expect(imageSize('image/webp', webp(16_000, 9000))).toEqual({ width: 16_000, height: 9000 })
    expect(imageSize('image/png', png(10, 10).subarray(0, 20))).toBeUndefined()
  })

  test.each([1, 7, 63, 64, 65, 1000, 1 << 20])('a PDF has its pages counted in pieces of %i bytes', (size) => {
    for (const packed of [false, true]) {
      for (const pages of [1, 2, 250]) {
        const bytes = pdf(pages, { packed, padding: 3000 })
        const counter = new PdfPages()
        for (let at = 0; at < bytes.length; at += size) counter.add(bytes.subarray(at, at + size))
        expect(counter.finish()).toBe(pages)
      }
    }
  })

  test('a PDF whose pages cannot be seen has no number of them', () => {
    const counter = new PdfPages()
    counter.add(Buffer.from('%PDF-1.7\n<< /Type /ObjStm /Length 9 >>\nstream\nencrypted\nendstream\n'))
    expect(counter.finish()).toBeUndefined()
  })
})

describe('to a model', () => {
  const image = (width: number, height: number, detail?: 'low' | 'high') =>
    ({ type: 'image/png', bytes: 1000, size: { width, height }, detail }) as const

  // The examples of the vendors' own guides.
  test.each([
    ['gpt-4o', image(1024, 1024), 765, 765],
    ['gpt-4o', image(2048, 4096), 1105, 1105],
    ['gpt-4o', image(4096, 8192, 'low'), 85, 85],
    ['gpt-4o-mini', image(1024, 1024), 2833 + 4 * 5667, 2833 + 4 * 5667],
    ['gpt-5', image(1024, 1024), 70 + 4 * 140, 70 + 4 * 140],
    ['gpt-4.1-mini', image(1024, 1024), Math.ceil(1024 * 1.62), Math.ceil(1024 * 1.62)],
    ['gpt-4.1-nano', image(1800, 2400), Math.ceil(1452 * 2.46), Math.ceil(1452 * 2.46)],
    ['gpt-5-mini', image(1800, 2400), Math.ceil(1452 * 1.2), Math.ceil(1452 * 1.62)],
    ['gpt-6-sol', image(3200, 960), 3000, 3600],
    ['gpt-6-sol', image(640, 480, 'low'), 192, 231],
    ['claude-sonnet-4-5', image(1092, 1092), 1521, 1521],
    ['claude-sonnet-4-5', image(1075, 1520), 1551, 1551],
    ['claude-opus-4-1', image(3840, 2160), 1560, 1560],
    ['claude-opus-5-5', image(3840, 2160), 4784, 4784],
    ['claude-haiku-5-5', image(1920, 1080), 2691, 2691],
    ['gemini-2.5-flash', image(300, 384), 258, 258],
    ['gemini-2.5-flash', image(960, 540), 258, 6 * 258],
    ['gemini-3.8-flash', image(4000, 3000), 1000, 1120],
  ])('%s an image %o is %i to %i tokens', (model, media, low, high) => {
    expect(mediaTokens(model, media)).toEqual({ low, high })
  })

  test('a name with its provider or its date before or behind it is the same model', () => {
    const picture = image(3840, 2160)
    const of = (model: string) => mediaTokens(model, picture)
    expect(of('anthropic/claude-opus-5-5')).toEqual(of('claude-opus-5-5'))
    expect(of('claude-sonnet-4-20250514')).toEqual(of('claude-sonnet-4'))
    expect(of('claude-opus-4-7-20260401')).toEqual(of('claude-opus-4-8'))
    expect(of('gpt-4o-mini-2024-07-18')).toEqual(of('gpt-4o-mini'))
  })

  test('a document is its pages, and where they cannot be counted a wide range by its bytes', () => {
    const pages = (count: number | undefined) =>
      mediaTokens('claude-opus-5-5', { type: 'application/pdf', bytes: 1_000_000, pages: count })
    expect(pages(10)).toEqual({ low: 10 * pages(1).low, high: 10 * pages(1).high })
    expect(pages(undefined).low).toBe(pages(1).low)
    expect(pages(undefined).high).toBeGreaterThan(pages(40).high)
  })

  test('an image is something between what all vendors would say, where nobody knows the vendor', () => {
    const picture = image(1000, 1000)
    const { low, high } = mediaTokens('mystery-1', picture)
    for (const model of ['gpt-4o', 'claude-opus-5-5', 'gemini-2.5-pro']) {
      expect(low).toBeLessThanOrEqual(mediaTokens(model, picture).low)
      expect(high).toBeGreaterThanOrEqual(mediaTokens(model, picture).high)
    }
  })
})

describe('in a request', () => {
  const words = (text: string): number => text.split(' ').length
  const data = png(300, 200).toString('base64')
  const url = `data:image/png;base64,${data}`

  test('images are left out of the text, in any dialect', () => {
    const picture = expect.objectContaining({ type: 'image/png', size: { width: 300, height: 200 } })
    const parts = [
      { type: 'image_url', image_url: { url, detail: 'low' } },
      { type: 'input_image', image_url: url, detail: 'low' },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data } },
      { inlineData: { mimeType: 'image/png', data } },
    ]
    for (const part of parts) {
      const body = { messages: [{ role: 'user', content: [part, { text: 'what' }] }] }
      expect(requestTokens(body, words)).toEqual({ tokens: 1 + 4 + 3, answerSchema: 0, media: [picture] })
    }
    const low = parts.slice(0, 2).flatMap((part) => requestTokens({ messages: [part] }, words).media)
    expect(low.map(({ detail }) => detail)).toEqual(['low', 'low'])
  })

  test('documents have their pages counted, and those that are text are read as text', () => {
    const file_data = `data:application/pdf;base64,${pdf(7, { packed: true }).toString('base64')}`
    const { media } = requestTokens({ messages: [{ file: { filename: 'a.pdf', file_data } }] }, words)
    expect(media).toEqual([expect.objectContaining({ type: 'application/pdf', pages: 7 })])
    const source = { type: 'text', data: 'one two three' }
    expect(requestTokens({ messages: [{ type: 'document', source }] }, words)).toMatchObject({
      tokens: 3 + 4 + 3,
      media: [],
    })
  })

  test('nothing is known of what lies behind an address or an id', () => {
    const parts = [{ image_url: { url: 'https://example.com/a.png' } }, { file: { file_id: 'file-1' } }]
    const unseen = { type: null, bytes: 0, detail: undefined }
    expect(requestTokens({ messages: parts }, words).media).toEqual([unseen, unseen])
  })

  test('base64 is not taken for text, wherever it stands; text is', () => {
    const big = png(1000, 1000).toString('base64').padEnd(200_000, 'A')
    const image = mediaTokens('gpt-4o', { type: 'image/png', bytes: 1, size: { width: 1000, height: 1000 } }).high
    const estimateOf = (...parts: object[]): number =>
      estimateTokens(Buffer.from(JSON.stringify({ model: 'gpt-4o', messages: parts })), 'gpt-4o')
    const chat = { type: 'image_url', image_url: { url: `data:image/png;base64,${big}` } }
    const anthropic = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: big } }
    for (const part of [chat, anthropic]) {
      expect(estimateOf(part)).toBeGreaterThanOrEqual(image)
      expect(estimateOf(part)).toBeLessThan(image + 60)
      expect(estimateOf(part, part, { text: 'x '.repeat(5000) }) - estimateOf(part, part)).toBeGreaterThan(2700)
    }
    expect(estimateOf({ data: 'so it goes, '.repeat(1000) })).toBeGreaterThan(3000)
    expect(estimateOf({ text: 'base64,'.repeat(1000) })).toBeGreaterThan(1900)
  })
})
