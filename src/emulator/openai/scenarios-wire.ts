import { type Reader, type Scenario, ScenarioUnknown } from '../scenarios.ts'
import { forbidden, insufficientQuota, overloaded, rateLimited, serverError, slowDown, wrongKey } from './errors.ts'
import { type OpenAiFaults, type Operation, operations, type WireAct } from './faults.ts'

const html =
  '<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>'

/** A fault of fixed calls. */
const on =
  (operation: Operation, act: (read: Reader) => WireAct) =>
  (read: Reader): OpenAiFaults => ({
    wire: [{ on: [operation], act: act(read) }],
  })

/** A fault of the calls named by the parameter `on`: `any`, or names joined by `|`. */
const onNamed =
  (act: (read: Reader) => WireAct) =>
  (read: Reader): OpenAiFaults => {
    const text = read.text('on')
    const named = text === 'any' ? operations : text.split('|').map(operationNamed)
    return { wire: [{ on: named, act: act(read) }] }
  }

function operationNamed(name: string): Operation {
  const found = operations.find((operation) => operation === name)
  if (!found)
    throw new ScenarioUnknown(`There is no call ${JSON.stringify(name)}; known: any, ${operations.join(', ')}.`)
  return found
}

const page = (status: number): WireAct => ({ kind: 'page', status, contentType: 'text/html', text: html })
const busy = () => rateLimited('Rate limit reached for requests. Please try again in 1s.', 1)

/** Troubles of single calls. `times` counts calls; `after` lets so many pass first. */
export const wireScenarios: readonly Scenario<OpenAiFaults>[] = [
  {
    name: 'create-response-lost',
    parameters: { times: '1', after: '0' },
    summary: 'The batch is created, but the connection is reset before the answer.',
    faults: on('create', () => ({ kind: 'reset-after' })),
  },
  {
    name: 'create-hangs',
    parameters: { times: '1', after: '0' },
    summary: 'The batch is created, but the answer never comes.',
    faults: on('create', () => ({ kind: 'hang-after' })),
  },
  {
    name: 'create-500-created',
    parameters: { times: '1', after: '0' },
    summary: 'The create is answered with 500, and the batch exists all the same.',
    faults: on('create', () => ({ kind: 'answer-after', error: serverError() })),
  },
  {
    name: 'create-500-refused',
    parameters: { times: '1', after: '0' },
    summary: 'The create is answered with 500, and no batch exists.',
    faults: on('create', () => ({ kind: 'answer', error: serverError() })),
  },
  {
    name: 'create-garbage-created',
    parameters: { times: '1', after: '0' },
    summary: 'The create is answered with 200 and a web page, and the batch exists.',
    faults: on('create', () => ({ ...page(200), kind: 'page-after' }) as WireAct),
  },
  {
    name: 'create-reset',
    parameters: { times: '1', after: '0' },
    summary: 'The connection is reset before the create is read, and no batch exists.',
    faults: on('create', () => ({ kind: 'reset' })),
  },
  {
    name: 'create-lands-late',
    parameters: { seconds: '90', times: '1', after: '0' },
    summary:
      'The connection is reset, and the batch is created only so many seconds later: if its input file is still there.',
    faults: on('create', (read) => ({ kind: 'land-late', seconds: read.number('seconds') })),
  },
  {
    name: 'create-429',
    parameters: { times: '2', after: '0' },
    summary: 'Creates are refused with 429 rate_limit_exceeded and retry-after.',
    faults: on('create', () => ({ kind: 'answer', error: busy() })),
  },
  {
    name: 'insufficient-quota',
    parameters: { times: '1', after: '0' },
    summary: 'Creates are refused with 429 insufficient_quota: the account is out of money, and waiting will not help.',
    source: 'error-codes guide',
    faults: on('create', () => ({ kind: 'answer', error: insufficientQuota() })),
  },
  {
    name: 'upload-race',
    parameters: { seconds: '2', times: '2' },
    summary: 'A create within so many seconds of the upload gets 400 "Cannot find file".',
    source: 'github.com/bespokelabsai/curator issue 116',
    faults: on('create', (read) => ({ kind: 'fresh-file', seconds: read.number('seconds') })),
  },
  {
    name: 'drop-upload',
    parameters: { share: '0.5', times: '1', after: '0' },
    summary: 'The connection drops in the middle of an upload.',
    faults: on('upload', (read) => ({ kind: 'cut-upload', share: read.number('share') })),
  },
  {
    name: 'drop-download',
    parameters: { share: '0.5', times: '1', after: '0' },
    summary: 'The connection drops in the middle of a download: content-length promised more.',
    faults: on('content', (read) => ({ kind: 'cut-download', share: read.number('share') })),
  },
  {
    name: 'short-download',
    parameters: { share: '0.5', times: '1', after: '0' },
    summary: 'A download ends early with a content-length that agrees: only the counts can tell.',
    faults: on('content', (read) => ({ kind: 'short-download', share: read.number('share') })),
  },
  {
    name: 'content-502',
    parameters: { times: '2', after: '0' },
    summary: 'Downloads of results fail with a 502 web page.',
    source: 'community.openai.com, tag batch-api: "Retrieve file content always fails with 502"',
    faults: on('content', () => page(502)),
  },
  {
    name: 'storm-429',
    parameters: { times: '5', on: 'any', after: '0' },
    summary: 'Calls are refused with 429 rate_limit_exceeded and retry-after: 1.',
    faults: onNamed(() => ({ kind: 'answer', error: busy() })),
  },
  {
    name: 'slow-down',
    parameters: { times: '1', on: 'any', after: '0' },
    summary: 'Calls are refused with 429 slow_down and retry-after: 15.',
    source: 'error-codes guide',
    faults: onNamed(() => ({ kind: 'answer', error: slowDown() })),
  },
  {
    name: 'storm-500',
    parameters: { times: '5', on: 'any', after: '0' },
    summary: 'Calls fail with 500 and have no effect.',
    faults: onNamed(() => ({ kind: 'answer', error: serverError() })),
  },
  {
    name: 'storm-503',
    parameters: { times: '5', on: 'any', after: '0' },
    summary: 'Calls fail with 503 server_is_overloaded and have no effect.',
    source: 'error-codes guide',
    faults: onNamed(() => ({ kind: 'answer', error: overloaded() })),
  },
  {
    name: 'html-200',
    parameters: { times: '2', on: 'any', after: '0' },
    summary: 'Calls are answered with 200 and a web page, as by a captive proxy, and have no effect.',
    faults: onNamed(() => page(200)),
  },
  {
    name: 'html-502',
    parameters: { times: '2', on: 'any', after: '0' },
    summary: 'Calls are answered with a 502 web page instead of the error envelope.',
    faults: onNamed(() => page(502)),
  },
  {
    name: 'garbage-json',
    parameters: { times: '2', on: 'any', after: '0' },
    summary: 'Calls are answered with 200 and JSON that breaks off, and have no effect.',
    faults: onNamed(() => ({ kind: 'page', status: 200, contentType: 'application/json', text: '{"id":"batch_' })),
  },
  {
    name: 'resets',
    parameters: { times: '3', on: 'any', after: '0' },
    summary: 'The connection is reset before the call is read.',
    faults: onNamed(() => ({ kind: 'reset' })),
  },
  {
    name: 'slow-answers',
    parameters: { milliseconds: '300', times: 'always', on: 'any', after: '0' },
    summary: 'Every answer takes so many real milliseconds longer.',
    faults: onNamed((read) => ({ kind: 'delay', milliseconds: read.number('milliseconds') })),
  },
  {
    name: 'wrong-key',
    parameters: { times: 'always', on: 'any', after: '0' },
    summary: 'Every key is refused with 401 invalid_api_key; with `after`, it is revoked in mid-flight.',
    faults: onNamed(() => ({ kind: 'answer', error: wrongKey('sk-proj-00000000000000000000EXAM') })),
  },
  {
    name: 'forbidden',
    parameters: { times: 'always', on: 'any', after: '0' },
    summary: 'Calls are refused with 403: the key lacks a permission.',
    faults: onNamed(() => ({ kind: 'answer', error: forbidden() })),
  },
]
