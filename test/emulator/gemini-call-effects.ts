import { expect } from 'vitest'
import { lines, startUpload, type Trial, type Wire } from './gemini-trial.ts'

export type Effects = Record<string, (on: Trial) => Promise<void>>

const listed = async (on: Trial) => (await on.json('/v1beta/batches')).operations ?? []
const lost = (on: Trial, input = 3) => expect(on.submit(lines(input))).rejects.toThrow('fetch failed')
const answered = async (on: Trial, status: number, name: string) => {
  const response = await on.create(await on.upload(lines(3)))
  expect(response.status).toBe(status)
  expect(((await response.json()) as Wire).error?.status).toBe(name)
}

async function storm(on: Trial, times: number, code: number, status: string): Promise<void> {
  for (let time = 0; time < times; time++) {
    expect((await on.json('/v1beta/batches')).error).toMatchObject({ code, status })
  }
  expect(await on.json('/v1beta/batches')).toEqual({})
}

async function pages(on: Trial, status: number): Promise<void> {
  for (let time = 0; time < 2; time++) {
    const response = await on.fetch('/v1beta/batches')
    expect(response.status).toBe(status)
    expect(await response.text()).toContain('<html>')
  }
  expect(await on.json('/v1beta/batches')).toEqual({})
}

/** What the scenarios of single calls do, seen from outside. */
export const callEffects: Effects = {
  'create-response-lost': async (on) => {
    await lost(on)
    expect(await listed(on)).toMatchObject([{ metadata: { displayName: 'trial' } }])
  },
  'create-hangs': async (on) => {
    const fileName = await on.upload(lines(3))
    const asked = on.fetch('/v1beta/models/gemini-3.5-flash:batchGenerateContent', {
      method: 'POST',
      body: JSON.stringify({ batch: { inputConfig: { fileName } } }),
      signal: AbortSignal.timeout(200),
    })
    await expect(asked).rejects.toThrow('timeout')
    expect(await listed(on)).toHaveLength(1)
  },
  'create-500-created': async (on) => {
    await answered(on, 500, 'INTERNAL')
    expect(await listed(on)).toHaveLength(1)
  },
  'create-500-refused': async (on) => {
    await answered(on, 500, 'INTERNAL')
    expect(await listed(on)).toHaveLength(0)
    await on.submit(lines(3))
  },
  'create-503-created': async (on) => {
    await answered(on, 503, 'UNAVAILABLE')
    expect(await listed(on)).toHaveLength(1)
  },
  'create-504-created': async (on) => {
    await answered(on, 504, 'DEADLINE_EXCEEDED')
    expect(await listed(on)).toHaveLength(1)
  },
  'create-garbage-created': async (on) => {
    const response = await on.create(await on.upload(lines(3)))
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('<html>')
    expect(await listed(on)).toHaveLength(1)
  },
  'create-reset': async (on) => {
    await lost(on)
    expect(await listed(on)).toHaveLength(0)
  },
  'create-lands-late': async (on) => {
    await lost(on)
    on.emulator.advance(80)
    expect(await listed(on)).toHaveLength(0)
    on.emulator.advance(11)
    expect(await listed(on)).toHaveLength(1)
    on.emulator.setScenario('create-lands-late')
    const fileName = await on.upload(lines(4))
    await expect(on.create(fileName)).rejects.toThrow('fetch failed')
    await on.fetch(`/v1beta/${fileName}`, { method: 'DELETE' })
    on.emulator.advance(91)
    expect(await listed(on)).toHaveLength(1)
  },
  'create-429': async (on) => {
    const fileName = await on.upload(lines(3))
    for (let time = 0; time < 2; time++) {
      const { error } = (await (await on.create(fileName)).json()) as Wire
      expect(error).toMatchObject({ code: 429, status: 'RESOURCE_EXHAUSTED' })
      expect(JSON.stringify(error?.details)).toContain('"retryDelay":"17s"')
    }
    expect((await on.create(fileName)).status).toBe(200)
  },
  'upload-race': async (on) => {
    const fileName = await on.upload(lines(3))
    expect((await on.create(fileName)).status).toBe(403)
    on.emulator.advance(3)
    expect((await on.create(fileName)).status).toBe(200)
  },
  'drop-upload': async (on) => {
    const bytes = Buffer.alloc(1 << 20, 'x')
    const { url } = await startUpload(on, bytes.length)
    const send = (offset: number) =>
      fetch(url, {
        method: 'POST',
        headers: { 'x-goog-upload-command': 'upload, finalize', 'x-goog-upload-offset': String(offset) },
        body: new Uint8Array(bytes.subarray(offset)),
      })
    await expect(send(0)).rejects.toThrow('fetch failed')
    const query = await fetch(url, { method: 'POST', headers: { 'x-goog-upload-command': 'query' } })
    const received = Number(query.headers.get('x-goog-upload-size-received'))
    expect(received).toBeGreaterThan(0)
    expect(received % 262_144).toBe(0)
    expect(received).toBeLessThan(bytes.length)
    const final = await send(received)
    expect(final.headers.get('x-goog-upload-status')).toBe('final')
    expect(((await final.json()) as { file: Wire }).file['sizeBytes']).toBe(String(bytes.length))
  },
  'drop-download': async (on) => {
    const { response } = await on.after(await on.submit(lines(200)))
    const first = await on.fetch(`/v1beta/${response?.responsesFile}:download?alt=media`)
    await expect(first.text()).rejects.toThrow()
    expect(await on.rows(response?.responsesFile)).toHaveLength(200)
  },
  'short-download': async (on) => {
    const { response } = await on.after(await on.submit(lines(200)))
    const first = await on.fetch(`/v1beta/${response?.responsesFile}:download?alt=media`)
    const text = await first.text()
    expect(Number(first.headers.get('content-length'))).toBe(Buffer.byteLength(text))
    expect(text.split('\n').length).toBeLessThan(150)
    expect(await on.rows(response?.responsesFile)).toHaveLength(200)
  },
  'content-502': async (on) => {
    const { response } = await on.after(await on.submit(lines(2)))
    for (let time = 0; time < 2; time++) {
      expect((await on.fetch(`/download/v1beta/${response?.responsesFile}:download?alt=media`)).status).toBe(502)
    }
    expect(await on.rows(response?.responsesFile)).toHaveLength(2)
  },
  'storm-429': (on) => storm(on, 5, 429, 'RESOURCE_EXHAUSTED'),
  'storm-500': (on) => storm(on, 5, 500, 'INTERNAL'),
  'storm-503': (on) => storm(on, 5, 503, 'UNAVAILABLE'),
  'html-200': (on) => pages(on, 200),
  'html-502': (on) => pages(on, 502),
  'garbage-json': async (on) => {
    const response = await on.fetch('/v1beta/batches')
    expect(response.headers.get('content-type')).toBe('application/json')
    await expect(response.json()).rejects.toThrow(SyntaxError)
  },
  resets: async (on) => {
    for (let time = 0; time < 3; time++) await expect(on.fetch('/v1beta/models')).rejects.toThrow('fetch failed')
    expect((await on.fetch('/v1beta/models')).status).toBe(200)
  },
  'slow-answers': async (on) => {
    const before = performance.now()
    await on.fetch('/v1beta/models')
    expect(performance.now() - before).toBeGreaterThan(290)
  },
  'wrong-key': async (on) => {
    const { error } = await on.json('/v1beta/files')
    expect(error).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT' })
    expect(JSON.stringify(error?.details)).toContain('API_KEY_INVALID')
  },
  'billing-disabled': async (on) => {
    const { error } = (await (await on.create('files/any')).json()) as Wire
    expect(error).toMatchObject({ code: 400, status: 'FAILED_PRECONDITION' })
    expect((await on.json('/v1beta/files')).error).toBeUndefined()
  },
  forbidden: async (on) => {
    expect((await on.json('/v1beta/files')).error).toMatchObject({ code: 403, status: 'PERMISSION_DENIED' })
  },
}
