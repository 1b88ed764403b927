import { setTimeout } from 'node:timers/promises'
import { isJson, type Json } from '../json.ts'
import { createPromptCache } from '../prompt-cache.ts'
import { cancelBatch, createBatch, getBatch, listBatches } from './batches.ts'
import { chargesOf, purchasesOf } from './books.ts'
import { answerCall } from './calls.ts'
import { costsReport } from './costs.ts'
import { type Desk, type FileRecord, fileOf } from './desk.ts'
import { Refusal, unknownModel } from './errors.ts'
import type { Operation } from './faults.ts'
import { deleteFile, existingFile, listFiles, uploadFile } from './files.ts'
import { modelNamed, modelNames } from './models.ts'
import { createRates } from './rates.ts'
import type { Call, Reply } from './router.ts'
import type { Scope } from './scope.ts'
import { addPart, cancelUpload, completeUpload, createUpload } from './uploads.ts'
import { usageReport } from './usage-report.ts'
import { fileView } from './view.ts'

export interface Route {
  readonly method: string
  readonly path: RegExp
  readonly operation: Operation
  /** Whether the route reads its body itself, as it comes. */
  readonly streams: boolean
  readonly run: (call: Call) => Promise<Reply> | Reply
}

export const json = (value: unknown): Reply => ({ json: value })
export const id = (call: Call): string => call.parameters[0] ?? ''

export const createRoute = (method: string, path: string, operation: Operation, run: Route['run']): Route => ({
  method,
  path: new RegExp(`^${path.replace(/:id/g, '([^/]+)')}$`),
  operation,
  streams: operation === 'upload' || path.endsWith('/parts'),
  run,
})

export function createRoutes(desk: Desk): readonly Route[] {
  const route = createRoute
  // Calls outside a batch share one cache for as long as the emulator lives.
  const cache = createPromptCache()
  const rates = createRates(desk)
  const answer = (endpoint: string) =>
    route('POST', endpoint.replace('/v1', ''), 'answer', async ({ body, scope, exchange: { response } }) => {
      const tell = (headers: Readonly<Record<string, string>>) => {
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
      }
      const knowsFile = (id: string) => fileOf(desk, scope.key, id) !== undefined
      const text = answerCall(desk, endpoint, body, cache, rates, tell, knowsFile)
      const seconds = desk.switchboard.account().answerSeconds?.(isJson(body) ? body['service_tier'] : undefined) ?? 0
      if (seconds > 0) await setTimeout((seconds * 1000) / desk.clock.speed)
      return { text }
    })

  return [
    route('POST', '/files', 'upload', async (call) => json(fileView(await upload(desk, call)))),
    route('GET', '/files', 'files', ({ scope, exchange }) => json(listFiles(desk, scope, exchange.query))),
    route('GET', '/files/:id', 'file', (call) => json(fileView(existingFile(desk, call.scope, id(call))))),
    route('GET', '/files/:id/content', 'content', (call) => ({ file: existingFile(desk, call.scope, id(call)) })),
    route('DELETE', '/files/:id', 'delete', (call) => json(deleteFile(desk, call.scope, id(call)))),

    route('POST', '/uploads', 'uploads', async (call) => json(createUpload(desk, call.scope, call.body))),
    route('POST', '/uploads/:id/parts', 'uploads', async (call) =>
      json(await addPart(desk, call.scope, id(call), call.exchange.request, call.exchange.idleBodyTimeoutMs)),
    ),
    route('POST', '/uploads/:id/complete', 'uploads', async (call) =>
      json(await completeUpload(desk, call.scope, id(call), call.body)),
    ),
    route('POST', '/uploads/:id/cancel', 'uploads', async (call) =>
      json(await cancelUpload(desk, call.scope, id(call))),
    ),

    route('POST', '/batches', 'create', async (call) => json(await purchase(desk, call.scope, call.body))),
    route('GET', '/batches', 'list', async ({ scope, exchange }) =>
      json(await listBatches(desk, scope, exchange.query)),
    ),
    route('GET', '/batches/:id', 'get', async (call) => json((await getBatch(desk, call.scope, id(call))).view)),
    route('POST', '/batches/:id/cancel', 'cancel', async (call) =>
      json((await cancelBatch(desk, call.scope, id(call))).view),
    ),

    answer('/v1/chat/completions'),
    answer('/v1/responses'),
    answer('/v1/embeddings'),
    answer('/v1/completions'),

    route('GET', '/models', 'models', () => json({ object: 'list', data: modelNames().map(modelView) })),
    route('GET', '/models/:id', 'models', (call) => {
      if (!modelNamed(id(call))) throw new Refusal(unknownModel(id(call)))
      return json(modelView(id(call)))
    }),

    route('GET', '/organization/costs', 'costs', async ({ exchange }) => ({
      text: costsReport(await chargesOf(desk), exchange.query, desk.clock.seconds()),
    })),
    route('GET', '/organization/usage/completions', 'costs', (call) => usage(desk, call, false)),
    route('GET', '/organization/usage/embeddings', 'costs', (call) => usage(desk, call, true)),
  ]
}

/** A purchase, in whatever words the vendor has for it. @returns OpenAI's batch, at its first moment */
export function purchase(desk: Desk, scope: Scope, body: unknown): Promise<Json> {
  const { dress } = desk.likeness
  if (dress === undefined || !isJson(body)) return createBatch(desk, scope, body)
  const told = dress.purchaseOf(body)
  return createBatch(desk, scope, told.body, told.model)
}

export function upload(desk: Desk, { exchange, scope, act }: Call): Promise<FileRecord> {
  const total = Number(exchange.request.headers['content-length'] ?? 0)
  const stopAt = act?.kind === 'cut-upload' ? Math.floor(total * act.share) : undefined
  const cut =
    stopAt === undefined
      ? undefined
      : (bytes: number) => {
          if (bytes > stopAt) exchange.request.socket.destroy()
        }
  return uploadFile(desk, scope, exchange.request, exchange.idleBodyTimeoutMs, cut)
}

async function usage(desk: Desk, { exchange }: Call, embeddings: boolean): Promise<Reply> {
  const charges = await chargesOf(desk)
  const acts = desk.log.acts().filter(({ vendor }) => vendor === desk.likeness.name)
  const requests = { purchases: await purchasesOf(desk, false), acts }
  return json(usageReport(charges, requests, exchange.query, desk.clock.seconds(), embeddings))
}

function modelView(name: string): unknown {
  return { id: name, object: 'model', created: 1_700_000_000, owned_by: 'system' }
}
