import { describe, expect, test } from 'vitest'
import { boundaryOf, MultipartBroken, type PartHead, scanMultipart } from './multipart.ts'

const boundary = 'X-edge'
const body = Buffer.from(
  [
    'a preamble nobody reads',
    '--X-edge',
    'Content-Disposition: form-data; name="purpose"',
    '',
    'batch',
    '--X-edge',
    'Content-Disposition: form-data; name="file"; filename="a \\"b\\" %22c%22.jsonl"',
    'Content-Type: application/octet-stream',
    '',
    'one\r\n--X-edg not yet\r\ntwo\n',
    '--X-edge',
    'content-disposition: form-data; name=empty; filename="e"',
    '',
    '',
    '--X-edge--',
    '',
  ].join('\r\n'),
)

async function parts(chunks: readonly Buffer[]): Promise<{ head: PartHead; text: string }[]> {
  const found: { head: PartHead; text: string }[] = []
  const source = (async function* () {
    yield* chunks
  })()
  await scanMultipart(source, boundary, {
    begin: (head) => void found.push({ head, text: '' }),
    data(bytes) {
      const last = found.at(-1)
      if (last) last.text += bytes.toString('latin1')
      return undefined
    },
    end: () => undefined,
  })
  return found
}

describe('the multipart scanner', () => {
  test('finds the same parts wherever the chunks are cut', async () => {
    const whole = await parts([body])
    expect(whole).toEqual([
      { head: { name: 'purpose' }, text: 'batch' },
      {
        head: { name: 'file', filename: 'a "b" "c".jsonl', contentType: 'application/octet-stream' },
        text: 'one\r\n--X-edg not yet\r\ntwo\n',
      },
      { head: { name: 'empty', filename: 'e' }, text: '' },
    ])
    for (let cut = 1; cut < body.length; cut++)
      expect(await parts([body.subarray(0, cut), body.subarray(cut)])).toEqual(whole)
    expect(await parts(Array.from(body, (_, index) => body.subarray(index, index + 1)))).toEqual(whole)
  })

  test('refuses a body that ends too early, or that is no multipart at all', async () => {
    await expect(parts([body.subarray(0, body.length - 6)])).rejects.toBeInstanceOf(MultipartBroken)
    await expect(parts([Buffer.from('hello')])).rejects.toBeInstanceOf(MultipartBroken)
    await expect(parts([Buffer.from('--X-edge!!')])).rejects.toBeInstanceOf(MultipartBroken)
  })

  test('reads the boundary of a content type', () => {
    expect(boundaryOf('multipart/form-data; boundary=abc')).toBe('abc')
    expect(boundaryOf('multipart/form-data; charset=utf-8; boundary="a b"')).toBe('a b')
    expect(boundaryOf('application/json')).toBeUndefined()
  })
})
