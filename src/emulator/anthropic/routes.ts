import { setTimeout } from 'node:timers/promises'
import { isJson, type Json } from '../json.ts'
import { cancelBatch, deleteBatch, getBatch, listBatches, pageOf, resultsOf } from './batches.ts'
import { chargesOf } from './books.ts'
import { answerCall, countTokens } from './calls.ts'
import { costReport } from './costs.ts'
import { createBatch } from './create.ts'
import type { Desk } from './desk.ts'
import { Refusal, unknownModel } from './errors.ts'
import type { Operation } from './faults.ts'
import { contentOf, deleteFile, getFile, listFiles, uploadFile } from './files.ts'
import type { Intake } from './intake.ts'
import { createCallLimiter } from './limiter.ts'
import { allModels, modelNamed, modelView } from './models.ts'
import type { Call, Reply } from './router.ts'
import { usageReport } from './usage-report.ts'

export interface Route {
  readonly method: string
  readonly path: RegExp
  readonly operation: Operation
  /** Counted in the pool of the batch endpoints. */
  readonly batches: boolean
  readonly run: (call: Call) => Promise<Reply> | Reply
}

const id = (call: Call) => call.parameters[0] ?? ''

export function createRoutes(desk: Desk): readonly Route[] {
  const route = (method: string, path: string, operation: Operation, run: Route['run']): Route => ({
    method,
    path: new RegExp(`^/v1${path.replace(/:id/g, '([^/]+)')}$`),
    operation,
    batches: path.startsWith('/messages/batches'),
    run,
  })
  const json = (answer: (call: Call) => Promise<Json> | Json) => async (call: Call) => ({ json: await answer(call) })
  const batches = '/messages/batches'
  const limiter = createCallLimiter(desk)
  return [
    route(
      'POST',
      batches,
      'create',
      json((call) => createBatch(desk, call.caller, call.intake as Intake)),
    ),
    route(
      'GET',
      batches,
      'list',
      json(({ caller, exchange }) => listBatches(desk, caller, exchange.query)),
    ),
    route('GET', `${batches}/:id`, 'get', async (call) => {
      const view = await getBatch(desk, call.caller, id(call))
      // Seen on the wire: how long to wait before asking again.
      return view['processing_status'] === 'ended' ? { json: view } : { json: view, headers: { 'retry-after': '10' } }
    }),
    route(
      'DELETE',
      `${batches}/:id`,
      'delete',
      json((call) => deleteBatch(desk, call.caller, id(call))),
    ),
    route(
      'POST',
      `${batches}/:id/cancel`,
      'cancel',
      json((call) => cancelBatch(desk, call.caller, id(call))),
    ),
    route('GET', `${batches}/:id/results`, 'content', async (call) => ({
      results: await resultsOf(desk, call.caller, id(call)),
    })),

    route(
      'POST',
      '/files',
      'upload',
      json(({ caller, exchange }) => uploadFile(desk, caller, exchange)),
    ),
    route(
      'GET',
      '/files',
      'files',
      json(({ caller, exchange }) => listFiles(desk, caller, exchange.query)),
    ),
    route(
      'GET',
      '/files/:id',
      'files',
      json((call) => getFile(desk, call.caller, id(call))),
    ),
    route(
      'DELETE',
      '/files/:id',
      'files',
      json((call) => deleteFile(desk, call.caller, id(call))),
    ),
    route(
      'GET',
      '/files/:id/content',
      'files',
      json((call) => contentOf(desk, call.caller, id(call))),
    ),

    route('POST', '/messages', 'answer', async ({ caller, body }) => {
      const headers = limiter.count(isJson(body) ? body['model'] : undefined)
      const json = answerCall(desk, caller, body)
      const seconds = desk.switchboard.account().answerSeconds ?? 0
      if (seconds > 0) await setTimeout((seconds * 1000) / desk.clock.speed)
      return { json, headers }
    }),
    route(
      'POST',
      '/messages/count_tokens',
      'answer',
      json((call) => countTokens(desk, call.caller, call.body)),
    ),

    route(
      'GET',
      '/organizations/usage_report/messages',
      'models',
      json(async ({ exchange }) => usageReport(await chargesOf(desk), exchange.query, desk.clock.now() / 1000)),
    ),
    route(
      'GET',
      '/organizations/cost_report',
      'costs',
      json(async ({ exchange }) => costReport(await chargesOf(desk), exchange.query, desk.clock.now() / 1000)),
    ),

    route(
      'GET',
      '/models',
      'models',
      json(({ caller, exchange }) => {
        const page = pageOf(allModels(), ({ snapshot }) => snapshot, exchange.query)
        return { data: page.items.map((model) => modelView(model, caller.version)), ...page.marks }
      }),
    ),
    route(
      'GET',
      '/models/:id',
      'models',
      json((call) => {
        const model = modelNamed(id(call))
        if (!model) throw new Refusal(unknownModel(id(call)))
        return modelView(model, call.caller.version)
      }),
    ),
  ]
}
