import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { translateRequest } from '../src/dialects/translate.ts'
import type { ChatDialect } from '../src/dialects/translation.ts'
import { slotIn } from '../src/domain/file-slot.ts'
import type { FileLimits } from '../src/domain/limits.ts'
import { recordsOf } from '../src/engine/rows/rows.ts'
import { type IntakeOptions } from '../src/intake/intake.ts'
import { intakeTable } from '../src/intake/intake-table.ts'
import { BytePool } from '../src/kit/byte-pool.ts'
import { mediaTokens } from '../src/pricing/media-tokens.ts'
import { requestTokens } from '../src/pricing/tokens.ts'
import { openFolderBlobs } from '../src/stores/blobs/fs.ts'
import type { AttachmentOption } from '../src/tables/request.ts'
import { pdf, png } from './media-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'redeye-attached-'))
const blobs = openFolderBlobs(join(folder, 'blobs'))
const pool = new BytePool()
mkdirSync(join(folder, 'scratch'))
afterAll(async () => {
  await pool.close()
  rmSync(folder, { recursive: true })
})

function file(name: string, content: Uint8Array): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

/** Nothing above a few bytes goes inline. */
const files: FileLimits = {
  imagesMax: null,
  pdfsBytesMax: null,
  totalBytesMax: null,
  inline: { imageBytesMax: null, pdfBytesMax: null },
  inlineBytesMax: 3000,
  referred: { imageBytesMax: null, pdfBytesMax: null, types: ['application/pdf', 'image/png'] },
}

let intakes = 0
async function taken(paths: readonly string[], attachments: readonly AttachmentOption[], more: IntakeOptions = {}) {
  const name = `intake/${++intakes}`
  const ports = { blobs, pool, folder: name, scratch: join(folder, 'scratch/x'), fetchFile: async () => {} }
  const request = { prompt: 'Read it.', model: 'gpt-5-mini', attachments }
  const source = { name: 'files', files: paths }
  const manifest = await intakeTable([source], { request, checkColumns: () => {} }, ports, { files, ...more })
  const segment = await blobs.openLocal(manifest.segments[0] as string)
  const rows: { tokens: number; body: Body }[] = []
  const all = { firstOrdinal: 0, count: manifest.requests, ordinals: null }
  for await (const records of recordsOf(blobs, manifest, all)) {
    for (const { bodyOffset, bodyLength, tokens } of records) {
      const bytes = Buffer.alloc(bodyLength)
      await segment.read(bytes, bodyOffset)
      rows.push({ tokens, body: JSON.parse(bytes.toString()) as Body })
    }
  }
  await segment.close()
  return { manifest, rows }
}

interface Part {
  readonly file?: { readonly file_id: string; readonly filename?: string }
  readonly image_url?: { readonly url: string }
}
interface Body {
  readonly messages: readonly { readonly content: readonly Part[] }[]
}
const partIn = ({ messages }: Body): Part => messages[0]?.content[0] as Part
const itself = { as: 'file', from: '{{path}}' } as const

const document = pdf(4, { padding: 5000 })
const image = Buffer.concat([png(640, 480), Buffer.alloc(5000, 'x')])

describe('a file that does not fit into its request', () => {
  test('lies once beside the requests, whoever names it and under whichever name', async () => {
    const [one, copy] = [file('one.pdf', document), file('copy.pdf', document)]
    linkSync(one, join(folder, 'link.pdf'))
    const paths = [one, copy, join(folder, 'link.pdf'), one, file('a.png', image), file('small.png', png(2, 2))]
    const { manifest, rows } = await taken(paths, [itself])
    const kept = await Array.fromAsync(blobs.get(manifest.attached?.blob ?? ''))
    expect(Buffer.concat(kept)).toEqual(Buffer.concat([document, image]))
    const slots = rows.map(({ body }) => slotIn(partIn(body).file?.file_id ?? partIn(body).image_url?.url))
    expect(new Set(slots.slice(0, 4).map((slot) => JSON.stringify(slot))).size).toBe(1)
    const { token } = manifest.attached ?? {}
    expect(slots[0]).toMatchObject({ token, type: 'application/pdf', bytes: document.length, offset: 0, pages: 4 })
    expect(slots[4]).toMatchObject({
      token,
      type: 'image/png',
      offset: document.length,
      size: { width: 640, height: 480 },
    })
    expect(slots[5]).toBeUndefined()
    expect(partIn(rows[0]?.body as Body).file).not.toHaveProperty('filename')
  })

  test('keeps its name where it will be a title', async () => {
    const { rows } = await taken([file('title.pdf', document)], [itself], { keepsNames: true })
    expect(partIn(rows[0]?.body as Body).file?.filename).toBe('title.pdf')
  })

  test('counts as it would inline: in the index, and when a quote looks again', async () => {
    const paths = [file('count.pdf', document), file('count.png', image)]
    const inline = await taken(paths, [itself], { files: { ...files, inlineBytesMax: 1_000_000 } })
    const named = await taken(paths, [itself])
    expect(inline.manifest.attached).toBeUndefined()
    for (const [at, { tokens, body }] of named.rows.entries()) {
      const other = inline.rows[at] as (typeof inline.rows)[number]
      expect(tokens).toBe(other.tokens)
      const media = (of: Body) => requestTokens(of, () => 0).media.map((one) => mediaTokens('gpt-5-mini', one))
      expect(media(body)).toEqual(media(other.body))
    }
  })

  test('makes another job when its content is another, under the same name', async () => {
    const digests: string[] = []
    for (const pages of [4, 5, 4]) {
      const path = file('same.pdf', pdf(pages, { padding: 5000 }))
      digests.push((await taken([path], [itself])).manifest.digest)
    }
    expect(digests[0]).toBe(digests[2])
    expect(digests[0]).not.toBe(digests[1])
    const inline = { files: { ...files, inlineBytesMax: 1_000_000 } }
    const { manifest } = await taken([join(folder, 'same.pdf')], [itself], inline)
    expect(manifest.digest).toBe(digests[0]) // whichever way it goes along
  })
})

describe('its slot', () => {
  const written = async (to: ChatDialect, name: string, content: Uint8Array, model: string) => {
    const { manifest, rows } = await taken([file(name, content)], [itself], { keepsNames: true })
    const body = { ...rows[0]?.body, max_completion_tokens: 9 }
    const slots = manifest.attached?.token ?? ''
    const translated = translateRequest('openai-chat', to, body, { model, slots })
    const slot = partIn(rows[0]?.body as Body).file?.file_id ?? partIn(rows[0]?.body as Body).image_url?.url
    return { text: JSON.stringify(translated.body), slot, warnings: translated.warnings.map(({ code }) => code) }
  }

  test.each([
    [
      'anthropic',
      'claude-opus-5',
      'a.pdf',
      document,
      (slot: string) => ({ type: 'document', source: { type: 'file', file_id: slot }, title: 'a.pdf' }),
    ],
    [
      'anthropic',
      'claude-opus-5',
      'a.png',
      image,
      (slot: string) => ({ type: 'image', source: { type: 'file', file_id: slot } }),
    ],
    [
      'gemini',
      'gemini-3.5-flash',
      'a.pdf',
      document,
      (slot: string) => ({ fileData: { mimeType: 'application/pdf', fileUri: slot } }),
    ],
    [
      'gemini',
      'gemini-3.5-flash',
      'a.png',
      image,
      (slot: string) => ({ fileData: { mimeType: 'image/png', fileUri: slot } }),
    ],
    ['openai-responses', 'gpt-5', 'a.pdf', document, (slot: string) => ({ type: 'input_file', file_id: slot })],
    [
      'openai-responses',
      'gpt-5',
      'a.png',
      image,
      (slot: string) => ({ type: 'input_image', file_id: slot, detail: 'auto' }),
    ],
  ] as const)('goes through to %s by %s: %s', async (to, model, name, content, part) => {
    const { text, slot } = await written(to, name, content, model)
    expect(text).toContain(JSON.stringify(part(slot ?? '')))
  })

  test('is a file id like any other where its token is not known', async () => {
    const { rows } = await taken([file('b.pdf', document)], [itself])
    const translate = () => translateRequest('openai-chat', 'anthropic', { ...rows[0]?.body, model: 'claude-opus-5' })
    expect(translate).toThrow('messages[0].content[0]')
  })
})
