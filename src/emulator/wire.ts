import { createReadStream } from 'node:fs'
import type { ServerResponse } from 'node:http'
import type { Clock } from './clock.ts'
import { sendText } from './server.ts'

/** An answer that is not what was asked for, in a vendor's own envelope. */
export interface WireError {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** What goes wrong on the wire. `-after` means that the call has its effect first. */
export type WireAct =
  | { readonly kind: 'answer' | 'answer-after'; readonly error: WireError }
  | {
      readonly kind: 'page' | 'page-after'
      readonly status: number
      readonly contentType: string
      readonly text: string
    }
  | { readonly kind: 'reset' | 'reset-after' | 'hang' | 'hang-after' }
  | { readonly kind: 'delay'; readonly milliseconds: number }
  | { readonly kind: 'land-late'; readonly seconds: number }
  | { readonly kind: 'fresh-file'; readonly seconds: number }
  | { readonly kind: 'cut-upload'; readonly share: number }
  | { readonly kind: 'cut-download' | 'short-download'; readonly share: number }

/** The page of a proxy that has nothing behind it. */
export const badGatewayPage =
  '<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>'

export function sendError(response: ServerResponse, error: WireError): void {
  for (const [name, value] of Object.entries(error.headers ?? {})) response.setHeader(name, value)
  sendText(response, error.status, 'application/json', JSON.stringify(error.body))
}

/**
 * @param moment  before the call had its effect, or after
 * @param stamp   called before anything is answered
 * @returns       whether the call ends here
 */
export function strike(act: WireAct, moment: '' | '-after', response: ServerResponse, stamp: () => void): boolean {
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

/** Bytes that are sent as they are, a part of a file or all of it. */
export interface SentFile {
  readonly path: string
  readonly bytes: number
  readonly status?: number
  /** Where to begin; `bytes` are counted from there. */
  readonly start?: number
  readonly headers: Readonly<Record<string, string>>
}

export function sendFile(response: ServerResponse, file: SentFile, act: WireAct | undefined): void {
  const cut = act?.kind === 'cut-download' || act?.kind === 'short-download' ? act : undefined
  const sent = cut ? Math.floor(file.bytes * cut.share) : file.bytes
  const promised = cut?.kind === 'short-download' ? sent : file.bytes
  response.writeHead(file.status ?? 200, { ...file.headers, 'content-length': promised })
  if (sent === 0) {
    if (promised > 0) response.socket?.destroy()
    else response.end()
    return
  }
  const start = file.start ?? 0
  const stream = createReadStream(file.path, { start, end: start + sent - 1, highWaterMark: 1 << 20 })
  stream.on('error', () => response.destroy())
  response.on('close', () => stream.destroy())
  if (sent === promised) return void stream.pipe(response)
  stream.pipe(response, { end: false })
  // Let what was sent reach the client, then drop the line: the promise of the header stays unkept.
  stream.on('end', () => globalThis.setTimeout(() => response.socket?.destroy(), 20))
}

/** Calls that are still on their way, for the scenario in which one lands long after its client gave up. */
export interface LateCalls {
  add(seconds: number, land: () => Promise<unknown>): void
  /** Lands what is due by emulated time; asked before every call, as a test may have made the clock jump. */
  landDue(): Promise<void>
  close(): void
}

export function createLateCalls(clock: Clock): LateCalls {
  const timers = new Set<NodeJS.Timeout>()
  let late: { at: number; land: () => Promise<unknown> }[] = []
  const landDue = async () => {
    const due = late.filter(({ at }) => at <= clock.now())
    late = late.filter((each) => !due.includes(each))
    for (const { land } of due) await land().catch(() => undefined)
  }
  return {
    add(seconds, land) {
      late.push({ at: clock.now() + seconds * 1000, land })
      const timer = globalThis.setTimeout(
        () => void landDue().finally(() => timers.delete(timer)),
        (seconds * 1000) / clock.speed + 1,
      )
      timers.add(timer)
    },
    landDue,
    close() {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
