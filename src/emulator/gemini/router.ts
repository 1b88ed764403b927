import { setTimeout } from 'node:timers/promises'
import { wholeBody } from '../body.ts'
import { parsedJson } from '../json.ts'
import { type Exchange, sendText } from '../server.ts'
import { createLateCalls, type SentFile, sendError, sendFile, strike, type WireAct } from '../wire.ts'
import { createBatch } from './create.ts'
import type { Desk } from './desk.ts'
import { noKey, notFound, Refusal, wireErrorOf, wrongKey } from './errors.ts'
import type { Operation } from './faults.ts'
import { masked } from './fields-mask.ts'
import { createRoutes, type Route } from './routes.ts'
import { createUploads, type UploadReply, type Uploads } from './uploads.ts'

/** What a route answers: JSON, JSON already written, the bytes of a file, or how far an upload is. */
export type Reply =
  | { readonly json: unknown }
  | { readonly text: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly file: SentFile }
  | { readonly upload: UploadReply }

/** A call that passed the door. */
export interface Call {
  readonly exchange: Exchange
  readonly query: URLSearchParams
  readonly project: string
  /** The URL of this vendor as the client reached it. */
  readonly origin: string
  readonly parameters: readonly string[]
  /** The JSON body; undefined when there is none that can be parsed. */
  readonly body: unknown
}

export function createRouter(
  desk: Desk,
  prefix: string,
): { handle: (exchange: Exchange) => Promise<void>; close: () => void } {
  const uploads = createUploads(desk)
  const routes = createRoutes(desk, uploads)
  const late = createLateCalls(desk.clock)

  const handle = async (exchange: Exchange): Promise<void> => {
    const { request, response, query } = exchange
    await late.landDue()
    response.setHeader('server', 'scaffolding on HTTPServer2')
    const project = String(request.headers['x-goog-user-project'] ?? 'emulated-project')
    const origin = `http://${request.headers.host ?? 'localhost'}${prefix}`
    try {
      if (isUploadPart(exchange)) return await handlePart(desk, uploads, exchange)
      checkKey(exchange)
      const { route, parameters } = routeFor(routes, exchange)
      // Faults strike calls that came in whole: a purchase whose last byte is withheld must not use one up.
      const body = parsedJson(await wholeBody(request, exchange.idleBodyTimeoutMs))
      const act = desk.switchboard.wire(route.operation, (candidate) => fits(candidate, route.operation))
      if (act?.kind === 'land-late') {
        const method = exchange.path.endsWith(':asyncBatchEmbedContent') ? 'embed' : 'generate'
        late.add(act.seconds, () => createBatch(desk, project, origin, parameters[0] ?? '', method, body))
        return void request.socket.destroy()
      }
      if (act?.kind === 'delay') await setTimeout(act.milliseconds)
      if (act && strike(act, '', response, exchange.stampDate)) return
      const reply = await route.run({ exchange, query, project, origin, parameters, body })
      if (act && strike(act, '-after', response, exchange.stampDate)) return
      exchange.stampDate()
      send(exchange, reply, act)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      exchange.stampDate()
      sendError(response, wireErrorOf(error.problem))
    }
  }
  return { handle, close: late.close }
}

/** Bytes of an upload: the URL is the credential, and the body is not JSON whatever its label says. */
function isUploadPart({ path, query, method }: Exchange): boolean {
  return path.startsWith('/upload/') && query.has('upload_id') && (method === 'POST' || method === 'PUT')
}

async function handlePart(desk: Desk, uploads: Uploads, exchange: Exchange): Promise<void> {
  const { response } = exchange
  const act = desk.switchboard.wire('upload', (candidate) => fits(candidate, 'upload'))
  if (act?.kind === 'delay') await setTimeout(act.milliseconds)
  if (act && strike(act, '', response, exchange.stampDate)) return
  const reply = await uploads.continue(exchange, act?.kind === 'cut-upload' ? act.share : undefined)
  if (act && strike(act, '-after', response, exchange.stampDate)) return
  exchange.stampDate()
  send(exchange, { upload: reply }, act)
}

/** Some acts belong to one kind of call; a fault of a fresh file is asked for by the create itself. */
function fits(act: WireAct, operation: Operation): boolean {
  if (act.kind === 'fresh-file') return false
  if (act.kind === 'land-late') return operation === 'create'
  if (act.kind === 'cut-upload') return operation === 'upload'
  if (act.kind === 'cut-download' || act.kind === 'short-download') return operation === 'download'
  return true
}

function send(exchange: Exchange, reply: Reply, act: WireAct | undefined): void {
  const { response, query } = exchange
  if ('file' in reply) return sendFile(response, reply.file, act)
  if ('upload' in reply) {
    const { headers, body } = reply.upload
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    return body === null
      ? sendText(response, 200, 'text/plain', '')
      : sendText(response, 200, 'application/json', JSON.stringify(body))
  }
  if ('text' in reply) {
    for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value)
    return sendText(response, 200, 'application/json; charset=UTF-8', reply.text)
  }
  const fields = query.get('fields')
  const value = fields === null ? reply.json : masked(reply.json, fields)
  sendText(response, 200, 'application/json; charset=UTF-8', JSON.stringify(value ?? {}))
}

function checkKey({ request, query }: Exchange): void {
  const key = request.headers['x-goog-api-key'] ?? query.get('key') ?? undefined
  const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const given = key === undefined || key === '' ? bearer : String(key)
  if (given === undefined) throw new Refusal(noKey())
  if (given === 'AIza-wrong') throw new Refusal(wrongKey())
}

function routeFor(routes: readonly Route[], { method, path }: Exchange): { route: Route; parameters: string[] } {
  for (const route of routes) {
    if (route.method !== method) continue
    const found = route.path.exec(path)
    if (found) return { route, parameters: found.slice(1).map(decodeURIComponent) }
  }
  throw new Refusal(notFound())
}
