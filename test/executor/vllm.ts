import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface VllmLaw {
  /** Tokens of answers a second that one request gets, alone or beside a few. */
  readonly perRequest: number
  /** Requests that get so much at once; more share what these have. */
  readonly full: number
  /** Requests that run at once; more wait. Default: any number. */
  readonly places?: number
  readonly metrics?: boolean
  /** It knows `ignore_eos`. Default true. */
  readonly ignoresEnd?: boolean
}

/** An engine that answers, measures and lets go as vLLM does, and whose speed is known. */
export interface Vllm extends AsyncDisposable {
  readonly url: string
  /** Requests of others that wait there. */
  othersWaiting: number
  readonly asked: { readonly at: number; readonly body: Record<string, unknown> }[]
  /** Requests that were given up by whoever sent them. */
  readonly aborted: () => number
}

interface Running {
  readonly response: ServerResponse
  readonly body: Record<string, unknown>
  readonly wanted: number
  made: number
}

const TICK_MS = 5
const PROMPT_TOKENS = 200

export async function vllm({
  perRequest,
  full,
  places = Number.POSITIVE_INFINITY,
  metrics = true,
  ignoresEnd = true,
}: VllmLaw): Promise<Vllm> {
  const running = new Set<Running>()
  const waiting: Running[] = []
  const asked: { at: number; body: Record<string, unknown> }[] = []
  let aborted = 0
  let last = performance.now()
  const self = { othersWaiting: 0 }

  const tick = (): void => {
    const now = performance.now()
    const each = (Math.min(1, full / Math.max(1, running.size)) * perRequest * (now - last)) / 1000
    last = now
    for (const one of running) {
      one.made += each
      if (one.made < one.wanted) continue
      running.delete(one)
      reply(one.response, 200, answerTo(one))
    }
    while (waiting.length > 0 && running.size < places) running.add(waiting.shift() as Running)
  }
  const clock = setInterval(tick, TICK_MS)

  const complete = (body: Record<string, unknown>, response: ServerResponse): void => {
    if (body['model'] !== 'qwen')
      return reply(response, 404, error('NotFoundError', `The model \`${body['model']}\` does not exist.`))
    if ('ignore_eos' in body && !ignoresEnd)
      return reply(response, 400, error('BadRequestError', 'Extra inputs are not permitted'))
    asked.push({ at: performance.now(), body })
    const one = { response, body, wanted: Number(body['max_completion_tokens'] ?? body['max_tokens'] ?? 16), made: 0 }
    // It goes on until the end of the answer, unless whoever asked hangs up.
    response.on('close', () => {
      if (response.writableEnded) return
      aborted++
      running.delete(one)
      const at = waiting.indexOf(one)
      if (at >= 0) waiting.splice(at, 1)
    })
    if (running.size < places) running.add(one)
    else waiting.push(one)
  }
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (request.url === '/metrics' && metrics) {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
      response.end(
        `vllm:num_requests_running{engine="0",model_name="qwen"} ${running.size}.0\n` +
          `vllm:num_requests_waiting{engine="0",model_name="qwen"} ${waiting.length + self.othersWaiting}.0\n`,
      )
    } else if (request.url === '/v1/models') {
      reply(response, 200, { object: 'list', data: [{ id: 'qwen', object: 'model', owned_by: 'vllm' }] })
    } else if (request.url === '/v1/chat/completions') complete(JSON.parse(Buffer.concat(chunks).toString()), response)
    else reply(response, 404, { detail: 'Not Found' })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    aborted: () => aborted,
    get othersWaiting() {
      return self.othersWaiting
    },
    set othersWaiting(value) {
      self.othersWaiting = value
    },
    async [Symbol.asyncDispose]() {
      clearInterval(clock)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function reply(response: ServerResponse, status: number, json: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
}

const error = (type: string, message: string) => ({ object: 'error', message, type, param: null, code: 400 })

const answerTo = ({ wanted }: Running) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_790_000_000,
  model: 'qwen',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'and on '.repeat(8), tool_calls: [] },
      logprobs: null,
      finish_reason: 'length',
      stop_reason: null,
    },
  ],
  usage: {
    prompt_tokens: PROMPT_TOKENS,
    total_tokens: PROMPT_TOKENS + wanted,
    completion_tokens: wanted,
    prompt_tokens_details: null,
  },
  prompt_logprobs: null,
})
