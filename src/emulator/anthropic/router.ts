import { setTimeout } from 'node:timers/promises'
import { wholeBody } from '../body.ts'
import { digest } from '../chance.ts'
import { type Json, parsedJson } from '../json.ts'
import { type Exchange, sendText } from '../server.ts'
import { createLateCalls, sendError, strike, type WireAct } from '../wire.ts'
import { type Caller, callerOf } from './caller.ts'
import { createBatch, receive } from './create.ts'
import { type Desk, idOf } from './desk.ts'
import { Refusal, tooLarge, withRequestId } from './errors.ts'
import type { Operation } from './faults.ts'
import type { Intake } from './intake.ts'
import { createLimiter } from './limiter.ts'
import { createRoutes, type Route } from './routes.ts'
import { sendResults } from './send-results.ts'

/** What a route answers: JSON, or the results in a file. */
export type Reply =
  | { readonly json: Json; readonly headers?: Readonly<Record<string, string>> }
  | { readonly results: string }

/** A call that passed the door. */
export interface Call {
  readonly exchange: Exchange
  readonly caller: Caller
  readonly parameters: readonly string[]
  /** The JSON body; undefined when there is none that can be parsed. */
  readonly body: unknown
  /** The requests of a create, whose body is not held. */
  readonly intake: Intake | null
}

/** Calls outside batches take so many bytes. */
const callBytesMax = 32_000_000

export function createRouter(
  desk: Desk,
  prefix: string,
): { handle: (exchange: Exchange) => Promise<void>; close: () => void } {
  const routes = createRoutes(desk)
  const limiter = createLimiter(desk)
  const late = createLateCalls(desk.clock)
  let requests = 0

  const handle = async (exchange: Exchange): Promise<void> => {
    const { request, response } = exchange
    await late.landDue()
    const requestId = idOf('req', digest('request', desk.seed, ++requests))
    response.setHeader('request-id', requestId)
    response.setHeader('anthropic-organization-id', '00000000-0000-4000-8000-000000000000')
    const named = (act: WireAct): WireAct =>
      'error' in act ? { ...act, error: withRequestId(act.error, requestId) } : act
    try {
      const caller = callerOf(exchange, prefix)
      response.setHeader('anthropic-workspace-id', caller.workspace)
      const { route, parameters } = routeFor(routes, exchange)
      for (const [name, value] of Object.entries(route.batches ? limiter.count() : {})) response.setHeader(name, value)
      const { body, intake } = await bodyOf(desk, exchange, route)
      // Faults strike calls that came in whole: a purchase whose last byte is withheld must not use one up.
      const act = desk.switchboard.wire(route.operation, (candidate) => fits(candidate, route.operation))
      if (act?.kind === 'land-late') {
        late.add(act.seconds, () => createBatch(desk, caller, intake as Intake))
        return void request.socket.destroy()
      }
      if (act?.kind === 'delay') await setTimeout(act.milliseconds)
      if (act && strike(named(act), '', response, exchange.stampDate)) return await intake?.discard()
      const reply = await route.run({ exchange, caller, parameters, body, intake })
      if (act && strike(named(act), '-after', response, exchange.stampDate)) return
      exchange.stampDate()
      if ('results' in reply) return await sendResults(response, reply.results, act)
      for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value)
      sendText(response, 200, 'application/json', JSON.stringify(reply.json))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      exchange.stampDate()
      sendError(response, withRequestId(error.wire, requestId))
    }
  }
  return { handle, close: late.close }
}

async function bodyOf(desk: Desk, exchange: Exchange, route: Route): Promise<{ body: unknown; intake: Intake | null }> {
  const total = Number(exchange.request.headers['content-length'] ?? 0)
  if (route.operation === 'create') {
    const act = desk.switchboard.wire('create', ({ kind }) => kind === 'cut-upload')
    const cutAt = act?.kind === 'cut-upload' ? Math.floor(total * act.share) : undefined
    return { body: undefined, intake: await receive(desk, exchange, cutAt) }
  }
  if (route.operation === 'upload') return { body: undefined, intake: null } // read by its route, to disk
  const bytes = await wholeBody(exchange.request, exchange.idleBodyTimeoutMs)
  if (bytes.length > callBytesMax) throw new Refusal(tooLarge)
  return { body: parsedJson(bytes), intake: null }
}

/** Some acts belong to one kind of call; a cut of the body was asked for before it was read. */
function fits(act: WireAct, operation: Operation): boolean {
  if (act.kind === 'cut-upload' || act.kind === 'fresh-file') return false
  if (act.kind === 'land-late') return operation === 'create'
  if (act.kind === 'cut-download' || act.kind === 'short-download') return operation === 'content'
  return true
}

function routeFor(routes: readonly Route[], { method, path }: Exchange): { route: Route; parameters: string[] } {
  for (const route of routes) {
    if (route.method !== method) continue
    const found = route.path.exec(path)
    if (found) return { route, parameters: found.slice(1) }
  }
  throw new Refusal({ type: 'not_found_error', message: 'Not found' })
}
