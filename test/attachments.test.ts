import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { tableSources } from '../src/client/input-files.ts'
import { translateRequest } from '../src/dialects/translate.ts'
import { BadInput } from '../src/domain/errors.ts'
import { framedRows, recordsOf } from '../src/engine/rows/rows.ts'
import type { IntakeOptions } from '../src/intake/intake.ts'
import { intakeTable, type TableSource } from '../src/intake/intake-table.ts'
import { BytePool } from '../src/kit/byte-pool.ts'
import { NotFetched } from '../src/kit/fetch-file.ts'
import { mediaTokens } from '../src/pricing/media-tokens.ts'
import { openFolderBlobs } from '../src/stores/blobs/fs.ts'
import type { BlobStore } from '../src/stores/contract.ts'
import type { RequestOptions } from '../src/tables/request.ts'
import { gif, jpeg, pdf, png, webp } from './media-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'redeye-attachments-'))
const blobs = openFolderBlobs(join(folder, 'blobs'))
const pool = new BytePool()
afterAll(async () => {
  await pool.close()
  rmSync(folder, { recursive: true })
})

const path = (name: string): string => join(folder, name)
function file(name: string, content: string | Uint8Array): string {
  mkdirSync(join(path(name), '..'), { recursive: true })
  writeFileSync(path(name), content)
  return path(name)
}

let intakes = 0
/** What lies at which address. */
const net: Record<string, Uint8Array | string> = {}
mkdirSync(path('scratch'))
async function taken(
  sources: readonly TableSource[],
  request: Partial<RequestOptions> = {},
  options: IntakeOptions = {},
  on: BlobStore = blobs,
) {
  const fetchFile = async (address: string, into: string): Promise<void> => {
    const content = net[address]
    if (content === undefined) throw new NotFetched('could not be fetched: the server answers 404')
    writeFileSync(into, content)
  }
  const ports = { blobs: on, pool, folder: `intake/${++intakes}`, scratch: path('scratch/x'), fetchFile }
  const table = {
    request: { prompt: 'Read it.', model: 'gpt-5-mini', ...request },
    checkColumns: () => {},
  }
  return intakeTable(sources, table, ports, options)
}

const files = (...names: string[]): TableSource => ({ name: 'files', files: names })
const fromPath = { attachments: [{ as: 'file', from: '{{path}}' }] } as const

interface Part {
  readonly type: string
  readonly text?: string
  readonly image_url?: { readonly url: string }
}
interface Body {
  readonly model: string
  readonly messages: readonly { readonly content: readonly Part[] }[]
}
const partsIn = ({ messages }: Body): readonly Part[] => messages.at(-1)?.content ?? []

/** What was written of each row: the index's tokens, and the body. */
async function rowsOf(manifest: Awaited<ReturnType<typeof taken>>) {
  const segment = await blobs.openLocal(manifest.segments[0] as string)
  const rows: { tokens: number; body: Body }[] = []
  for await (const records of recordsOf(blobs, manifest, {
    firstOrdinal: 0,
    count: manifest.requests,
    ordinals: null,
  })) {
    for (const { bodyOffset, bodyLength, tokens } of records) {
      const bytes = Buffer.alloc(bodyLength)
      await segment.read(bytes, bodyOffset)
      rows.push({ tokens, body: JSON.parse(bytes.toString()) as Body })
    }
  }
  await segment.close()
  return rows
}

const partsOf = async (sources: readonly TableSource[], request: Partial<RequestOptions>) =>
  (await rowsOf(await taken(sources, request))).map(({ body }) => partsIn(body))

const dataUrl = (type: string, bytes: Uint8Array) => `data:${type};base64,${Buffer.from(bytes).toString('base64')}`

async function problemsOf(sources: readonly TableSource[], request: Partial<RequestOptions> = fromPath, options = {}) {
  const error = await taken(sources, request, options).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(BadInput)
  return (error as BadInput).problems.map(({ line, message }) => `${line}: ${message}`)
}

describe('files that go along with a row', () => {
  test('are parts of its request before the prompt: images, PDFs by their name, texts as text', async () => {
    const kinds = [
      ['a.png', 'image/png', png(20, 10)],
      ['b.jpeg', 'image/jpeg', jpeg(20, 10)],
      ['c.gif', 'image/gif', gif(20, 10)],
      ['d.webp', 'image/webp', webp(20, 10)],
    ] as const
    const images = kinds.map(([name, , bytes]) => file(name, bytes))
    const document = file('of "mine".pdf', pdf(2))
    const note = file('note.txt', '\ufeffSay "hi"\n\tto 世界 \\ all')
    const parts = await partsOf([files(...images, document, note)], fromPath)
    const asked = { type: 'text', text: 'Read it.' }
    expect(parts).toEqual([
      ...kinds.map(([, type, bytes]) => [{ type: 'image_url', image_url: { url: dataUrl(type, bytes) } }, asked]),
      [{ type: 'file', file: { filename: 'of "mine".pdf', file_data: dataUrl('application/pdf', pdf(2)) } }, asked],
      [{ type: 'text', text: 'Say "hi"\n\tto 世界 \\ all' }, asked],
    ])
  })

  test('are named by templates over the columns, several of each, in the order they are given', async () => {
    const one = file('shots/1 é.png', png(1, 1, 1))
    file('shots/2.png', png(1, 1, 2))
    const records = [{ first: '1 é', second: 2, text: 'x', page: 'https://example.com/a?b="c"' }]
    const [parts] = await partsOf([{ records }], {
      prompt: 'Compare {{text}}.',
      attachments: [
        { as: 'image', from: `${path('shots')}/{{first}}.png` },
        { as: 'image', from: '{{page}}' },
        { as: 'file', from: relative(process.cwd(), path('shots/{{second}}.png')) },
      ],
    })
    expect(one).toContain('é')
    expect(parts).toEqual([
      { type: 'image_url', image_url: { url: dataUrl('image/png', png(1, 1, 1)) } },
      { type: 'image_url', image_url: { url: 'https://example.com/a?b="c"' } },
      { type: 'image_url', image_url: { url: dataUrl('image/png', png(1, 1, 2)) } },
      { type: 'text', text: 'Compare x.' },
    ])
  })

  test('count for what they are to the model, not for their bytes', async () => {
    const image = file('large.png', Buffer.concat([png(1700, 2200), Buffer.alloc(300_000, 'x')]))
    const document = file('five.pdf', pdf(5, { padding: 200_000 }))
    const manifest = await taken([files(image, document)], { ...fromPath, model: 'gpt-4o' })
    const [first, second] = await rowsOf(manifest)
    const size = { width: 1700, height: 2200 }
    const costs = [
      mediaTokens('gpt-4o', { type: 'image/png', bytes: 0, size }).high,
      mediaTokens('gpt-4o', { type: 'application/pdf', bytes: 0, pages: 5 }).high,
    ]
    expect(first?.tokens).toBeGreaterThan(costs[0] as number)
    expect(first?.tokens).toBeLessThan((costs[0] as number) + 60)
    expect(second?.tokens).toBeGreaterThan(costs[1] as number)
    expect(second?.tokens).toBeLessThan((costs[1] as number) + 60)
    expect(manifest.groups[0]?.tokens).toBe((first?.tokens ?? 0) + (second?.tokens ?? 0))
    expect(manifest.groups[0]?.bodyBytes).toBeGreaterThan(500_000)
  })

  test('are fetched when they are documents at an address, and nothing is left of that', async () => {
    net['https://example.com/in/b%20c.pdf?v=2'] = pdf(1)
    net['https://example.com/in/d'] = png(2, 2)
    net['https://example.com/in/login.pdf'] = '<html>Please sign in</html>'
    const at = (...addresses: string[]): TableSource[] => [{ records: addresses.map((address) => ({ address })) }]
    const request = { attachments: [{ as: 'file', from: '{{address}}' }] } as const
    const parts = await partsOf(at('https://example.com/in/b%20c.pdf?v=2', 'https://example.com/in/d'), request)
    expect(parts.map(([attached]) => attached)).toEqual([
      { type: 'file', file: { filename: 'b%20c.pdf', file_data: dataUrl('application/pdf', pdf(1)) } },
      { type: 'image_url', image_url: { url: dataUrl('image/png', png(2, 2)) } },
    ])
    expect(await problemsOf(at('https://example.com/none', 'https://example.com/in/login.pdf'), request)).toEqual([
      '1: https://example.com/none: could not be fetched: the server answers 404',
      '2: https://example.com/in/login.pdf: holds text/plain, not the application/pdf of its name; rename it if that is meant',
    ])
    expect(readdirSync(path('scratch'))).toEqual([])
  })

  test('make another job when their content is another, under the same name', async () => {
    const digests: string[] = []
    for (const shade of [1, 2, 1]) {
      file('same.png', png(4, 4, shade))
      digests.push((await taken([files(path('same.png'))], fromPath)).digest)
    }
    expect(digests[0]).toBe(digests[2])
    expect(digests[0]).not.toBe(digests[1])
  })

  test('translate exactly to every other dialect', async () => {
    const attached = [file('a.png', png(20, 10)), file('b.pdf', pdf(1)), file('c.txt', 'plain')]
    const bodies = (
      await rowsOf(await taken([files(...attached)], { ...fromPath, params: { max_completion_tokens: 9 } }))
    ).map(({ body }) => body)
    const image = Buffer.from(png(20, 10)).toString('base64')
    const document = Buffer.from(pdf(1)).toString('base64')
    const claude = bodies.map((body) =>
      translateRequest('openai-chat', 'anthropic', { ...body, model: 'claude-opus-5' }),
    )
    expect(claude.map(({ warnings }) => warnings)).toEqual([[], [], []])
    expect(claude.map(({ body }) => partsIn(body as unknown as Body)[0])).toEqual([
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: image } },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: document }, title: 'b.pdf' },
      { type: 'text', text: 'plain' },
    ])
    const gemini = bodies.map((body) =>
      translateRequest('openai-chat', 'gemini', { ...body, model: 'gemini-3.5-flash' }),
    )
    const geminiParts = gemini.map(
      ({ body }) => (body as unknown as { contents: [{ parts: object[] }] }).contents[0].parts,
    )
    expect(geminiParts.map((parts) => parts.slice(0, -1))).toEqual([
      [{ inlineData: { mimeType: 'image/png', data: image } }],
      [{ text: 'Title: b.pdf' }, { inlineData: { mimeType: 'application/pdf', data: document } }],
      [{ text: 'plain' }],
    ])
    expect(gemini.flatMap(({ warnings }) => warnings.map(({ code }) => code))).toEqual(['document_words_inlined'])
  })

  test('by an address go to vendors that fetch it, and are refused for others with their place', async () => {
    const request = { attachments: [{ as: 'image', from: '{{at}}' }] } as const
    const [row] = await rowsOf(await taken([{ records: [{ at: 'https://example.com/a.png' }] }], request))
    const claude = translateRequest('openai-chat', 'anthropic', {
      ...row?.body,
      model: 'claude-opus-5',
      max_completion_tokens: 9,
    })
    expect(partsIn(claude.body as unknown as Body)[0]).toEqual({
      type: 'image',
      source: { type: 'url', url: 'https://example.com/a.png' },
    })
    const toGemini = () => translateRequest('openai-chat', 'gemini', { ...row?.body, model: 'gemini-3.5-flash' })
    expect(toGemini).toThrow('messages[0].content[0]')
  })

  test('stream by pieces: no write and no read of 60 MB is longer than two megabytes', async () => {
    const large = file('large.pdf', pdf(3))
    truncateSync(large, 60_000_000) // the rest is a hole
    const writes: number[] = []
    const watched: BlobStore = {
      ...blobs,
      put: async (name) => {
        const writer = await blobs.put(name)
        return {
          get bytes() {
            return writer.bytes
          },
          write: async (chunk) => {
            writes.push(chunk.length)
            await writer.write(chunk)
          },
          commit: () => writer.commit(),
          abort: () => writer.abort(),
        }
      },
    }
    const manifest = await taken([files(large, file('small.png', png(2, 2)))], fromPath, {}, watched)
    expect(Math.max(...writes)).toBeLessThan(2 << 20)
    expect(manifest.bodyBytes).toBeGreaterThan(80_000_000)

    const framing = {
      frame: { beforeId: Buffer.from('{"id":"'), afterId: Buffer.from('","body":'), afterBody: Buffer.from('}\n') },
      key: 'k'.repeat(20),
      model: Buffer.from('"another"'),
    }
    let lines = 0
    let bytes = 0
    let ends = ''
    const both = recordsOf(blobs, manifest, { firstOrdinal: 0, count: 2, ordinals: null })
    for await (const piece of framedRows(blobs, manifest, both, framing)) {
      expect(piece.length).toBeLessThan(2 << 20)
      for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) lines++
      bytes += piece.length
      ends = (ends + Buffer.from(piece.subarray(-600)).toString()).slice(-600)
    }
    expect(lines).toBe(2)
    const frames =
      2 *
      (Buffer.from(`{"id":"${'k'.repeat(20)}-0000000","body":}\n`).length + '"another"'.length - '"gpt-5-mini"'.length)
    expect(bytes).toBe(manifest.bodyBytes + frames)
    expect(JSON.parse(ends.slice(ends.lastIndexOf('{"id":'))).body.model).toBe('another')
  })

  test('arrive whole when they are longer than a block', async () => {
    const sizes = [1, 700_000, 3, 2_000_001]
    const images = sizes.map((size, at) => file(`${at}.jpg`, jpeg(9, 9, { scan: size })))
    const manifest = await taken([files(...images)], fromPath)
    const pieces: Buffer[] = []
    const frame = { beforeId: Buffer.from('{"id":"'), afterId: Buffer.from('","body":'), afterBody: Buffer.from('}\n') }
    const all = recordsOf(blobs, manifest, { firstOrdinal: 0, count: 4, ordinals: null })
    for await (const piece of framedRows(blobs, manifest, all, { frame, key: 'k'.repeat(20) }))
      pieces.push(Buffer.from(piece))
    const lines = Buffer.concat(pieces)
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ id }) => id.slice(-7))).toEqual(['0000000', '0000001', '0000002', '0000003'])
    const urls = lines.map(({ body }) => body.messages[0].content[0].image_url.url)
    expect(urls).toEqual(sizes.map((scan) => dataUrl('image/jpeg', jpeg(9, 9, { scan }))))
  })
})

describe('a file that cannot go along is one bad line, with its path and what to do', () => {
  test('whatever is wrong with it', async () => {
    const good = file('good.png', png(2, 2))
    const empty = file('empty.png', '')
    const zip = file('sheet.xlsx', Buffer.from('PK\x03\x04more', 'latin1'))
    const lying = file('lying.png', jpeg(2, 2))
    const damaged = file('damaged.png', png(2, 2).subarray(0, 12))
    const latin = file('late.txt', Buffer.concat([Buffer.alloc(900_000, 'a'), Buffer.from([0xe9, 0x20])]))
    mkdirSync(path('sub'))
    const sources = [files(good, path('none.png'), 'none.png', path('sub'), empty, zip, lying, damaged, latin)]
    expect(await problemsOf(sources)).toEqual([
      `2: ${path('none.png')}: no such file`,
      `3: none.png: no such file; relative paths begin at ${process.cwd()}`,
      `4: ${path('sub')}: is a folder; name a file of it`,
      `5: ${empty}: the file is empty`,
      `6: ${zip}: is no PNG, JPEG, GIF, WebP, PDF or text`,
      `7: ${lying}: holds image/jpeg, not the image/png of its name; rename it if that is meant`,
      `8: ${damaged}: its header is damaged, no width and height are in it`,
      `9: ${latin}: is text, but not all of it is UTF-8`,
    ])
  })

  test('as an image, only an image is taken; over the net, only https', async () => {
    const document = file('some.pdf', pdf(1))
    const records = ['', document, 'http://example.com/a.png'].map((at) => ({ at }))
    const request = { attachments: [{ as: 'image', from: '{{at}}' }] } as const
    expect(await problemsOf([{ records }], request)).toEqual([
      '1: the template of --image names no file in this row',
      `2: ${document}: holds application/pdf, no image; attach it by --file`,
      '3: http://example.com/a.png: only https addresses and local files are taken',
    ])
  })

  test('or that this user may not read', async ({ skip }) => {
    if (process.getuid?.() === 0) skip('root may read everything')
    const locked = file('locked.png', png(1, 1))
    chmodSync(locked, 0)
    expect(await problemsOf([files(locked)])).toEqual([`1: ${locked}: may not be read by this user`])
  })

  test('or that is too large for its vendor, before it is encoded', async () => {
    const large = file('too-large.pdf', pdf(1))
    truncateSync(large, 30_000_000)
    const [problem] = await problemsOf([files(large)], fromPath, { bodyBytesMax: 32_000_000 })
    expect(problem).toMatch(
      /^1: .*too-large\.pdf: too large, the request would be 400\d+ bytes; its vendor takes at most 32000000$/,
    )
  })

  test('all of a row together, and set aside by --skip-invalid while the rest flies', async () => {
    const [good, bad] = [file('in.png', png(3, 3)), path('out.png')]
    const records = [
      { a: good, b: good },
      { a: bad, b: bad },
      { a: good, b: bad },
      { a: good, b: good },
    ]
    const attachments = [
      { as: 'image', from: '{{a}}' },
      { as: 'file', from: '{{b}}' },
    ] as const
    const rejected: string[] = []
    const reject = async (text: Uint8Array, { line, message }: { line: number; message: string }) =>
      void rejected.push(`${line}: ${message} | ${Buffer.from(text).toString().includes(bad)}`)
    const manifest = await taken([{ records }], { attachments }, { skipInvalid: true, reject })
    expect(rejected).toEqual([`2: ${bad}: no such file; ${bad}: no such file | true`, `3: ${bad}: no such file | true`])
    expect([manifest.requests, manifest.skipped]).toEqual([2, 2])
    expect(await rowsOf(manifest)).toHaveLength(2)
  })
})

describe('an input of files', () => {
  test('is a folder at any depth or a pattern, sorted, without what is hidden', async () => {
    for (const name of ['b/2.png', 'b/10.png', 'a.txt', 'rows.csv', '.hidden.png', 'b/.git/x.png'])
      file(`input/${name}`, 'x')
    symlinkSync(path('input/a.txt'), path('input/link.txt'))
    const input = path('input')
    const all = ['a.txt', 'b/10.png', 'b/2.png', 'link.txt', 'rows.csv'].map((name) => join(input, name))
    expect(await tableSources([input], undefined)).toEqual([{ name: input, files: all }])
    expect(await tableSources([`${input}/`], undefined)).toEqual([{ name: `${input}/`, files: all }])
    const pattern = join(input, '**/*.png')
    expect(await tableSources([pattern], undefined)).toEqual([
      { name: pattern, files: [join(input, 'b/10.png'), join(input, 'b/2.png')] },
    ])
    const named = [join(input, 'b/2.png'), join(input, 'a.txt')]
    expect(await tableSources(named, undefined)).toEqual([{ name: '(files)', files: named }])
  })

  test('is tables where the names say so, or the format is given', async () => {
    const rows = join(folder, 'input/rows.csv')
    expect(await tableSources([join(folder, 'input/*.csv')], undefined)).toEqual([{ source: rows }])
    expect(await tableSources(['-'], undefined)).toEqual([{ source: '-', format: 'jsonl' }])
    expect(await tableSources([path('input/a.txt')], 'csv')).toEqual([{ source: path('input/a.txt'), format: 'csv' }])
    expect(await tableSources(['x.csv.gz', 'y.ndjson'], undefined)).toEqual([
      { source: 'x.csv.gz' },
      { source: 'y.ndjson' },
    ])
  })

  test('is refused when it is empty, or half tables and half files', async () => {
    mkdirSync(path('nothing'))
    await expect(tableSources([path('nothing')], undefined)).rejects.toThrow('no files are in it')
    await expect(tableSources([path('nothing/*.png')], undefined)).rejects.toThrow('no file matches')
    await expect(tableSources([path('input/*')], undefined)).rejects.toThrow('are given together')
  })

  test('has the columns path, name and bytes, for the prompt too', async () => {
    const image = file('shown.png', png(5, 5))
    const [parts] = await partsOf([files(image)], { ...fromPath, prompt: '{{name}}: {{bytes}}' })
    expect(parts?.at(-1)?.text).toBe(`shown.png: ${png(5, 5).length}`)
  })
})
