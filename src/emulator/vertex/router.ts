import { setTimeout } from 'node:timers/promises'
import { wholeBody } from '../body.ts'
import { notFound, problem, Refusal, wireErrorOf } from '../gemini/errors.ts'
import { parsedJson } from '../json.ts'
import { createPromptCache, type PromptCache } from '../prompt-cache.ts'
import { type Exchange, sendText } from '../server.ts'
import { createLateCalls, sendError, strike } from '../wire.ts'
import { countTokens, generateCall } from './calls.ts'
import { createJob } from './create.ts'
import type { Desk, Place } from './desk.ts'
import type { Operation } from './faults.ts'
import { cancelJob, deleteJob, getJob, listJobs } from './jobs.ts'

/** `/v1/projects/p/locations/l/…`; with a key instead of a token, the project and the place may be left out. */
const door = /^\/v1(?:beta1)?(?:\/projects\/([^/]+)\/locations\/([^/]+))?\/(.+)$/
const jobPath = /^batchPredictionJobs\/([^/:]+)(:cancel)?$/
const modelPath = /^publishers\/google\/models\/([^/:]+):(generateContent|countTokens)$/

interface Call {
  readonly operation: Operation
  readonly run: (body: unknown) => Promise<unknown> | unknown
}

export function createRouter(desk: Desk): { handle: (exchange: Exchange) => Promise<void>; close: () => void } {
  const late = createLateCalls(desk.clock)
  const cache = createPromptCache()

  const handle = async (exchange: Exchange): Promise<void> => {
    const { request, response } = exchange
    await late.landDue()
    try {
      checkToken(exchange)
      const [, project = 'express', location = 'global', rest = ''] = door.exec(exchange.path) ?? []
      const place: Place = { project: decodeURIComponent(project), location }
      const call = callOf(desk, exchange, place, rest, cache)
      // Faults strike calls that came in whole: a purchase whose last byte is withheld must not use one up.
      const body = parsedJson(await wholeBody(request, exchange.idleBodyTimeoutMs))
      const act = desk.switchboard.wire(
        call.operation,
        ({ kind }) => (kind !== 'land-late' || call.operation === 'create') && !/^(fresh|cut|short)-/.test(kind),
      )
      if (act?.kind === 'land-late') {
        late.add(act.seconds, async () => createJob(desk, place, body))
        return void request.socket.destroy()
      }
      if (act?.kind === 'delay') await setTimeout(act.milliseconds)
      if (act && strike(act, '', response, exchange.stampDate)) return
      const answer = await call.run(body)
      if (act && strike(act, '-after', response, exchange.stampDate)) return
      exchange.stampDate()
      const text = typeof answer === 'string' ? answer : JSON.stringify(answer)
      sendText(response, 200, 'application/json; charset=UTF-8', text)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      exchange.stampDate()
      sendError(response, wireErrorOf(error.problem))
    }
  }
  return { handle, close: late.close }
}

function callOf(desk: Desk, exchange: Exchange, place: Place, rest: string, cache: PromptCache): Call {
  const { method, query, request } = exchange
  if (rest === 'batchPredictionJobs' && method === 'POST') {
    return { operation: 'create', run: (body) => createJob(desk, place, body) }
  }
  if (rest === 'batchPredictionJobs' && method === 'GET') {
    return { operation: 'list', run: () => listJobs(desk, place, query) }
  }
  const [, id, cancels] = jobPath.exec(rest) ?? []
  if (id !== undefined && cancels !== undefined && method === 'POST') {
    return { operation: 'cancel', run: () => cancelJob(desk, place, id) }
  }
  if (id !== undefined && cancels === undefined && method === 'GET') {
    return { operation: 'get', run: () => getJob(desk, place, id) }
  }
  if (id !== undefined && cancels === undefined && method === 'DELETE') {
    return { operation: 'delete', run: () => deleteJob(desk, place, id) }
  }
  const [, model, verb] = modelPath.exec(rest) ?? []
  if (model !== undefined && method === 'POST') {
    const asked = request.headers['x-vertex-ai-llm-shared-request-type']
    const tier = asked === undefined ? undefined : String(asked)
    return verb === 'countTokens'
      ? { operation: 'count', run: (body) => countTokens(model, body) }
      : { operation: 'answer', run: (body) => generateCall(desk, place, model, body, tier, cache) }
  }
  throw new Refusal(notFound())
}

function checkToken({ request }: Exchange): void {
  const token = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? request.headers['x-goog-api-key']
  if (token === undefined || token === 'ya29.wrong') throw new Refusal(unauthenticated())
}

export const unauthenticated = () =>
  problem(
    'UNAUTHENTICATED',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
    [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'ACCESS_TOKEN_TYPE_UNSUPPORTED',
        domain: 'googleapis.com',
        metadata: { service: 'aiplatform.googleapis.com' },
      },
    ],
  )
