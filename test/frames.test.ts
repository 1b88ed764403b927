import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { framedRows, recordsOf, rowBytes } from '../src/engine/rows/rows.ts'
import { intakeRequests } from '../src/intake/intake.ts'
import { BytePool } from '../src/kit/byte-pool.ts'
import type { RowFrame } from '../src/providers/contract.ts'
import { openFolderBlobs } from '../src/stores/blobs/fs.ts'

const folder = mkdtempSync(join(tmpdir(), 'redeye-frames-'))
const blobs = openFolderBlobs(join(folder, 'blobs'))
const pool = new BytePool()
afterAll(async () => {
  await pool.close()
  rmSync(folder, { recursive: true })
})

/** Bodies as they lie in a file, spaces and all. */
async function framed(bodies: readonly string[], frame: RowFrame): Promise<string[]> {
  const path = join(folder, 'in.jsonl')
  writeFileSync(path, bodies.map((body, at) => `{"custom_id":"q${at}","params":${body}}\n`).join(''))
  const ports = { blobs, pool, folder: 'intake', scratch: folder, fetchFile: async () => {} }
  const manifest = await intakeRequests([path], ports)
  const rows = { firstOrdinal: 0, count: bodies.length, ordinals: null }
  const pieces: Buffer[] = []
  const framing = { frame, key: 'k'.repeat(20), model: Buffer.from('"never"') }
  for await (const piece of framedRows(blobs, manifest, recordsOf(blobs, manifest, rows), framing))
    pieces.push(Buffer.from(piece))
  let bytes = 0
  for await (const records of recordsOf(blobs, manifest, rows))
    for (const record of records) bytes += rowBytes(frame, record, framing.model)
  const upload = Buffer.concat(pieces)
  expect(upload.length).toBe(bytes)
  return upload.toString().trimEnd().split('\n')
}

const frame: RowFrame = {
  beforeId: Buffer.from('{"request":{"labels":{"id":"'),
  afterId: Buffer.from('"},'),
  afterBody: Buffer.from('}\n'),
  opensBody: true,
  blanksModel: true,
}

test('an id goes inside the body, and the model out of it, wherever it stands', async () => {
  const long = JSON.stringify('x'.repeat(600_000))
  const bodies = [
    '{"model":"m","messages":[],"a":1}',
    '{"a":1,"model":"m","messages":[]}',
    '{"messages":[],"a":1,"model":"m"}',
    '{ "messages" : [] ,\t"a": 1 , "model" : "m" }',
    '{ "model" : "\\"m\\"," , "messages" : [], "a": 1 }',
    '{"messages":[],"mod\\u0065l":"m","a":1}',
    `{"messages":[],"a":1,"long":${long},"model":"m"}`,
    `{"model":"m","long":${long},"messages":[],"a":1}`,
  ]
  const lines = await framed(bodies, frame)
  expect(lines).toHaveLength(bodies.length)
  for (const [row, line] of lines.entries()) {
    const { labels, long: _, ...body } = JSON.parse(line).request
    expect(labels).toEqual({ id: `${'k'.repeat(20)}-000000${row}` })
    expect(body).toEqual({ messages: [], a: 1 })
  }
})
