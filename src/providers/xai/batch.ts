import { parseExact } from '../../dialects/exact-json.ts'
import { VendorUnavailable } from '../../domain/errors.ts'
import type { HttpAnswer } from '../../kit/http.ts'
import { type BatchLane, type Call, type RemoteFile, type ResultStream, ResultsGone } from '../contract.ts'
import { at, textAt } from '../file-lane/fields.ts'
import { ask, type FileVendor, fileLane, succeeded, unexpected } from '../file-lane/lane.ts'
import { limits } from './limits.ts'
import { rowOf, tokenQuery, wire } from './wire.ts'

const vendor: FileVendor = {
  label: 'xAI',
  limits,
  wire,
  baseUrlVariable: 'XAI_BASE_URL',
  basePath: '/v1',
  mark: 'metadata',
}
const lane = fileLane(vendor)
export const { check } = lane

/** Results are pages of the batch, and no files. */
export const batch: BatchLane = {
  ...lane.batch,
  open,
  countsGrow: true,
  remove: async (call, id) => (isBatch(id) ? undefined : lane.batch.remove(call, id)),
}

const isBatch = (id: string): boolean => id.startsWith('batch')
const pageRows = 200
const pageBytesMax = 256 * 1024 * 1024

/** The first page is asked for before anything is promised. */
async function open(call: Call, { id }: RemoteFile): Promise<ResultStream> {
  const first = await page(call, id, undefined)
  return {
    bytes: null,
    body: (async function* () {
      for (let next: Results | undefined = first; next !== undefined; ) {
        yield Buffer.from(next.rows.map((row) => `${JSON.stringify(rowOf(row))}\n`).join(''))
        const { token }: Results = next
        next = token === null ? undefined : await page(call, id, token)
        if (next !== undefined && next.token === token)
          throw new VendorUnavailable(`The vendor repeats one page of the results of ${id} for ever.`)
      }
    })(),
  }
}

interface Results {
  readonly rows: readonly unknown[]
  readonly token: string | null
}

async function page(call: Call, id: string, token: string | undefined): Promise<Results> {
  const path = `${wire.batchesPath}/${encodeURIComponent(id)}/results${tokenQuery(pageRows, token)}`
  const answer: HttpAnswer = await ask(vendor, call, 'GET', path, { answerBytesMax: pageBytesMax })
  if (answer.status === 404 && answer.json !== undefined)
    throw new ResultsGone(`xAI no longer has the results of ${id}.`, { status: 404 })
  const value = succeeded(answer) && answer.json !== undefined ? parseExact(answer.text).value : undefined
  const rows = at(value, 'results')
  if (Array.isArray(rows)) return { rows, token: textAt(value, 'pagination_token') }
  throw unexpected(vendor, answer, `the results of ${id}`)
}
