// far-ends.mjs <anthropic|gemini> <port> <dir> — tiny batch APIs of Anthropic and Gemini, in the manner of mock.mjs: every batch has ended
// when it is made, and its results (blocks of 1000 reversed) are written while the rows stream in.
import { closeSync, createReadStream, mkdirSync, openSync, statSync, writeSync } from 'node:fs'
import http from 'node:http'

const [, , vendor, portS, dir] = process.argv
mkdirSync(dir, { recursive: true })
let seq = 0
const json = (r, o, s = 200, headers = {}) => {
  const b = JSON.stringify(o)
  r.writeHead(s, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(b), ...headers })
  r.end(b)
}
const text = 'The answer is category seven because the description mentions a wooden chair and a paper lamp near the window.'
const rows = {
  anthropic: { key: Buffer.from('{"custom_id":"'), head: '{"custom_id":"', tail: `","result":{"type":"succeeded","message":{"id":"msg_mock","type":"message","role":"assistant","model":"claude-haiku-4-5","content":[{"type":"text","text":"${text}"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":210,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":23,"service_tier":"batch"}}}}\n` },
  gemini: { key: Buffer.from('{"key":"'), head: '{"key":"', tail: `","response":{"candidates":[{"content":{"parts":[{"text":"${text}"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":210,"candidatesTokenCount":23,"totalTokenCount":233},"modelVersion":"gemini-3.5-flash"}}\n` },
}[vendor]

/** Finds every row in a stream of bytes. Its opening cannot occur inside a row: quotes are escaped there. */
class Sink {
  constructor(id) { this.path = `${dir}/${id}`; this.out = openSync(this.path, 'w'); this.n = 0; this.block = []; this.rest = Buffer.alloc(0) }
  push(chunk) {
    const b = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk
    let at = 0
    for (;;) {
      const start = b.indexOf(rows.key, at)
      const from = start + rows.key.length
      const end = start < 0 ? -1 : b.indexOf(34, from)
      if (end < 0) { this.rest = Buffer.from(b.subarray(start < 0 ? Math.max(at, b.length - rows.key.length) : start)); return }
      this.block.push(`${rows.head}${b.latin1Slice(from, end)}${rows.tail}`)
      if (++this.n % 1000 === 0) this.flush()
      at = end
    }
  }
  flush() { if (this.block.length > 0) writeSync(this.out, this.block.reverse().join('')); this.block = [] }
  end() { this.flush(); closeSync(this.out); return { n: this.n, path: this.path, bytes: statSync(this.path).size } }
}
const received = (q, id, done) => { const sink = new Sink(id); q.on('data', (c) => sink.push(c)); q.on('end', () => done(sink.end())) }
const sent = (r, { path, bytes }) => { r.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes }); createReadStream(path, { highWaterMark: 1 << 20 }).pipe(r) }
const held = new Map()

function anthropic(q, r, u) {
  const view = (id, { n }) => ({ id, type: 'message_batch', processing_status: 'ended', request_counts: { processing: 0, succeeded: n, errored: 0, canceled: 0, expired: 0 }, created_at: new Date().toISOString(), ended_at: new Date().toISOString(), expires_at: new Date(Date.now() + 864e5).toISOString(), archived_at: null, cancel_initiated_at: null, results_url: `http://${q.headers.host}/v1/messages/batches/${id}/results` })
  const [, id, results] = /^\/v1\/messages\/batches\/(\w+)(\/results)?$/.exec(u) ?? []
  if (q.method === 'POST') { const own = `msgbatch_${++seq}`; return received(q, own, (file) => { held.set(own, file); json(r, view(own, file)) }) }
  if (id === undefined) return json(r, { data: [], has_more: false, first_id: null, last_id: null })
  return results === undefined ? json(r, view(id, held.get(id))) : sent(r, held.get(id))
}

function gemini(q, r, u) {
  const file = (id, f) => ({ name: `files/${id}`, sizeBytes: String(f?.received ?? 0), state: 'ACTIVE', mimeType: 'application/jsonl' })
  const [, kind, id] = /^\/(?:download\/)?v1beta\/(files|batches)\/([\w-]+)/.exec(u) ?? []
  if (u === '/upload/v1beta/files' && q.headers['x-goog-upload-command'] === 'start') { q.resume(); return json(r, {}, 200, { 'x-goog-upload-url': `http://${q.headers.host}/upload/v1beta/files?upload_id=f${++seq}`, 'x-goog-upload-status': 'active' }) }
  if (u === '/upload/v1beta/files') {
    const own = new URL(q.url, 'http://x').searchParams.get('upload_id')
    let bytes = 0
    q.on('data', (c) => { bytes += c.length })
    return received(q, own, (f) => { held.set(own, { ...f, received: bytes }); json(r, { file: file(own, held.get(own)) }, 200, { 'x-goog-upload-status': 'final' }) })
  }
  const operation = (name, f) => { const output = { responsesFile: `files/${f.id}` }; return { name: `batches/${name}`, metadata: { '@type': 'type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch', name: `batches/${name}`, model: 'models/gemini-3.5-flash', displayName: f.displayName, inputConfig: { fileName: `files/${f.id}` }, createTime: new Date().toISOString(), endTime: new Date().toISOString(), batchStats: { requestCount: String(f.n), successfulRequestCount: String(f.n) }, state: 'BATCH_STATE_SUCCEEDED', output }, done: true, response: { '@type': 'type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatchOutput', ...output } } }
  if (q.method === 'POST') { const p = []; q.on('data', (c) => p.push(c)); q.on('end', () => { const { batch } = JSON.parse(Buffer.concat(p).toString()); const source = batch.inputConfig.fileName.slice(6); const own = `b${++seq}`; held.set(own, { ...held.get(source), id: source, displayName: batch.displayName }); json(r, operation(own, held.get(own))) }); return }
  if (q.method === 'DELETE') return json(r, {})
  if (kind === 'batches') return json(r, operation(id, held.get(id)))
  if (kind === 'files') return u.includes(':download') ? sent(r, held.get(id)) : json(r, file(id, held.get(id)))
  return json(r, { operations: [] })
}

http.createServer((q, r) => {
  const u = q.url.split('?')[0]
  if (u === '/stats') return json(r, {})
  return (vendor === 'anthropic' ? anthropic : gemini)(q, r, u)
}).listen({ port: +portS, host: '127.0.0.1', backlog: 1024 })
