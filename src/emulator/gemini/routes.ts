import { createPromptCache } from '../prompt-cache.ts'
import { cancelBatch, deleteBatch, getBatch, listBatches } from './batches.ts'
import { createCache, deleteCache, getCache, listCaches, patchCache } from './caches.ts'
import { type Answered, countTokens, embedCall, generateCall } from './calls.ts'
import { createBatch } from './create.ts'
import type { Desk } from './desk.ts'
import { problem, Refusal, unknownModel } from './errors.ts'
import type { Operation } from './faults.ts'
import { deleteFile, downloadable, existingFile, fileView, listFiles } from './files.ts'
import { modelNamed, modelNames, modelView } from './models.ts'
import { pageOf } from './pages.ts'
import type { Call, Reply } from './router.ts'
import type { Uploads } from './uploads.ts'

export interface Route {
  readonly method: string
  readonly path: RegExp
  readonly operation: Operation
  readonly run: (call: Call) => Promise<Reply> | Reply
}

const version = '/v1(?:beta|alpha|main)?'
const json = (value: unknown): Reply => ({ json: value })
const id = (call: Call) => call.parameters[0] ?? ''

export function createRoutes(desk: Desk, uploads: Uploads): readonly Route[] {
  const route = (method: string, path: string, operation: Operation, run: Route['run']): Route => ({
    method,
    path: new RegExp(`^${version}${path.replace(/:id/g, '([^/:]+)')}$`),
    operation,
    run,
  })
  // Calls outside a batch share one cache for as long as the emulator lives.
  const cache = createPromptCache()
  const answered = ({ text, tier }: Answered): Reply => ({
    text,
    headers: tier === undefined ? {} : { 'x-gemini-service-tier': tier },
  })

  return [
    uploadRoute(uploads),
    route('GET', '/files', 'files', ({ project, query }) => json(listFiles(desk, project, query))),
    route('GET', '/files/:id', 'file', (call) => json(fileView(desk, existingFile(desk, call.project, id(call))))),
    route('DELETE', '/files/:id', 'delete-file', (call) => json(deleteFile(desk, call.project, id(call)))),
    route('GET', '/files/:id:download', 'download', (call) => download(desk, call)),
    {
      ...route('GET', '', 'download', (call) => download(desk, call)),
      path: /^\/download\/v1(?:beta|alpha|main)?\/files\/([^/:]+):download$/,
    },

    route('POST', '/(?:models|tunedModels)/:id:batchGenerateContent', 'create', create(desk, 'generate')),
    route('POST', '/(?:models|tunedModels)/:id:asyncBatchEmbedContent', 'create', create(desk, 'embed')),
    route('GET', '/batches', 'list', async ({ project, query }) => json(await listBatches(desk, project, query))),
    route('GET', '/batches/:id', 'get', async (call) => {
      const timeout = call.exchange.request.headers['x-server-timeout']
      const partial = call.query.has('fields') && !/response|output/.test(call.query.get('fields') ?? '')
      return json(
        await getBatch(desk, call.project, id(call), partial, timeout === undefined ? timeout : String(timeout)),
      )
    }),
    route('POST', '/batches/:id:cancel', 'cancel', async (call) =>
      json(await cancelBatch(desk, call.project, id(call))),
    ),
    route('DELETE', '/batches/:id', 'delete', async (call) => json(await deleteBatch(desk, call.project, id(call)))),

    route('POST', '/(?:models|tunedModels)/:id:generateContent', 'answer', (call) =>
      answered(generateCall(desk, call.project, id(call), call.body, cache)),
    ),
    route('POST', '/(?:models|tunedModels)/:id:streamGenerateContent', 'answer', () => {
      throw new Refusal(problem('UNIMPLEMENTED', 'Streaming is not emulated.'))
    }),
    route('POST', '/models/:id:embedContent', 'answer', (call) =>
      answered(embedCall(desk, id(call), call.body, false)),
    ),
    route('POST', '/models/:id:batchEmbedContents', 'answer', (call) =>
      answered(embedCall(desk, id(call), call.body, true)),
    ),
    route('POST', '/models/:id:countTokens', 'count', (call) => json(countTokens(id(call), call.body))),

    route('POST', '/cachedContents', 'caches', (call) => json(createCache(desk, call.project, call.body))),
    route('GET', '/cachedContents', 'caches', ({ project, query }) => json(listCaches(desk, project, query))),
    route('GET', '/cachedContents/:id', 'caches', (call) => json(getCache(desk, call.project, id(call)))),
    route('PATCH', '/cachedContents/:id', 'caches', (call) =>
      json(patchCache(desk, call.project, id(call), call.body)),
    ),
    route('DELETE', '/cachedContents/:id', 'caches', (call) => json(deleteCache(desk, call.project, id(call)))),

    route('GET', '/models', 'models', ({ query }) => {
      const page = pageOf(
        modelNames().map((name) => ({ id: name })),
        query,
        50,
        {},
      )
      return json({ models: page.items.map((model) => modelView(model.id)), ...page.tail })
    }),
    route('GET', '/models/:id', 'models', (call) => {
      if (!modelNamed(id(call))) throw new Refusal(unknownModel(id(call), 'getModel'))
      return json(modelView(id(call)))
    }),
  ]
}

/** Starting an upload and sending its bytes go to one path; what tells them apart is the id in the query. */
function uploadRoute(uploads: Uploads): Route {
  return {
    method: 'POST',
    path: /^\/upload\/v1(?:beta|alpha|main)?\/files$/,
    operation: 'start',
    run: ({ exchange, project, origin, body }) => ({ upload: uploads.start(exchange, project, origin, body) }),
  }
}

function download(desk: Desk, call: Call): Reply {
  const { path, bytes, mimeType } = downloadable(desk, call.project, id(call))
  return { file: { path, bytes, headers: { 'content-type': mimeType.includes('/') ? mimeType : 'text/plain' } } }
}

const create =
  (desk: Desk, method: 'generate' | 'embed'): Route['run'] =>
  async (call) =>
    json(await createBatch(desk, call.project, call.origin, id(call), method, call.body))
