import { crc32, deflateSync } from 'node:zlib'

/** Small files of every kind that goes along with a request, made as tests need them. */

const chunk = (type: string, data: Uint8Array): Buffer => {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, check])
}

/** A grey picture that any viewer opens; `shade` makes it one of its kind. */
export function png(width: number, height: number, shade = 0): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 8 // bits of a pixel, grey
  const row = Buffer.alloc(width + 1, shade % 256)
  row[0] = 0 // unfiltered
  const pixels = Buffer.concat(Array.from({ length: height }, () => row))
  if (pixels.length > 2) pixels.writeUInt16BE(shade, 1)
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  const end = chunk('IEND', Buffer.alloc(0))
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(pixels)), end])
}

/** As far as a JPEG is looked at: `before` bytes of profile and thumbnail, then the frame, then its scan. */
export function jpeg(width: number, height: number, { before = 0, scan = 64 } = {}): Buffer {
  const parts = [Buffer.from([0xff, 0xd8])]
  for (let left = before; left > 0; left -= 65_000) {
    const segment = Buffer.alloc(4 + Math.min(left, 65_000), 0x11)
    segment.writeUInt16BE(0xffe2, 0)
    segment.writeUInt16BE(segment.length - 2, 2)
    parts.push(segment)
  }
  const frame = Buffer.from([0xff, 0xc0, 0, 11, 8, 0, 0, 0, 0, 1, 1, 0x11, 0])
  frame.writeUInt16BE(height, 5)
  frame.writeUInt16BE(width, 7)
  parts.push(
    frame,
    Buffer.from([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0]),
    Buffer.alloc(scan, 0x5a),
    Buffer.from([0xff, 0xd9]),
  )
  return Buffer.concat(parts)
}

export function gif(width: number, height: number): Buffer {
  const bytes = Buffer.from('GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;', 'latin1')
  bytes.writeUInt16LE(width, 6)
  bytes.writeUInt16LE(height, 8)
  return bytes
}

export function webp(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(30)
  bytes.write('RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0', 0, 'latin1')
  bytes.writeUIntLE(width - 1, 24, 3)
  bytes.writeUIntLE(height - 1, 27, 3)
  return bytes
}

/** @param options.packed  the page objects lie in a deflated object stream, as most writers have it */
export function pdf(pages: number, { packed = false, padding = 0 } = {}): Buffer {
  const kids = Array.from({ length: pages }, (_, page) => `<< /Type /Page /Parent 2 0 R /Rotate ${page % 4} >>`)
  const objects = packed
    ? [packedObjects(kids.join('\n'))]
    : kids.map((kid, at) => Buffer.from(`${at + 3} 0 obj\n${kid}\nendobj\n`))
  const tree = `%PDF-1.5\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Count ${pages} >>\nendobj\n`
  return Buffer.concat([Buffer.from(tree), ...objects, Buffer.alloc(padding, '% filling\n'), Buffer.from('%%EOF\n')])
}

function packedObjects(text: string): Buffer {
  const packed = deflateSync(text)
  const head = `3 0 obj\n<< /Length ${packed.length} /Type /ObjStm /N 1 /First 0 /Filter /FlateDecode >>\nstream\r\n`
  return Buffer.concat([Buffer.from(head), packed, Buffer.from('\nendstream\nendobj\n')])
}
