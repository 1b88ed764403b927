import { createReadStream } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { wholeBody } from '../body.ts'
import { digest } from '../chance.ts'
import { type Exchange, sendText } from '../server.ts'
import { createBatch } from './batches.ts'
import type { Desk, FileRecord } from './desk.ts'
import { noKey, Refusal, unknownUrl, type WireError, wrongKey } from './errors.ts'
import type { Operation, WireAct } from './faults.ts'
import { createRoutes, type Route } from './routes.ts'
import { type Scope, scopeOf } from './scope.ts'

/** What a route answers: JSON, JSON already written, or the bytes of a file. */
export type Reply = { readonly json: unknown } | { readonly text: string } | { readonly file: FileRecord }

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
  const routes = createRoutes(desk)
  const timers = new Set<NodeJS.Timeout>()
  // Creates that are still on their way, for the scenario in which one lands long after its client gave up.
  let late: { at: number; land: () => Promise<unknown> }[] = []
  let requests = 0

  const landDue = async () => {
    const due = late.filter(({ at }) => at <= desk.clock.now())
    late = late.filter((each) => !due.includes(each))
    for (const { land } of due) await land().catch(() => undefined)
  }

  const landLater = (seconds: number, land: () => Promise<unknown>) => {
    late.push({ at: desk.clock.now() + seconds * 1000, land })
    const timer = globalThis.setTimeout(
      () => void landDue().finally(() => timers.delete(timer)),
      (seconds * 1000) / desk.clock.speed + 1,
    )
    timers.add(timer)
  }

  const handle = async (exchange: Exchange): Promise<void> => {
    const startedAt = performance.now()
    const { request, response } = exchange
    await landDue()
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
      checkKey(exchange)
      const { route, parameters } = routeFor(routes, exchange)
      // Faults strike calls that came in whole: a purchase whose last byte is withheld must not use one up.
      const body = route.streams ? undefined : parsed(await wholeBody(request, exchange.idleBodyTimeoutMs))
      const act = desk.switchboard.wire(route.operation, (candidate) => fits(candidate, route.operation))
      if (act?.kind === 'land-late') {
        landLater(act.seconds, () => createBatch(desk, scope, body))
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
      sendError(response, error.wire)
    }
  }
  return {
    handle,
    close() {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}

/** Some acts belong to one kind of call; a fault of a fresh file is asked for by the create itself. */
function fits(act: WireAct, operation: Operation): boolean {
  if (act.kind === 'fresh-file') return false
  if (act.kind === 'land-late') return operation === 'create'
  if (act.kind === 'cut-upload') return operation === 'upload'
  if (act.kind === 'cut-download' || act.kind === 'short-download') return operation === 'content'
  return true
}

/** @returns whether the call ends here */
function strike(act: WireAct, moment: '' | '-after', response: ServerResponse, stamp: () => void): boolean {
  if (act.kind === `reset${moment}`) {
    response.socket?.destroy()
    return true
  }
  // The answer never comes; the client's patience or the end of the emulator ends the call.
  if (act.kind === `hang${moment}`) return true
  if (act.kind === `answer${moment}` && 'error' in act) {
    stamp()
    sendError(response, act.error)
    return true
  }
  if (act.kind === `page${moment}` && 'text' in act) {
    sendText(response, act.status, act.contentType, act.text)
    return true
  }
  return false
}

function send(response: ServerResponse, reply: Reply, act: WireAct | undefined): void {
  if ('file' in reply) return sendFile(response, reply.file, act)
  sendText(response, 200, 'application/json', 'text' in reply ? reply.text : JSON.stringify(reply.json))
}

function sendFile(response: ServerResponse, file: FileRecord, act: WireAct | undefined): void {
  const cut = act?.kind === 'cut-download' || act?.kind === 'short-download' ? act : undefined
  const sent = cut ? Math.floor(file.bytes * cut.share) : file.bytes
  const promised = cut?.kind === 'short-download' ? sent : file.bytes
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename="${encodeURIComponent(file.filename)}"`,
    'content-length': promised,
  })
  if (sent === 0) {
    if (promised > 0) response.socket?.destroy()
    else response.end()
    return
  }
  const stream = createReadStream(file.path, { start: 0, end: sent - 1, highWaterMark: 1 << 20 })
  stream.on('error', () => response.destroy())
  response.on('close', () => stream.destroy())
  if (sent === promised) return void stream.pipe(response)
  stream.pipe(response, { end: false })
  // Let what was sent reach the client, then drop the line: the promise of the header stays unkept.
  stream.on('end', () => globalThis.setTimeout(() => response.socket?.destroy(), 20))
}

export function sendError(response: ServerResponse, error: WireError): void {
  for (const [name, value] of Object.entries(error.headers ?? {})) response.setHeader(name, value)
  sendText(response, error.status, 'application/json', JSON.stringify(error.body))
}

function checkKey(exchange: Exchange): void {
  const bearer = /^Bearer\s+(\S+)$/i.exec(header(exchange, 'authorization') ?? '')?.[1]
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

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}
