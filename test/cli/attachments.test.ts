import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { jpeg, pdf, png } from '../media-files.ts'
import { lastJson, Night } from './night.ts'

const night = new Night()

interface Part {
  readonly type: 'text' | 'image_url' | 'file'
  readonly text?: string
  readonly image_url?: { readonly url: string }
  readonly file?: { readonly filename: string; readonly file_data: string }
}

/** The requests of the last file that the vendor received, whole, where it was left there. */
async function receivedParts(): Promise<Part[][]> {
  const headers = { authorization: 'Bearer sk-emulated-key' }
  const files = `${night.emulator.baseUrls.openai}/files`
  const { data } = (await (await fetch(`${files}?purpose=batch`, { headers })).json()) as { data: [{ id: string }] }
  const text = await (await fetch(`${files}/${data[0].id}/content`, { headers })).text()
  const lines = text.trimEnd().split('\n')
  const rows = lines.map((line) => JSON.parse(line) as { body: { messages: { content: Part[] }[] } })
  return rows.map(({ body }) => body.messages.at(-1)?.content ?? [])
}

const dataUrl = (type: string, bytes: Uint8Array): string =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`

function folder(name: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(join(night.path(name), path, '..'), { recursive: true })
    writeFileSync(join(night.path(name), path), bytes)
  }
  return name
}

/** A scan, told from all others by its content. */
function scan(index: number): [name: string, type: string, bytes: Buffer] {
  if (index % 3 === 0) return [`${index}.png`, 'image/png', png(850, 1100, index)]
  if (index % 3 === 1)
    return [`${index}.jpg`, 'image/jpeg', jpeg(1700, 2200, { before: index * 1000, scan: 900 + index })]
  return [`${index}.pdf`, 'application/pdf', pdf(1 + (index % 5), { packed: index % 2 === 0, padding: index * 11 })]
}

/** What a process needs to fly to the other vendors here. */
const elsewhere = () => ({
  ANTHROPIC_BASE_URL: night.emulator.baseUrls.anthropic,
  ANTHROPIC_API_KEY: 'sk-ant-emulated',
  GOOGLE_GEMINI_BASE_URL: night.emulator.baseUrls.gemini,
  GEMINI_API_KEY: 'AIza-emulated',
  GOOGLE_CLOUD_PROJECT: 'night',
  GOOGLE_CLOUD_LOCATION: 'us-central1',
  GOOGLE_ACCESS_TOKEN: 'ya29.emulated',
  GOOGLE_VERTEX_BASE_URL: night.emulator.baseUrls.vertex,
  STORAGE_EMULATOR_HOST: night.emulator.baseUrls.gcs,
  REDEYE_VERTEX_BUCKET: 'gs://night/scans',
})

const invoice =
  '{"type":"object","properties":{"total":{"type":"number"},"paid":{"type":"boolean"}},"required":["total","paid"],"additionalProperties":false}'

/** Two hundred scans in two folders, and where each lies. */
function twoHundredScans(): Map<string, ReturnType<typeof scan>> {
  const scans = Array.from({ length: 200 }, (_, index) => scan(index))
  const placed = new Map(scans.map((one) => [`scans/${one[0].length % 2}/${one[0]}`, one]))
  for (const [path, [, , bytes]] of placed) folder('.', { [path]: bytes })
  return new Map([...placed].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const rowsOf = (name: string) =>
  night
    .read(name)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('files that go along', () => {
  test('a folder of 200 scans is 200 requests, each with the bytes of its file, answered into columns', async () => {
    const scans = twoHundredScans()
    const schema = night.write('invoice.json', invoice)
    const ask = ['--prompt', 'Read this invoice.', '--model', 'gpt-4o-mini', '--schema', schema]
    const ended = await night.redeye(['run', 'scans', '-o', 'out.jsonl', ...ask, '--yes', '--keep-remote', '--json'])
    expect(ended.code).toBe(0)
    expect(lastJson(ended).requests).toMatchObject({ total: 200, succeeded: 200 })
    const rows = rowsOf('out.jsonl')
    expect(rows.map(({ path }) => path)).toEqual([...scans.keys()])
    const answered = { total: expect.any(Number), paid: expect.any(Boolean), _outcome: 'succeeded' }
    for (const row of rows) {
      const [name, , bytes] = scans.get(row.path) as ReturnType<typeof scan>
      expect(row).toMatchObject({ name, bytes: bytes.length, ...answered })
    }
    const attached = [...scans.values()].map(([filename, type, bytes]) => {
      const url = dataUrl(type, bytes)
      if (type === 'application/pdf') return { type: 'file', file: { filename, file_data: url } }
      return { type: 'image_url', image_url: { url } }
    })
    const asked = { type: 'text', text: 'Read this invoice.' }
    expect(await receivedParts()).toEqual(attached.map((part) => [part, asked]))
  })

  test.each([
    ['anthropic', 'claude-haiku-4-5'],
    ['gemini', 'gemini/gemini-3.5-flash'],
    ['vertex', 'vertex/gemini-2.5-flash'],
  ])('the same folder flies to %s by another model', async (vendor, model) => {
    twoHundredScans()
    const schema = night.write('invoice.json', invoice)
    const ask = ['--prompt', 'Read this invoice.', '--model', model, '--schema', schema, '--max-tokens', '500']
    const ended = await night.redeye(['run', 'scans/', '-o', 'out.jsonl', ...ask, '--yes', '--json'], {
      env: elsewhere(),
    })
    expect(ended).toMatchObject({ code: 0 })
    const { requests, usd, lanes } = lastJson(ended)
    expect(requests).toMatchObject({ total: 200, succeeded: 200, invalid: 0 })
    expect(lanes).toMatchObject([{ lane: `${vendor}/batch` }])
    expect(rowsOf('out.jsonl').every(({ total }) => typeof total === 'number')).toBe(true)
    // The emulated vendors charge a flat figure for an image, which is below the rule of Gemini 3.
    expect(Number(usd.charged)).toBeGreaterThan(Number(usd.quotedLow) * 0.75)
    expect(Number(usd.charged)).toBeLessThan(Number(usd.quotedHigh))
  })

  test('a table names an image and a text for each row; --key meets its job only while they are the same', async () => {
    folder('photos', { '1.png': png(64, 64, 1), '2.png': png(64, 64, 2), 'house.txt': 'Be brief.' })
    night.write('products.csv', 'id,shop\n1,North\n2,South\n')
    const attach = ['--image', 'photos/{{id}}.png', '--file', 'photos/house.txt']
    const ask = [...attach, '--prompt', 'Caption this for {{shop}}.', '--model', 'gpt-4o-mini', '--key', 'captions']
    const run = ['run', 'products.csv', '-o', 'captions.csv', ...ask, '--yes', '--keep-remote']
    expect((await night.redeye(run)).code).toBe(0)
    expect(night.read('captions.csv')).toMatch(/^id,shop,answer,_outcome,_error\n1,North,.*\n2,South,.*\n$/)
    expect(await receivedParts()).toEqual(
      ['North', 'South'].map((shop, at) => [
        { type: 'image_url', image_url: { url: dataUrl('image/png', png(64, 64, at + 1)) } },
        { type: 'text', text: 'Be brief.' },
        { type: 'text', text: `Caption this for ${shop}.` },
      ]),
    )
    const bought = await night.purchases()
    expect((await night.redeye(run)).stderr).toContain('going on with it')
    folder('photos', { '2.png': png(64, 64, 3) })
    const other = await night.redeye([...run, '--json'])
    expect(lastJson(other).error.code).toBe('key_conflict')
    expect(await night.purchases()).toBe(bought)
  })

  test('each file that cannot go along is named with what to do, and nothing is sent; or it is set aside', async () => {
    folder('mixed', { 'a.png': png(8, 8), 'b.zip': 'PK\u0003\u0004', 'c.png': '', 'd.txt': 'fine' })
    const ask = ['--prompt', 'Read.', '--model', 'gpt-4o-mini', '--yes', '--json']
    const bought = await night.purchases()
    const refused = await night.redeye(['run', 'mixed', '-o', 'out.jsonl', ...ask])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('mixed:2: mixed/b.zip: is no PNG, JPEG, GIF, WebP, PDF or text')
    expect(refused.stderr).toContain('mixed:3: mixed/c.png: the file is empty')
    expect(await night.purchases()).toBe(bought)
    const flown = await night.redeye(['run', 'mixed', '-o', 'out.jsonl', ...ask, '--skip-invalid'])
    expect(flown.code).toBe(0)
    expect(rowsOf('out.jsonl').map(({ name }) => name)).toEqual(['a.png', 'd.txt'])
    expect(night.read('out.jsonl.rejects.jsonl')).toContain('mixed/c.png')
  })

  test('what is too large for its vendor is refused by its size before it is read', async () => {
    folder('large', { 'a.png': png(2, 2) })
    truncateSync(join(night.path('large'), 'a.png'), 150_000_000)
    const ask = ['--prompt', 'Read.', '--model', 'gpt-5-mini', '--yes']
    const { code, stderr } = await night.redeye(['run', 'large', '-o', 'out.jsonl', ...ask], { env: elsewhere() })
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /large:1: large\/a\.png: too large, the request would be 200\d{6} bytes; its vendor takes at most 196000000/,
    )
  })

  test('a quote counts images by their size, whatever their bytes', async () => {
    const noise = Buffer.alloc(500_000, 'noise')
    const shades = Array.from({ length: 30 }, (_, shade) => [
      `${shade}.png`,
      Buffer.concat([png(1024, 1024, shade), noise]),
    ])
    folder('photos', Object.fromEntries(shades))
    const ask = ['--prompt', 'What is this?', '--model', 'gpt-4o', '--json']
    const { lanes } = lastJson(await night.redeye(['quote', 'photos/*.png', ...ask]))
    const [{ tokens, notes }] = lanes
    expect(tokens.inputLow).toBeGreaterThan(30 * 765 * 0.95)
    expect(tokens.inputHigh).toBeLessThan(30 * (765 + 40) * 1.05)
    expect(notes.join(' ')).toContain('Images and pages count by')
  })
})
