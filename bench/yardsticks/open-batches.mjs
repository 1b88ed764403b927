// open-batches.mjs <port> <count> <share> — a far end with so many open batches and nothing else: OpenAI's list (newest
// first, 100 a page) and poll. Each batch has 1,000 requests; in a minute, the counts of <share> of them move on.
import http from 'node:http'

const [, , port, count, share] = process.argv
const began = Date.now()
const asked = { lists: 0, polls: 0, others: 0 }
const createdAt = Math.floor(began / 1000)
const period = 60_000 / Number(share)

const batch = (at) => {
  const completed = Math.min(1000, Math.floor((Date.now() - began + (at * 7919 * 97) % period) / period))
  return {
    id: `batch_${String(at).padStart(6, '0')}aaaaaaaaaaaaaaaaaaaaaaaaaa`, object: 'batch', endpoint: '/v1/chat/completions', model: 'gpt-5.4-mini',
    errors: null, input_file_id: `file-${at}`, completion_window: '24h', status: 'in_progress', output_file_id: null, error_file_id: null,
    created_at: createdAt, in_progress_at: createdAt + 60, expires_at: createdAt + 86_400, finalizing_at: null, completed_at: null,
    failed_at: null, expired_at: null, cancelling_at: null, cancelled_at: null, request_counts: { total: 1000, completed, failed: 0 },
    usage: null, metadata: { redeye: `key${at}` },
  }
}
const indexOf = (id) => Number(id.slice(6, 12))

http
  .createServer((request, response) => {
    const url = new URL(request.url, 'http://far')
    const [, id] = /^\/v1\/batches\/([^/]+)$/.exec(url.pathname) ?? []
    let answer = {}
    if (url.pathname === '/stats') answer = asked
    else if (request.method === 'GET' && url.pathname === '/v1/batches') {
      asked.lists++
      const after = url.searchParams.get('after')
      const first = after === null ? Number(count) - 1 : indexOf(after) - 1
      const data = Array.from({ length: Math.min(Number(url.searchParams.get('limit') ?? 20), first + 1) }, (_, at) => batch(first - at))
      answer = { object: 'list', data, first_id: data[0]?.id, last_id: data.at(-1)?.id, has_more: first - data.length >= 0 }
    } else if (request.method === 'GET' && id !== undefined) {
      asked.polls++
      answer = batch(indexOf(id))
    } else asked.others++
    const body = JSON.stringify(answer)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    response.end(body)
  })
  .listen(Number(port), '127.0.0.1')
