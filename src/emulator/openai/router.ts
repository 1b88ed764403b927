import type { ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { wholeBody } from '../body.ts'
import { digest } from '../chance.ts'
import { parsedJson } from '../json.ts'
import { type Exchange, sendText } from '../server.ts'
import { createLateCalls, sendError, sendFile, strike, type WireAct, type WireError } from '../wire.ts'
import type { Desk, FileRecord } from './desk.ts'
import { noKey, Refusal, unknownUrl, wrongKey } from './errors.ts'
import type { Operation } from './faults.ts'
import type { Likeness } from './likeness.ts'
import { createRoutes, purchase, type Route } from './routes.ts'
import { type Scope, scopeOf } from './scope.ts'

/** What a route answers: JSON, JSON already written, or the bytes of a file. */
export type Reply =
  | { readonly json: unknown; readonly status?: number }
  | { readonly text: string }
  | { readonly file: FileRecord }

/** A call that passed the door. */
export interface Call {
  readonly exchange: Exchange
  readonly scope: Scope
  readonly parameters: readonly string[]
  readonly act: WireAct | undefined
  /** The JSON body; undefined when there is none that can be parsed, or when the route streams it itself. */
  readonly body: unknown
}

export function createRouter(desk: Desk): { handle: (exchange: Exchange) => Promise<void>; close: () => void } {
  const { dress } = desk.likeness
  const routes = dress?.routes(desk) ?? createRoutes(desk)
  const told = (error: WireError): WireError => dress?.error(error) ?? error
  const late = createLateCalls(desk.clock)
  let requests = 0

  const handle = async (exchange: Exchange): Promise<void> => {
    const startedAt = performance.now()
    const { request, response } = exchange
    await late.landDue()
    const scope = scopeOf(header(exchange, 'openai-organization'), header(exchange, 'openai-project'))
    response.setHeader('x-request-id', `req_${digest('request', desk.seed, ++requests).slice(0, 32)}`)
    response.setHeader('openai-organization', scope.organization)
    response.setHeader('openai-project', scope.project)
    response.setHeader('openai-version', '2020-10-01')
    const stamp = () => {
      exchange.stampDate()
      response.setHeader('openai-processing-ms', String(Math.ceil(performance.now() - startedAt)))
    }
    try {
      checkKey(exchange, desk.likeness)
      const { route, parameters } = routeFor(routes, exchange)
      // Faults strike calls that came in whole: a purchase whose last byte is withheld must not use one up.
      const body = route.streams ? undefined : parsedJson(await wholeBody(request, exchange.idleBodyTimeoutMs))
      const struck = desk.switchboard.wire(route.operation, (candidate) => fits(candidate, route.operation))
      const act = struck && 'error' in struck ? { ...struck, error: told(struck.error) } : struck
      if (act?.kind === 'land-late') {
        late.add(act.seconds, () => purchase(desk, scope, body))
        return void request.socket.destroy()
      }
      if (act?.kind === 'delay') await setTimeout(act.milliseconds)
      if (act && strike(act, '', response, stamp)) return
      const reply = await route.run({ exchange, scope, parameters, act, body })
      if (act && strike(act, '-after', response, stamp)) return
      stamp()
      send(response, reply, act)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      stamp()
      sendError(response, told(error.wire))
    }
  }
  return { handle, close: late.close }
}

/** Some acts belong to one kind of call; a fault of a fresh file is asked for by the create itself. */
function fits(act: WireAct, operation: Operation): boolean {
  if (act.kind === 'fresh-file') return false
  if (act.kind === 'land-late') return operation === 'create'
  if (act.kind === 'cut-upload') return operation === 'upload'
  if (act.kind === 'cut-download' || act.kind === 'short-download') return operation === 'content'
  return true
}

function send(response: ServerResponse, reply: Reply, act: WireAct | undefined): void {
  if ('file' in reply) {
    const { path, bytes, filename } = reply.file
    const headers = {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${encodeURIComponent(filename)}"`,
    }
    return sendFile(response, { path, bytes, headers }, act)
  }
  const status = 'json' in reply ? (reply.status ?? 200) : 200
  sendText(response, status, 'application/json', 'text' in reply ? reply.text : JSON.stringify(reply.json))
}

function checkKey(exchange: Exchange, { keyHeader }: Likeness): void {
  const bearer =
    keyHeader === undefined
      ? /^Bearer\s+(\S+)$/i.exec(header(exchange, 'authorization') ?? '')?.[1]
      : header(exchange, keyHeader)
  if (bearer === undefined) throw new Refusal(noKey())
  if (bearer === 'sk-wrong') throw new Refusal(wrongKey(bearer))
}

function header(exchange: Exchange, name: string): string | undefined {
  const value = exchange.request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function routeFor(routes: readonly Route[], { method, path }: Exchange): { route: Route; parameters: string[] } {
  for (const route of routes) {
    if (route.method !== method) continue
    const found = route.path.exec(path)
    if (found) return { route, parameters: found.slice(1) }
  }
  throw new Refusal(unknownUrl(method, `/v1${path}`))
}
