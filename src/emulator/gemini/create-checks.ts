import { isJson, type Json, list } from '../json.ts'
import { invalidArgument, notJson, Refusal, unknownField } from './errors.ts'
import { field, strangeKey } from './proto-json.ts'

/** Fields of a batch; those the vendor fills in itself are taken and ignored. */
const batchFields = new Set(
  'name model displayName inputConfig output createTime endTime updateTime batchStats state priority webhookConfig'.split(
    ' ',
  ),
)

export interface BatchRequest {
  readonly displayName: string | undefined
  readonly priority: string | undefined
  /** `files/…`, or the requests themselves. */
  readonly fileName: string | undefined
  readonly requests: readonly Json[] | undefined
}

/** @throws Refusal for the first thing that is wrong with the body of a create */
export function checkedBatch(body: unknown): BatchRequest {
  if (!isJson(body)) throw new Refusal(notJson())
  refuseStrange(body, new Set(['batch']), '')
  const batch = body['batch']
  if (!isJson(batch)) throw new Refusal(invalidArgument('* BatchGenerateContentRequest.batch: batch is required\n'))
  refuseStrange(batch, batchFields, 'batch')
  const config = field(batch, 'inputConfig')
  if (!isJson(config)) throw new Refusal(invalidArgument('* Batch.input_config: input_config is required\n'))
  refuseStrange(config, new Set(['fileName', 'requests']), 'batch.input_config')
  const fileName = field(config, 'fileName')
  const requests = field(config, 'requests')
  if ((fileName === undefined) === (requests === undefined)) {
    throw new Refusal(invalidArgument('* Batch.input_config: exactly one of file_name and requests must be set\n'))
  }
  const displayName = field(batch, 'displayName')
  const priority = field(batch, 'priority')
  return {
    displayName: displayName === undefined ? undefined : String(displayName),
    priority: priority === undefined ? undefined : String(priority),
    fileName: fileName === undefined ? undefined : String(fileName),
    requests: requests === undefined ? undefined : inlined(requests),
  }
}

function inlined(requests: unknown): readonly Json[] {
  // Two levels of one name: a message called requests, and in it the list.
  if (!isJson(requests)) throw new Refusal(notJson())
  refuseStrange(requests, new Set(['requests']), 'batch.input_config.requests')
  const items = list(requests['requests'])
  if (items.length === 0) throw new Refusal(invalidArgument('* InlinedRequests.requests: must not be empty\n'))
  for (const [index, item] of items.entries()) {
    const at = `batch.input_config.requests.requests[${index}]`
    if (!isJson(item)) throw new Refusal(notJson())
    refuseStrange(item, new Set(['request', 'metadata']), at)
  }
  return items as readonly Json[]
}

function refuseStrange(json: Json, known: ReadonlySet<string>, at: string): void {
  const strange = strangeKey(json, known)
  if (strange !== undefined) throw new Refusal(unknownField(strange, at))
}
