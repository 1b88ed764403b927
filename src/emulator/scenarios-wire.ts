import { type Reader, type Scenario, ScenarioUnknown } from './scenarios.ts'
import type { WireFault } from './switchboard.ts'
import { badGatewayPage, type WireAct, type WireError } from './wire.ts'

/** The calls of one vendor that the common troubles strike, and its words for them. */
export interface WireTroubles<Operation extends string> {
  readonly operations: readonly Operation[]
  /** The paid call; undefined where nothing is bought. */
  readonly create?: Operation
  readonly upload?: Operation
  readonly download?: Operation
  readonly busy: () => WireError
  readonly serverError: () => WireError
  readonly overloaded: () => WireError
  readonly wrongKey: () => WireError
  readonly forbidden: () => WireError
}

type OnTheWire<Operation> = Scenario<{ readonly wire: readonly WireFault<Operation, WireAct>[] }>

const page = (status: number): WireAct => ({ kind: 'page', status, contentType: 'text/html', text: badGatewayPage })

/** Troubles of single calls that any vendor may have. `times` counts calls; `after` lets so many pass first. */
export function wireScenarios<Operation extends string>(
  troubles: WireTroubles<Operation>,
): readonly OnTheWire<Operation>[] {
  return [...createScenarios(troubles), ...transferScenarios(troubles), ...stormScenarios(troubles)]
}

/** A fault of one fixed call; none where the vendor has no such call. */
export function onCall<Operation extends string>(
  operation: Operation,
  act: (read: Reader) => WireAct,
): OnTheWire<Operation>['faults'] {
  return (read) => ({ wire: [{ on: [operation], act: act(read) }] })
}

/** An answer outside a batch that is paid for and never comes: for vendors that have such calls. */
export function lostAnswer<Operation extends string>(answer: Operation): OnTheWire<Operation> {
  return {
    name: 'sync-lost',
    parameters: { times: '1', after: '0' },
    summary: 'A call outside a batch is answered and paid for, but the connection is reset before the answer.',
    faults: onCall(answer, () => ({ kind: 'reset-after' })),
  }
}

/** A fault of the calls named by the parameter `on`: `any`, or names joined by `|`. */
export function onNamed<Operation extends string>(
  operations: readonly Operation[],
  act: (read: Reader) => WireAct,
): OnTheWire<Operation>['faults'] {
  return (read) => {
    const text = read.text('on')
    const named = text === 'any' ? operations : text.split('|').map((name) => operationNamed(operations, name))
    return { wire: [{ on: named, act: act(read) }] }
  }
}

function operationNamed<Operation extends string>(operations: readonly Operation[], name: string): Operation {
  const found = operations.find((operation) => operation === name)
  if (!found)
    throw new ScenarioUnknown(`There is no call ${JSON.stringify(name)}; known: any, ${operations.join(', ')}.`)
  return found
}

function createScenarios<Operation extends string>(troubles: WireTroubles<Operation>): OnTheWire<Operation>[] {
  const { create } = troubles
  if (create === undefined) return []
  return [
    {
      name: 'create-response-lost',
      parameters: { times: '1', after: '0' },
      summary: 'The batch is created, but the connection is reset before the answer.',
      faults: onCall(create, () => ({ kind: 'reset-after' })),
    },
    {
      name: 'create-hangs',
      parameters: { times: '1', after: '0' },
      summary: 'The batch is created, but the answer never comes.',
      faults: onCall(create, () => ({ kind: 'hang-after' })),
    },
    {
      name: 'create-500-created',
      parameters: { times: '1', after: '0' },
      summary: 'The create is answered with 500, and the batch exists all the same.',
      faults: onCall(create, () => ({ kind: 'answer-after', error: troubles.serverError() })),
    },
    {
      name: 'create-500-refused',
      parameters: { times: '1', after: '0' },
      summary: 'The create is answered with 500, and no batch exists.',
      faults: onCall(create, () => ({ kind: 'answer', error: troubles.serverError() })),
    },
    {
      name: 'create-garbage-created',
      parameters: { times: '1', after: '0' },
      summary: 'The create is answered with 200 and a web page, and the batch exists.',
      faults: onCall(create, () => ({ ...page(200), kind: 'page-after' }) as WireAct),
    },
    {
      name: 'create-reset',
      parameters: { times: '1', after: '0' },
      summary: 'The connection is reset before the create is read, and no batch exists.',
      faults: onCall(create, () => ({ kind: 'reset' })),
    },
    {
      name: 'create-lands-late',
      parameters: { seconds: '90', times: '1', after: '0' },
      summary:
        'The connection is reset, and the batch is created only so many seconds later: if its input file is still there.',
      faults: onCall(create, (read) => ({ kind: 'land-late', seconds: read.number('seconds') })),
    },
    {
      name: 'create-429',
      parameters: { times: '2', after: '0' },
      summary: 'Creates are refused with 429 for a while.',
      faults: onCall(create, () => ({ kind: 'answer', error: troubles.busy() })),
    },
  ]
}

function transferScenarios<Operation extends string>({
  upload,
  download,
}: WireTroubles<Operation>): OnTheWire<Operation>[] {
  const scenarios: OnTheWire<Operation>[] = []
  if (upload !== undefined) {
    scenarios.push({
      name: 'drop-upload',
      parameters: { share: '0.5', times: '1', after: '0' },
      summary: 'The connection drops in the middle of an upload.',
      faults: onCall(upload, (read) => ({ kind: 'cut-upload', share: read.number('share') })),
    })
  }
  if (download !== undefined) {
    scenarios.push(
      {
        name: 'drop-download',
        parameters: { share: '0.5', times: '1', after: '0' },
        summary: 'The connection drops in the middle of a download: content-length promised more.',
        faults: onCall(download, (read) => ({ kind: 'cut-download', share: read.number('share') })),
      },
      {
        name: 'short-download',
        parameters: { share: '0.5', times: '1', after: '0' },
        summary: 'A download ends early with a content-length that agrees: only the counts can tell.',
        faults: onCall(download, (read) => ({ kind: 'short-download', share: read.number('share') })),
      },
      {
        name: 'content-502',
        parameters: { times: '2', after: '0' },
        summary: 'Downloads of results fail with a 502 web page.',
        source: 'community.openai.com, tag batch-api: "Retrieve file content always fails with 502"',
        faults: onCall(download, () => page(502)),
      },
    )
  }
  return scenarios
}

function stormScenarios<Operation extends string>(troubles: WireTroubles<Operation>): OnTheWire<Operation>[] {
  const { operations } = troubles
  return [
    {
      name: 'storm-429',
      parameters: { times: '5', on: 'any', after: '0' },
      summary: 'Calls are refused with 429 for a while.',
      faults: onNamed(operations, () => ({ kind: 'answer', error: troubles.busy() })),
    },
    {
      name: 'storm-500',
      parameters: { times: '5', on: 'any', after: '0' },
      summary: 'Calls fail with 500 and have no effect.',
      faults: onNamed(operations, () => ({ kind: 'answer', error: troubles.serverError() })),
    },
    {
      name: 'storm-503',
      parameters: { times: '5', on: 'any', after: '0' },
      summary: 'Calls fail because the vendor is overloaded (503, or its own number), and have no effect.',
      faults: onNamed(operations, () => ({ kind: 'answer', error: troubles.overloaded() })),
    },
    {
      name: 'html-200',
      parameters: { times: '2', on: 'any', after: '0' },
      summary: 'Calls are answered with 200 and a web page, as by a captive proxy, and have no effect.',
      faults: onNamed(operations, () => page(200)),
    },
    {
      name: 'html-502',
      parameters: { times: '2', on: 'any', after: '0' },
      summary: 'Calls are answered with a 502 web page instead of the error envelope.',
      faults: onNamed(operations, () => page(502)),
    },
    {
      name: 'garbage-json',
      parameters: { times: '2', on: 'any', after: '0' },
      summary: 'Calls are answered with 200 and JSON that breaks off, and have no effect.',
      faults: onNamed(operations, () => ({
        kind: 'page',
        status: 200,
        contentType: 'application/json',
        text: '{"id":"batch_',
      })),
    },
    {
      name: 'resets',
      parameters: { times: '3', on: 'any', after: '0' },
      summary: 'The connection is reset before the call is read.',
      faults: onNamed(operations, () => ({ kind: 'reset' })),
    },
    {
      name: 'slow-answers',
      parameters: { milliseconds: '300', times: 'always', on: 'any', after: '0' },
      summary: 'Every answer takes so many real milliseconds longer.',
      faults: onNamed(operations, (read) => ({ kind: 'delay', milliseconds: read.number('milliseconds') })),
    },
    {
      name: 'wrong-key',
      parameters: { times: 'always', on: 'any', after: '0' },
      summary: 'Every key is refused as unknown; with `after`, it is revoked in mid-flight.',
      faults: onNamed(operations, () => ({ kind: 'answer', error: troubles.wrongKey() })),
    },
    {
      name: 'forbidden',
      parameters: { times: 'always', on: 'any', after: '0' },
      summary: 'Calls are refused with 403: the key lacks a permission.',
      faults: onNamed(operations, () => ({ kind: 'answer', error: troubles.forbidden() })),
    },
  ]
}
