import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { embedLines, flash, line, lines, rowsOf, startUpload, textOf, trial, type Wire } from './gemini-trial.ts'

const ask = (text: string, more: object = {}) => ({ contents: [{ role: 'user', parts: [{ text }] }], ...more })

describe('an upload', () => {
  const part = (url: string, bytes: Buffer, offset: number, command: string) =>
    fetch(url, {
      method: 'POST',
      headers: { 'x-goog-upload-command': command, 'x-goog-upload-offset': String(offset) },
      body: new Uint8Array(bytes),
    })
  const big = Buffer.alloc((8 << 20) + 5, 'y')

  test('takes parts at their offsets, again if need be, and the last one last', async () => {
    const on = await trial()
    const { url, response } = await startUpload(on, big.length)
    expect(response.headers.get('x-goog-upload-status')).toBe('active')
    const head = big.subarray(0, 8 << 20)
    for (let time = 0; time < 2; time++) {
      expect((await part(url, head, 0, 'upload')).headers.get('x-goog-upload-status')).toBe('active')
    }
    const query = await fetch(url, { method: 'POST', headers: { 'x-goog-upload-command': 'query' } })
    expect(query.headers.get('x-goog-upload-size-received')).toBe(String(8 << 20))
    const names: unknown[] = []
    for (let time = 0; time < 2; time++) {
      const last = await part(url, big.subarray(8 << 20), 8 << 20, 'upload, finalize')
      expect(last.headers.get('x-goog-upload-status')).toBe('final')
      names.push(((await last.json()) as { file: Wire }).file.name)
    }
    expect(new Set(names).size).toBe(1)
    expect((await on.json('/v1beta/files')).files).toHaveLength(1)
    expect((await on.json(`/v1beta/${String(names[0])}`))['sizeBytes']).toBe(String(big.length))
  })

  test('refuses a gap, a crooked part, an early end and a part after a cancel', async () => {
    const on = await trial()
    const { url } = await startUpload(on, big.length)
    expect((await part(url, big.subarray(0, 5), 100, 'upload, finalize')).status).toBe(400)
    expect((await part(url, big.subarray(0, 1000), 0, 'upload')).status).toBe(400)
    expect((await part(url, big.subarray(0, 1000), 0, 'upload, finalize')).status).toBe(400)
    await fetch(url, { method: 'POST', headers: { 'x-goog-upload-command': 'cancel' } })
    expect((await part(url, big, 0, 'upload, finalize')).status).toBe(400)
    expect(await on.json('/v1beta/files')).toEqual({})
  })

  test('of more than 2 GB is refused when it is announced', async () => {
    const on = await trial()
    expect((await startUpload(on, 2_000_000_001)).response.status).toBe(400)
    expect((await startUpload(on, 2_000_000_000)).response.status).toBe(200)
  })

  test('never comes back by download, and is gone after 48 hours', async () => {
    const on = await trial()
    const name = await on.upload(lines(2))
    expect((await on.fetch(`/v1beta/${name}:download?alt=media`)).status).toBe(400)
    on.emulator.advance(48 * 3600 + 1)
    expect((await on.fetch(`/v1beta/${name}`)).status).toBe(403)
    expect(await on.json('/v1beta/files')).toEqual({})
  })
})

describe('the door', () => {
  test('takes a key from the header or the query, and none is an error', async () => {
    const on = await trial()
    const base = on.emulator.baseUrls.gemini
    expect((await fetch(`${base}/v1beta/files?key=AIza-x`)).status).toBe(200)
    expect((await fetch(`${base}/v1beta/files`)).status).toBe(403)
    expect((await fetch(`${base}/v1beta/files?key=AIza-wrong`)).status).toBe(400)
    expect((await on.fetch('/v1beta/nonsense')).status).toBe(404)
  })

  test('keeps the files and batches of one project from another', async () => {
    const on = await trial()
    const fileName = await on.upload(lines(2))
    const name = await on.submit(lines(2))
    const other = { headers: { 'x-goog-user-project': 'other' } }
    expect((await on.fetch(`/v1beta/${fileName}`, other)).status).toBe(403)
    expect((await on.fetch(`/v1beta/${name}`, other)).status).toBe(404)
    expect(await on.json('/v1beta/batches', other)).toEqual({})
  })

  test('does not see a create whose last byte is withheld', async () => {
    const on = await trial({ idleBodyTimeoutMs: 150, scenario: 'create-500-refused:times=1' })
    const body = JSON.stringify({ batch: { inputConfig: { fileName: await on.upload(lines(2)) } } })
    const { host, port, pathname } = new URL(on.emulator.baseUrls.gemini)
    const socket = connect(Number(port), '127.0.0.1')
    const head = `POST ${pathname}/v1beta/models/${flash}:batchGenerateContent HTTP/1.1\r\nhost: ${host}\r\nx-goog-api-key: k\r\ncontent-length: ${body.length}\r\n\r\n`
    socket.write(head + body.slice(0, -1))
    await new Promise((resolve) =>
      socket
        .on('close', resolve)
        .on('error', () => undefined)
        .resume(),
    )
    expect(await on.json('/v1beta/batches')).toEqual({})
    // Nor does it use up a fault.
    expect((await on.create(await on.upload(lines(2)))).status).toBe(500)
  })
})

describe('a create', () => {
  test('names what is wrong with it', async () => {
    const on = await trial()
    const fileName = await on.upload(lines(1))
    const refusals: [unknown, string][] = [
      [{ batch: {} }, 'input_config is required'],
      [{ batch: { inputConfig: {} } }, 'exactly one of file_name and requests'],
      [{ batch: { inputConfig: { requests: { fileName } } } }, `Unknown name "fileName"`],
      [{ batch: { inputConfig: { requests: { requests: [{ request: {}, bogus: 1 }] } } } }, `Unknown name "bogus"`],
      ['text', 'Expected an object'],
    ]
    for (const [body, message] of refusals) {
      const response = await on.post(`/v1beta/models/${flash}:batchGenerateContent`, body)
      expect(response.status).toBe(400)
      expect(((await response.json()) as Wire).error?.message).toContain(message)
    }
    expect((await on.create(fileName, {}, 'gemini-embedding-001')).status).toBe(200)
    const wrongMethod = await on.post(`/v1beta/models/gemini-embedding-001:batchGenerateContent`, {
      batch: { inputConfig: { fileName } },
    })
    expect(wrongMethod.status).toBe(404)
  })

  test('of 20 MB inline is refused, of a little less is taken', async () => {
    const on = await trial({ scenario: 'in-order' })
    const create = (bytes: number) =>
      on.post(`/v1beta/models/${flash}:batchGenerateContent`, {
        batch: { inputConfig: { requests: { requests: [{ request: ask('x'.repeat(bytes)) }] } } },
      })
    expect((await create(20_000_000)).status).toBe(400)
    expect((await create(19_000_000)).status).toBe(200)
  })

  test('is refused without its file, and a file that goes before the start lets the batch fail unrun', async () => {
    const on = await trial({ latency: { validatingSeconds: 60 } })
    const gone = await on.upload(lines(2))
    await on.fetch(`/v1beta/${gone}`, { method: 'DELETE' })
    expect((await on.create(gone)).status).toBe(403)
    expect((await on.create('files/never')).status).toBe(404)
    const fileName = await on.upload(lines(2))
    const created = (await (await on.create(fileName)).json()) as Wire
    await on.fetch(`/v1beta/${fileName}`, { method: 'DELETE' })
    expect(await on.after(created.name ?? '')).toMatchObject({
      error: { code: 5 },
      metadata: { state: 'BATCH_STATE_FAILED' },
    })
    expect((await on.emulator.log()).purchases).toMatchObject([{ executed: 0, billed: 0 }])
  })

  test('among many at once is let in only while there is room', async () => {
    const on = await trial({ scenario: ['enqueued-token-limit:400', 'slow:times=always'] })
    const fileName = await on.upload(lines(60))
    const statuses = await Promise.all([1, 2, 3].map(async () => (await on.create(fileName)).status))
    expect(statuses.toSorted()).toEqual([200, 429, 429])
    expect((await on.json('/v1beta/batches')).operations).toHaveLength(1)
  })

  test('sent twice makes two batches', async () => {
    const on = await trial()
    await on.submit(lines(3))
    const again = lines(3).map((each) => ({ ...each, key: `again-${each.key}` }))
    const fileName = await on.upload(again.toReversed())
    await on.create(fileName)
    on.emulator.advance(7200)
    const tally = await on.emulator.tally()
    expect(tally).toMatchObject({ submissions: 2, executions: 6, bodies: 3 })
    expect(tally.repeated).toHaveLength(3)
  })
})

describe('a batch', () => {
  test('fails as a whole on a line that is not JSON, and names it in the raw operation', async () => {
    const on = await trial()
    const fileName = await on.upload(`${JSON.stringify(line('a'))}\nnot json\n`)
    const created = (await (await on.create(fileName)).json()) as Wire
    expect((await on.after(created.name ?? '')).error).toEqual({
      code: 3,
      message: 'Failed to parse the input file: line 2 is not a valid JSON object.',
    })
    expect((await on.emulator.bill()).entries).toEqual([])
  })

  test('fails line by line where the requests are wrong', async () => {
    const on = await trial()
    const { rows, operation } = await on.flown([
      line('no-contents', { contents: [] }),
      line('strange', { bogus: 1 }),
      line('labels', { labels: { a: 'b' } }),
      line('role', { contents: [{ role: 'assistant', parts: [{ text: 'x' }] }] }),
      line('both', {
        generationConfig: { responseMimeType: 'application/json', responseSchema: {}, responseJsonSchema: {} },
      }),
      line('file', { contents: [{ parts: [{ fileData: { fileUri: 'files/none' } }] }] }),
      { key: 'no-request' },
      line('good'),
    ])
    const codes = Object.fromEntries(rows.map((row) => [row.key, row.error?.code]))
    expect(codes).toEqual({
      'no-contents': 3,
      strange: 3,
      labels: 3,
      role: 3,
      both: 3,
      file: 7,
      'no-request': 3,
      good: undefined,
    })
    expect(operation.metadata.batchStats).toMatchObject({ failedRequestCount: '7', successfulRequestCount: '1' })
  })

  test('is out of sight once deleted, and only what had run is billed', async () => {
    const on = await trial({ scenario: 'slow' })
    const name = await on.submit(lines(100))
    on.emulator.advance(6 * 3600)
    await on.fetch(`/v1beta/${name}`, { method: 'DELETE' })
    expect((await on.fetch(`/v1beta/${name}`)).status).toBe(404)
    on.emulator.advance(86_400)
    const [purchase] = (await on.emulator.log()).purchases
    expect(purchase).toMatchObject({ state: 'deleted' })
    expect(purchase?.billed).toBeGreaterThan(40)
    expect(purchase?.billed).toBeLessThan(60)
    expect((await on.emulator.tally()).executions).toBe(purchase?.billed)
  })

  test('gives the same answers to the same seed, and others to another', async () => {
    const texts = async (seed: number) => {
      const { rows } = await (await trial({ seed })).flown(lines(10))
      return rows.map((row) => [row.key, textOf(row)])
    }
    expect(await texts(1)).toEqual(await texts(1))
    expect(await texts(1)).not.toEqual(await texts(2))
  })

  test('bills exactly what its rows say was used', async () => {
    const on = await trial()
    const { rows } = await on.flown(lines(50))
    const sum = (name: string) => rows.reduce((total, row) => total + (row.response?.usageMetadata?.[name] ?? 0), 0)
    const output = sum('candidatesTokenCount') + sum('thoughtsTokenCount')
    expect(sum('totalTokenCount')).toBe(sum('promptTokenCount') + output)
    const { entries, vendors } = await on.emulator.bill()
    expect(
      entries.map(({ vendor, kind, tier, tokens, unitPicoUsd }) => ({ vendor, kind, tier, tokens, unitPicoUsd })),
    ).toEqual([
      {
        vendor: 'gemini',
        kind: 'input',
        tier: 'batch',
        tokens: String(sum('promptTokenCount')),
        unitPicoUsd: '750000',
      },
      { vendor: 'gemini', kind: 'output', tier: 'batch', tokens: String(output), unitPicoUsd: '4500000' },
    ])
    expect(vendors['gemini']?.usd).toBe((await on.emulator.bill()).usd)
  })

  test('reads a long shared beginning from the cache, at the standard price of a hit', async () => {
    const on = await trial()
    const shared = 'Shared words. '.repeat(2000)
    const { rows } = await on.flown(
      Array.from({ length: 5 }, (_, index) => line(`c${index}`, ask(`${shared}Number ${index}`))),
    )
    const cached = rows.map((row) => row.response?.usageMetadata?.['cachedContentTokenCount'] ?? 0)
    expect(cached.filter((tokens) => tokens > 6500)).toHaveLength(4)
    const { entries } = await on.emulator.bill()
    const prompt = rows.reduce((sum, row) => sum + (row.response?.usageMetadata?.['promptTokenCount'] ?? 0), 0)
    const fresh = entries.find(({ kind }) => kind === 'input')
    expect(fresh?.tokens).toBe(String(prompt - cached.reduce((a, b) => a + b, 0)))
    const hit = entries.find(({ kind }) => kind === 'cachedInput')
    expect(hit).toMatchObject({ tokens: String(cached.reduce((a, b) => a + b, 0)), unitPicoUsd: '150000' })
  })

  test('of a Pro model bills long prompts as a whole at their own price', async () => {
    const on = await trial()
    await on.flown([line('a', ask('x'.repeat(900_000))), line('b')], {}, 'gemini-2.5-pro')
    const prices = (await on.emulator.bill()).entries.map(({ kind, unitPicoUsd }) => `${kind} ${unitPicoUsd}`)
    expect(prices.toSorted()).toEqual(['input 1250000', 'input 625000', 'output 5000000', 'output 7500000'])
  })

  test('of embeddings is billed by its input alone', async () => {
    const on = await trial()
    const { rows } = await on.flown(embedLines(4), {}, 'gemini-embedding-001')
    const tokens = rows.reduce((sum, row) => sum + (row.response?.usageMetadata?.['promptTokenCount'] ?? 0), 0)
    expect((await on.emulator.bill()).entries).toMatchObject([{ kind: 'input', tokens: String(tokens) }])
    const [first] = rows[0]?.response?.embedding?.values ?? []
    expect(Math.hypot(...(rows[0]?.response?.embedding?.values ?? []))).toBeCloseTo(1, 6)
    expect(first).toBeTypeOf('number')
  })
})

test('a partial get shows only what is asked for', async () => {
  const on = await trial()
  const name = await on.submit(lines(2))
  on.emulator.advance(7200)
  expect(await on.json(`/v1beta/${name}?fields=done,metadata/state`)).toEqual({
    done: true,
    metadata: { state: 'BATCH_STATE_SUCCEEDED' },
  })
  expect(await on.json('/v1beta/batches?fields=operations(name,metadata(state))')).toEqual({
    operations: [{ name, metadata: { state: 'BATCH_STATE_SUCCEEDED' } }],
  })
})

test('results are gone 48 hours after the end', async () => {
  const on = await trial()
  const { operation } = await on.flown(lines(2))
  const path = `/v1beta/${operation.response?.responsesFile}:download?alt=media`
  expect(rowsOf(await (await on.fetch(path)).text())).toHaveLength(2)
  on.emulator.advance(48 * 3600)
  expect((await on.fetch(path)).status).toBe(403)
})
