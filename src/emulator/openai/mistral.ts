import type { Json } from '../json.ts'
import type { WireError } from '../wire.ts'
import { cancelBatch, getBatch, type Look, listedBatches, lookAt, pageLimit } from './batches.ts'
import type { BatchRecord, Desk, FileRecord } from './desk.ts'
import { deleteFile, existingFile, ownFiles } from './files.ts'
import type { Dress } from './likeness.ts'
import { createRoute, id, json, purchase, upload } from './routes.ts'

/** Mistral's jobs: `/v1/batch/jobs`, one model a job, pages by number, states in capitals. */

const states: Readonly<Record<string, string>> = {
  validating: 'QUEUED',
  in_progress: 'RUNNING',
  finalizing: 'RUNNING',
  completed: 'SUCCESS',
  failed: 'FAILED',
  expired: 'TIMEOUT_EXCEEDED',
  cancelling: 'CANCELLATION_REQUESTED',
  cancelled: 'CANCELLED',
}

const seconds = (time: number): number => Math.floor(time / 1000)

function jobView(batch: BatchRecord, { moment, totals, view }: Look): Json {
  const status = String(view['status'])
  const failed = moment.status === 'failed'
  const [succeeded, unsuccessful] = failed ? [0, 0] : [totals?.succeeded ?? 0, totals?.failed ?? 0]
  return {
    id: batch.id,
    object: 'batch',
    input_files: [batch.inputFileId],
    metadata: batch.metadata,
    endpoint: batch.endpoint,
    model: batch.model,
    agent_id: null,
    output_file: view['output_file_id'] ?? null,
    error_file: view['error_file_id'] ?? null,
    errors: failed ? (batch.course.failure ?? []).map(({ message }) => ({ message, count: 1 })) : [],
    outputs: null,
    status: states[status] ?? status,
    created_at: seconds(batch.course.createdAt),
    total_requests: moment.status === 'validating' || failed ? 0 : (batch.scan?.lines ?? 0),
    completed_requests: succeeded + unsuccessful,
    succeeded_requests: succeeded,
    failed_requests: unsuccessful,
    started_at: moment.inProgressAt === null ? null : seconds(moment.inProgressAt),
    completed_at: moment.completedAt === null ? null : seconds(moment.completedAt),
  }
}

const fileView = (file: FileRecord): Json => ({
  id: file.id,
  object: 'file',
  bytes: file.bytes,
  created_at: seconds(file.createdAt),
  filename: file.filename,
  purpose: 'batch',
  sample_type: file.purpose === 'batch' ? 'batch_request' : 'batch_result',
  num_lines: null,
  mimetype: 'application/jsonl',
  source: file.purpose === 'batch' ? 'upload' : 'mistral',
  signature: null,
})

/** `page` counts from 0; nothing but an empty page tells where the list ends. */
function pageOf<Item>(items: readonly Item[], query: URLSearchParams): readonly Item[] {
  const size = pageLimit(query, 100, 1000, 'page_size')
  const from = Number(query.get('page') ?? 0) * size
  return items.slice(from, from + size)
}

async function jobs(desk: Desk, scope: string, query: URLSearchParams): Promise<Json> {
  const newestFirst = listedBatches(desk, scope)
  const all = query.get('order_by') === 'created' ? newestFirst.toReversed() : newestFirst
  const data: Json[] = []
  for (const batch of pageOf(all, query)) data.push(jobView(batch, await lookAt(desk, batch)))
  return { object: 'list', data, total: all.length }
}

function files(desk: Desk, scope: string, query: URLSearchParams): Json {
  const all = ownFiles(desk, scope)
  return { object: 'list', data: pageOf(all, query).map(fileView), total: all.length }
}

export const mistral: Dress = {
  purpose: 'batch',
  bareRows: true,
  routes: (desk) => {
    const route = createRoute
    const shown = async (batchId: string, look: Look) => json(jobView(desk.batches.get(batchId) as BatchRecord, look))
    return [
      route('POST', '/files', 'upload', async (call) => json(fileView(await upload(desk, call)))),
      route('GET', '/files', 'files', ({ scope, exchange }) => json(files(desk, scope.key, exchange.query))),
      route('GET', '/files/:id', 'file', (call) => json(fileView(existingFile(desk, call.scope, id(call))))),
      route('GET', '/files/:id/content', 'content', (call) => ({ file: existingFile(desk, call.scope, id(call)) })),
      route('DELETE', '/files/:id', 'delete', (call) => json(deleteFile(desk, call.scope, id(call)))),
      route('POST', '/batch/jobs', 'create', async (call) => {
        const created = await purchase(desk, call.scope, call.body)
        const batch = desk.batches.get(String(created['id'])) as BatchRecord
        return json(jobView(batch, { moment: firstMoment, totals: null, view: created }))
      }),
      route('GET', '/batch/jobs', 'list', async ({ scope, exchange }) =>
        json(await jobs(desk, scope.key, exchange.query)),
      ),
      route('GET', '/batch/jobs/:id', 'get', async (call) =>
        shown(id(call), await getBatch(desk, call.scope, id(call))),
      ),
      route('POST', '/batch/jobs/:id/cancel', 'cancel', async (call) =>
        shown(id(call), await cancelBatch(desk, call.scope, id(call))),
      ),
    ]
  },
  purchaseOf: ({ input_files: inputs, endpoint, model, metadata }) => ({
    body: {
      input_file_id: Array.isArray(inputs) ? inputs[0] : undefined,
      endpoint,
      metadata,
      completion_window: '24h',
    },
    model: typeof model === 'string' ? model : null,
  }),
  error({ status, headers, body }: WireError): WireError {
    const { message, type, param, code } = (body as { error: Record<string, unknown> }).error
    const told = status === 401 ? { detail: 'Unauthorized' } : { object: 'error', message, type, param, code }
    return { status, body: told, ...(headers ? { headers } : {}) }
  },
  // What did not run is in neither file.
  errorRow: (row) => (row.response === null && row.error?.code.startsWith('batch_') ? undefined : { ...row }),
}

const firstMoment = {
  status: 'validating',
  terminal: false,
  executed: 0,
  inProgressAt: null,
  finalizingAt: null,
  completedAt: null,
  failedAt: null,
  expiredAt: null,
  cancellingAt: null,
  cancelledAt: null,
} as const
