import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { gif, jpeg, pdf, png, webp } from '../media-files.ts'
import { lastJson, Night } from './night.ts'

const night = new Night()

interface Part {
  readonly type: 'text' | 'image_url' | 'file'
  readonly text?: string
  readonly image_url?: { readonly url: string }
  readonly file?: { readonly filename: string; readonly file_data: string }
}

/** The requests that the vendor received, whole: of files that were left there. */
async function receivedParts(): Promise<Part[][]> {
  const headers = { authorization: 'Bearer sk-emulated-key' }
  const base = night.emulator.baseUrls.openai
  const { data } = (await (await fetch(`${base}/files?purpose=batch`, { headers })).json()) as {
    data: { id: string }[]
  }
  const contents = await Promise.all(
    data.map(async ({ id }) => (await fetch(`${base}/files/${id}/content`, { headers })).text()),
  )
  const lines = contents.flatMap((text) => text.trimEnd().split('\n'))
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

describe('files that go along', () => {
  test('a folder of 200 scans is 200 requests, each with the bytes of its file, answered into columns', async () => {
    const scans = Array.from({ length: 200 }, (_, index) => scan(index))
    folder('scans', Object.fromEntries(scans.map(([name, , bytes]) => [`${name.length % 2}/${name}`, bytes])))
    const schema = night.write(
      'invoice.json',
      '{"type":"object","properties":{"total":{"type":"number"},"paid":{"type":"boolean"}},"required":["total","paid"],"additionalProperties":false}',
    )
    const ask = ['--prompt', 'Read this invoice.', '--model', 'gpt-4o-mini', '--schema', schema]
    const ended = await night.redeye(['run', 'scans', '-o', 'out.jsonl', ...ask, '--yes', '--keep-remote', '--json'])
    expect(ended.stderr).not.toContain('bad line')
    expect(ended.code).toBe(0)
    expect(lastJson(ended).requests).toMatchObject({ total: 200, succeeded: 200 })

    const paths = readdirSync(night.path('scans'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.includes('.'))
      .map((path) => join('scans', path))
      .sort()
    const rows = night
      .read('out.jsonl')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows.map(({ path }) => path)).toEqual(paths)
    const byName = new Map(scans.map(([name, ...rest]) => [name, rest]))
    for (const row of rows) {
      expect(row).toMatchObject({ total: expect.any(Number), paid: expect.any(Boolean), _outcome: 'succeeded' })
      expect(row.bytes).toBe(byName.get(row.name)?.[1].length)
    }

    const received = await receivedParts()
    const expected = paths.map((path) => {
      const name = path.split('/').at(-1) as string
      const [type, bytes] = byName.get(name) as [string, Buffer]
      const url = dataUrl(type, bytes)
      return type === 'application/pdf'
        ? { type: 'file', file: { filename: name, file_data: url } }
        : { type: 'image_url', image_url: { url } }
    })
    expect(received.map(([attached]) => attached)).toEqual(expected)
    expect(received.every(([, asked]) => asked?.text === 'Read this invoice.')).toBe(true)
  })
})
