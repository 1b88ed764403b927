import { describe, expect, test } from 'vitest'
import { documentTokens, hasUrlSource, imageProblem, imageTokens, pictureOf } from './media.ts'

const png = (width: number, height: number) => {
  const bytes = Buffer.alloc(40)
  bytes.writeUInt32BE(0x89504e47, 0)
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  return bytes.toString('base64')
}
const gif = Buffer.concat([Buffer.from('GIF89a'), Buffer.from([0x40, 0x01, 0xf0, 0x00]), Buffer.alloc(20)])
const jpeg = Buffer.concat([
  Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0x01, 0x00]),
  Buffer.alloc(254),
  Buffer.from([0xff, 0xc0, 0x00, 0x11, 0x08, 0x02, 0x58, 0x03, 0x20, 0x03]),
  Buffer.alloc(20),
])
const webp = Buffer.concat([
  Buffer.from('RIFF....WEBPVP8X'),
  Buffer.from([10, 0, 0, 0, 0, 0, 0, 0, 0x1f, 0x03, 0x00, 0x57, 0x02, 0x00]),
  Buffer.alloc(10),
])
const source = (data: string, media_type = 'image/png') => ({ type: 'base64', media_type, data })

describe('images and documents', () => {
  test('are known by their first bytes', () => {
    expect(pictureOf(png(640, 480))).toEqual({ type: 'image/png', width: 640, height: 480 })
    expect(pictureOf(gif.toString('base64'))).toEqual({ type: 'image/gif', width: 320, height: 240 })
    expect(pictureOf(jpeg.toString('base64'))).toEqual({ type: 'image/jpeg', width: 800, height: 600 })
    expect(pictureOf(webp.toString('base64'))).toEqual({ type: 'image/webp', width: 800, height: 600 })
    expect(pictureOf(Buffer.from('%PDF-1.7').toString('base64'))).toBeUndefined()
  })

  // Measured sizes, by what the model adds around them: 256² cost 100, 1024² cost 1,369, 1920x1080 cost 1,560 or 2,691.
  test.each([
    [256, 256, 100, 100],
    [1024, 1024, 1369, 1369],
    [1280, 720, 1196, 1196],
    [1920, 1080, 1560, 2691],
  ])('cost a token per 28 by 28 pixels: %i x %i', (width, height, plain, sharp) => {
    expect(imageTokens(source(png(width, height)), false)).toBe(plain)
    expect(imageTokens(source(png(width, height)), true)).toBe(sharp)
  })

  test('cost no more than the largest that is looked at', () => {
    expect(imageTokens(source(png(8000, 8000)), false)).toBeLessThanOrEqual(1568)
    expect(imageTokens(source(png(8000, 8000)), true)).toBeGreaterThan(4000)
    expect(imageTokens({ type: 'url', url: 'https://example.com/a.png' }, false)).toBe(1568)
  })

  test('count a text as text and a PDF by its pages', () => {
    expect(documentTokens({ type: 'text', data: 'x'.repeat(400) })).toBe(100)
    const pdf = '/Type /Pages /Kids [] /Type /Page /Type/Page>>'
    expect(documentTokens(source(Buffer.from(pdf).toString('base64'), 'application/pdf'))).toBe(6000)
  })

  test('are refused when their type is a lie', () => {
    expect(imageProblem(source(png(1, 1)))).toBeUndefined()
    expect(imageProblem(source(png(1, 1), 'image/jpeg'))).toContain('appears to be a image/png image')
    expect(imageProblem(source('AAAA'))).toBe('base64: Could not process image')
    expect(imageProblem(source(png(1, 1), 'image/tiff'))).toContain('media_type')
  })

  test('behind a URL are told from others', () => {
    expect(hasUrlSource('{"source":{"type":"url","url":"https://example.com"}}')).toBe(true)
    expect(hasUrlSource('{"text":"type url","source":{"type":"base64","data":"url"}}')).toBe(false)
  })
})
