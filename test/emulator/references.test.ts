import { toFile as anthropicFile } from '@anthropic-ai/sdk'
import { toFile } from 'openai'
import { describe, expect, test } from 'vitest'
import { pdf, png } from '../media-files.ts'
import { trial as anthropicTrial, ask } from './anthropic-trial.ts'
import { trial as geminiTrial } from './gemini-trial.ts'
import { trial as openaiTrial } from './trial.ts'
import { trial as vertexTrial } from './vertex-trial.ts'

const text = { type: 'text', text: 'What is it?' } as const
const inUser = (content: unknown) => ({ messages: [{ role: 'user', content }] })

describe('Anthropic keeps files that requests name', () => {
  const uploaded = async (on: Awaited<ReturnType<typeof anthropicTrial>>, name: string, type: string, bytes: Buffer) =>
    on.client.files.upload({ file: await anthropicFile(bytes, name, { type }) })

  test('for the official client: upload, look, list by pages, delete', async () => {
    const on = await anthropicTrial()
    const first = await uploaded(on, 'a.pdf', 'application/pdf', pdf(2))
    expect(first).toMatchObject({ type: 'file', filename: 'a.pdf', mime_type: 'application/pdf', downloadable: false })
    expect(first.size_bytes).toBe(pdf(2).length)
    const second = await uploaded(on, 'b.png', 'image/png', png(3, 3))
    expect(await on.client.files.retrieveMetadata(first.id)).toMatchObject({ id: first.id, filename: 'a.pdf' })
    const listed = await Array.fromAsync(on.client.files.list({ limit: 1 }))
    expect(listed.map(({ id }) => id)).toEqual([second.id, first.id])
    await expect(on.client.files.download(first.id)).rejects.toMatchObject({ status: 400 })
    expect(await on.client.files.delete(first.id)).toEqual({ id: first.id, type: 'file_deleted' })
    await expect(on.client.files.delete(first.id)).rejects.toMatchObject({ status: 404 })
    expect((await Array.fromAsync(on.client.files.list())).map(({ id }) => id)).toEqual([second.id])
  })

  test('until they expire, where that was asked', async () => {
    const on = await anthropicTrial()
    const file = await on.client.files.upload({
      file: await anthropicFile(png(1, 1), 'a.png'),
      expires_in_seconds: 3600,
    })
    expect(Date.parse(file.expires_at ?? '') - Date.parse(file.created_at)).toBe(3_600_000)
    on.emulator.advance(3601)
    await expect(on.client.files.retrieveMetadata(file.id)).rejects.toMatchObject({ status: 404 })
  })

  test('and counts them as what stands in the request itself', async () => {
    const on = await anthropicTrial()
    const [document, image] = [pdf(3), png(600, 400)]
    const kept = await uploaded(on, 'a.pdf', 'application/pdf', document)
    const seen = await uploaded(on, 'a.png', 'image/png', image)
    const inline = (type: string, bytes: Buffer) => ({
      type: 'base64',
      media_type: type,
      data: bytes.toString('base64'),
    })
    const named = (id: string) => ({ type: 'file', file_id: id })
    const count = async (blocks: readonly object[]) =>
      (await on.client.messages.countTokens({ model: 'claude-haiku-4-5', ...inUser([...blocks, text]) } as never))
        .input_tokens
    expect(await count([{ type: 'document', source: named(kept.id) }])).toBe(
      await count([{ type: 'document', source: inline('application/pdf', document) }]),
    )
    expect(await count([{ type: 'image', source: named(seen.id) }])).toBe(
      await count([{ type: 'image', source: inline('image/png', image) }]),
    )
  })

  test('and fails a request of a batch that names one it does not have, or that is no such file', async () => {
    const on = await anthropicTrial()
    const image = await uploaded(on, 'a.png', 'image/png', png(2, 2))
    const source = (id: string) => ({ type: 'file', file_id: id })
    const batch = await on.submit([
      ask('known', inUser([{ type: 'image', source: source(image.id) }, text])),
      ask('unknown', inUser([{ type: 'image', source: source('file_never') }, text])),
      ask('other', inUser([{ type: 'document', source: source(image.id) }, text])),
    ])
    await on.ended(batch.id)
    const rows = await on.rows(batch.id)
    const errorOf = (id: string) => rows.find(({ custom_id }) => custom_id === id)?.result?.error?.error
    expect(errorOf('known')).toBeUndefined()
    expect(errorOf('unknown')).toMatchObject({ type: 'not_found_error', message: 'File not found: file_never' })
    expect(errorOf('other')).toMatchObject({ type: 'invalid_request_error' })
  })
})

test('OpenAI answers for files and images by their id, and fails a row that names one it does not have', async () => {
  const on = await openaiTrial()
  const { id } = await on.client.files.create({ file: await toFile(pdf(1), 'a.pdf'), purpose: 'user_data' })
  const line = (custom_id: string, url: string, body: object) => ({
    custom_id,
    method: 'POST',
    url,
    body: { model: 'gpt-5.4-mini', ...body },
  })
  const statuses = async (endpoint: '/v1/chat/completions' | '/v1/responses', lines: readonly object[]) => {
    const { id: batch } = await on.submit(lines, endpoint)
    const { output_file_id, error_file_id } = await on.ended(batch)
    const rows = [...(await on.rows(output_file_id)), ...(await on.rows(error_file_id))]
    return Object.fromEntries(rows.map(({ custom_id, response }) => [custom_id, response?.status_code]))
  }
  const chat = (name: string, part: object) => line(name, '/v1/chat/completions', inUser([part, text]))
  expect(
    await statuses('/v1/chat/completions', [
      chat('known', { type: 'file', file: { file_id: id } }),
      chat('unknown', { type: 'file', file: { file_id: 'file-never' } }),
      chat('no-address', { type: 'image_url', image_url: { url: id } }),
    ]),
  ).toEqual({ known: 200, unknown: 400, 'no-address': 400 })
  const input = (name: string, part: object) =>
    line(name, '/v1/responses', { input: [{ role: 'user', content: [part] }] })
  expect(
    await statuses('/v1/responses', [
      input('known', { type: 'input_file', file_id: id }),
      input('image', { type: 'input_image', file_id: id }),
      input('unknown', { type: 'input_image', file_id: 'file-never' }),
    ]),
  ).toEqual({ known: 200, image: 200, unknown: 400 })
})

const contents = (fileUri: string) => ({
  contents: [{ role: 'user', parts: [{ fileData: { mimeType: 'image/png', fileUri } }, { text: 'What is it?' }] }],
})

test('Gemini fails a row that names what is no address at all', async () => {
  const on = await geminiTrial()
  const { rows } = await on.flown([{ key: 'a', request: contents('not-an-address') }])
  expect(rows[0]).toMatchObject({ key: 'a', error: { code: 3 } })
})

test('Vertex fails a row that names an object its bucket does not have', async () => {
  const on = await vertexTrial()
  const known = await on.put('not a picture', 'pictures/a.png')
  const { rows } = await on.flown([
    { request: contents(known) },
    { request: contents(known.replace('a.png', 'b.png')) },
    { request: contents('gs://somebody-elses/c.png') },
  ])
  expect(rows.map(({ status }) => status.slice(0, 9)).sort()).toEqual(['', '', 'Not Found'])
})
