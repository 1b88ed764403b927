import type { Json } from '../json.ts'
import { cancelBatch, getBatch, listedBatches, lookAt } from './batches.ts'
import type { Desk, FileRecord } from './desk.ts'
import { deleteFile, existingFile, ownFiles } from './files.ts'
import type { Dress } from './likeness.ts'
import { createRoute, id, json, purchase, upload } from './routes.ts'

/** Together's jobs: states in capitals, times as text, a share in place of counts, lists on one page, no metadata. */

/** There is no word for a job that is being written down, nor for one that is being cancelled. */
const states: Readonly<Record<string, string>> = {
  validating: 'VALIDATING',
  in_progress: 'IN_PROGRESS',
  finalizing: 'IN_PROGRESS',
  cancelling: 'IN_PROGRESS',
  completed: 'COMPLETED',
  failed: 'FAILED',
  expired: 'EXPIRED',
  cancelled: 'CANCELLED',
}

const dateOf = (time: unknown): string | null =>
  typeof time === 'number' ? new Date(time * 1000).toISOString().replace('.000Z', 'Z') : null

/** A batch of OpenAI as a job. */
function jobView(desk: Desk, view: Json): Json {
  const batch = desk.batches.get(String(view['id']))
  const counts = view['request_counts'] as Record<'total' | 'completed' | 'failed', number>
  const done = counts.completed + counts.failed
  const status = String(view['status'])
  const [failure] = batch?.course.failure ?? []
  return {
    id: view['id'],
    user_id: 'user_emulated',
    input_file_id: view['input_file_id'],
    file_size_bytes: desk.files.get(String(view['input_file_id']))?.bytes ?? 0,
    status: states[status] ?? status,
    job_deadline: dateOf(view['expires_at']),
    created_at: dateOf(view['created_at']),
    endpoint: view['endpoint'],
    progress: counts.total === 0 ? 0 : Math.floor((100 * done) / counts.total),
    model_id: view['model'] ?? '',
    output_file_id: view['output_file_id'] ?? '',
    error_file_id: view['error_file_id'] ?? '',
    ...(status === 'failed' && failure ? { error: failure.message } : {}),
    ...(view['completed_at'] === null ? {} : { completed_at: dateOf(view['completed_at']) }),
  }
}

const fileView = (file: FileRecord): Json => ({
  id: file.id,
  object: 'file',
  created_at: Math.floor(file.createdAt / 1000),
  filename: file.filename,
  bytes: file.bytes,
  purpose: file.purpose === 'batch' ? 'batch-api' : 'batch-generated',
  Processed: true,
  FileType: 'jsonl',
  LineCount: 0,
})

async function jobs(desk: Desk, scope: string): Promise<Json[]> {
  const all: Json[] = []
  for (const batch of listedBatches(desk, scope)) all.push(jobView(desk, (await lookAt(desk, batch)).view))
  return all
}

export const together: Dress = {
  purpose: 'batch-api',
  bareRows: true,
  routes: (desk) => {
    const route = createRoute
    return [
      route('POST', '/files/upload', 'upload', async (call) => json(fileView(await upload(desk, call)))),
      route('GET', '/files', 'files', ({ scope }) => json({ data: ownFiles(desk, scope.key).map(fileView) })),
      route('GET', '/files/:id', 'file', (call) => json(fileView(existingFile(desk, call.scope, id(call))))),
      route('GET', '/files/:id/content', 'content', (call) => ({ file: existingFile(desk, call.scope, id(call)) })),
      route('DELETE', '/files/:id', 'delete', (call) => {
        const { id: deleted } = deleteFile(desk, call.scope, id(call))
        return json({ id: deleted, deleted: true })
      }),
      route('POST', '/batches', 'create', async (call) => ({
        status: 201,
        json: { job: jobView(desk, await purchase(desk, call.scope, call.body)) },
      })),
      route('GET', '/batches', 'list', async ({ scope }) => json(await jobs(desk, scope.key))),
      route('GET', '/batches/:id', 'get', async (call) =>
        json(jobView(desk, (await getBatch(desk, call.scope, id(call))).view)),
      ),
      route('POST', '/batches/:id/cancel', 'cancel', async (call) =>
        json(jobView(desk, (await cancelBatch(desk, call.scope, id(call))).view)),
      ),
    ]
  },
  // The window has one length, which need not be said.
  purchaseOf: ({ input_file_id, endpoint, model_id: model }) => ({
    body: { input_file_id, endpoint, completion_window: '24h' },
    model: typeof model === 'string' ? model : null,
  }),
  error: (wire) => wire,
  // What did not run is in neither file.
  errorRow({ custom_id, response, error }) {
    if (error !== null) return error.code.startsWith('batch_') ? undefined : { custom_id, error }
    const { message, code } =
      (response?.body as { error?: { message?: string; code?: string | null } } | null)?.error ?? {}
    return { custom_id, error: { message: message ?? '', code: code ?? `http_${response?.status_code ?? 0}` } }
  },
}
