import { readFile } from 'node:fs/promises'
import type { Json } from '../json.ts'
import type { WireError } from '../wire.ts'
import { cancelBatch, getBatch, type Look, listedBatches, lookAt, pageLimit } from './batches.ts'
import { type BatchRecord, type Desk, type FileRecord, fileOf } from './desk.ts'
import { deleteFile, existingFile, ownFiles } from './files.ts'
import type { Dress, ErrorRow } from './likeness.ts'
import { createRoute, id, json, purchase, upload } from './routes.ts'
import type { Scope } from './scope.ts'

/**
 * xAI's batches: a name and no metadata, numbers and no state, results in pages of the batch and no result files. The
 * numbers are those of requests read so far, and reading goes no faster than running: there are moments at which nothing
 * is pending and most is yet to come.
 */
function batchView(batch: BatchRecord, { moment, totals }: Look): Json {
  const lines = batch.scan?.lines ?? 0
  const failed = moment.status === 'failed'
  const read = failed || moment.status === 'validating' ? 0 : moment.terminal ? lines : moment.executed
  const [success, error] = failed ? [0, 0] : [totals?.succeeded ?? 0, totals?.failed ?? 0]
  const cancelledAt = moment.cancellingAt ?? moment.failedAt
  const [failure] = batch.course.failure ?? []
  return {
    batch_id: batch.id,
    name: batch.metadata?.['name'] ?? '',
    create_time: dayOf(batch.course.createdAt),
    expire_time: dayOf(batch.course.createdAt + 30 * 86_400_000),
    create_api_key_id: 'key_emulated',
    cancel_time: cancelledAt === null ? null : new Date(cancelledAt).toISOString(),
    cancel_by_xai_message: failed ? (failure?.message ?? '') : null,
    input_file_id: batch.inputFileId,
    state: {
      num_requests: read,
      num_pending: moment.status === 'cancelling' ? Math.max(1, lines - moment.executed) : 0,
      num_success: success,
      num_error: error,
      num_cancelled: moment.status === 'cancelled' ? lines - moment.executed : 0,
    },
  }
}

/** Over REST a time is a day. */
const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

const fileView = (file: FileRecord): Json => ({
  id: file.id,
  object: 'file',
  bytes: file.bytes,
  created_at: Math.floor(file.createdAt / 1000),
  expires_at: null,
  filename: file.filename,
  purpose: '',
})

/** A token is where to go on. */
function pageOf<Item>(items: readonly Item[], query: URLSearchParams): { data: readonly Item[]; token: string | null } {
  const limit = pageLimit(query, 100, 1000)
  const from = Number(query.get('pagination_token') ?? 0)
  const end = from + limit
  return { data: items.slice(from, end), token: end < items.length ? String(end) : null }
}

async function batches(desk: Desk, scope: string, query: URLSearchParams): Promise<Json> {
  const { data, token } = pageOf(listedBatches(desk, scope), query)
  const shown: Json[] = []
  for (const batch of data) shown.push(batchView(batch, await lookAt(desk, batch)))
  return { batches: shown, pagination_token: token }
}

/** The rows of the files that an OpenAI would have made, as results. */
async function results(desk: Desk, scope: Scope, batchId: string, query: URLSearchParams): Promise<Json> {
  const { view } = await getBatch(desk, scope, batchId)
  const rows: Json[] = []
  for (const name of ['output_file_id', 'error_file_id']) {
    const file = fileOf(desk, scope.key, String(view[name] ?? ''))
    if (file === undefined) continue
    const text = (await readFile(file.path)).subarray(0, file.bytes).toString('utf8')
    for (const line of text.split('\n')) if (line !== '') rows.push(resultOf(JSON.parse(line) as ErrorRow))
  }
  const { data, token } = pageOf(rows, query)
  return { results: data, pagination_token: token }
}

function resultOf({ custom_id, response, error }: ErrorRow): Json {
  const said = (code: number, message: string): Json => ({
    batch_request_id: custom_id,
    batch_result: { error: { code, message } },
    error_message: message,
  })
  if (error?.code === 'batch_cancelled') return said(1, 'Cancelled.')
  if (error !== null) return said(13, error.message)
  const status = response?.status_code ?? 0
  if (status !== 200) {
    const { message } = (response?.body as { error?: { message?: string } } | null)?.error ?? {}
    return said(status === 429 ? 8 : status >= 400 && status < 500 ? 3 : 14, message ?? '')
  }
  const answer = { response: { chat_get_completion: response?.body }, error: { code: 0, message: '' } }
  return { batch_request_id: custom_id, batch_result: answer }
}

export const xai: Dress = {
  purpose: 'batch',
  routes: (desk) => {
    const route = createRoute
    const shown = (batchId: string, look: Look) => json(batchView(desk.batches.get(batchId) as BatchRecord, look))
    return [
      route('POST', '/files', 'upload', async (call) => json(fileView(await upload(desk, call)))),
      route('GET', '/files', 'files', ({ scope, exchange }) => {
        const { data, token } = pageOf(ownFiles(desk, scope.key).filter(isInput), exchange.query)
        return json({ data: data.map(fileView), pagination_token: token })
      }),
      route('GET', '/files/:id', 'file', (call) => json(fileView(existingFile(desk, call.scope, id(call))))),
      route('GET', '/files/:id/content', 'content', (call) => ({ file: existingFile(desk, call.scope, id(call)) })),
      route('DELETE', '/files/:id', 'delete', (call) => {
        const { id: deleted } = deleteFile(desk, call.scope, id(call))
        return json({ id: deleted, deleted: true })
      }),
      route('POST', '/batches', 'create', async (call) => {
        const { id: created } = await purchase(desk, call.scope, call.body)
        const batch = desk.batches.get(String(created)) as BatchRecord
        return json({ ...batchView(batch, { ...(await lookAt(desk, batch)), totals: null }), state: nothingRead })
      }),
      route('GET', '/batches', 'list', async ({ scope, exchange }) =>
        json(await batches(desk, scope.key, exchange.query)),
      ),
      route('GET', '/batches/:id/results', 'content', async (call) =>
        json(await results(desk, call.scope, id(call), call.exchange.query)),
      ),
      route('POST', '/batches/:id:cancel', 'cancel', async (call) =>
        shown(id(call), await cancelBatch(desk, call.scope, id(call))),
      ),
      route('GET', '/batches/:id', 'get', async (call) => shown(id(call), await getBatch(desk, call.scope, id(call)))),
    ]
  },
  purchaseOf: ({ name, input_file_id }) => ({
    body: { input_file_id, endpoint: '/v1/chat/completions', completion_window: '24h', metadata: { name } },
    model: null,
  }),
  error({ status, headers, body }: WireError): WireError {
    const { message, code, type } = (body as { error: Record<string, unknown> }).error
    // A wrong key is told as an argument that is wrong.
    const told = status === 401 ? 400 : status
    return { status: told, body: { code: code ?? type, error: message }, ...(headers ? { headers } : {}) }
  },
  errorRow: (row) => ({ ...row }),
}

const isInput = ({ purpose }: FileRecord): boolean => purpose === 'batch'
const nothingRead = { num_requests: 0, num_pending: 0, num_success: 0, num_error: 0, num_cancelled: 0 }
