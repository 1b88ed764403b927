import { modelNamed as claudeNamed } from '../anthropic/models.ts'
import { invalidArgument, notJson, Refusal, unknownField } from '../gemini/errors.ts'
import { modelNamed as geminiNamed } from '../gemini/models.ts'
import { field, strangeKey } from '../gemini/proto-json.ts'
import { isJson, type Json, list } from '../json.ts'
import { type JobModel, parsedUri } from './desk.ts'

const jobFields = new Set(
  (
    'name displayName model modelVersionId unmanagedContainerModel inputConfig instanceConfig modelParameters ' +
    'outputConfig dedicatedResources serviceAccount manualBatchTuningParameters generateExplanation explanationSpec ' +
    'outputInfo state error partialFailures resourcesConsumed completionStats createTime startTime endTime updateTime ' +
    'labels encryptionSpec disableContainerLogging'
  ).split(' '),
)

export interface JobRequest {
  readonly displayName: string
  readonly modelName: string
  readonly model: JobModel
  readonly labels: Readonly<Record<string, string>> | undefined
  readonly inputUri: string
  readonly outputPrefix: string
}

/** @throws Refusal with the vendor's 400 for the first thing that is wrong */
export function checkedJob(body: unknown, isGone: (model: JobModel) => boolean): JobRequest {
  if (!isJson(body)) throw new Refusal(notJson())
  const strange = strangeKey(body, jobFields)
  if (strange !== undefined) throw new Refusal(unknownField(strange, 'batch_prediction_job'))
  const displayName = field(body, 'displayName')
  if (typeof displayName !== 'string' || displayName === '' || displayName.length > 128) {
    throw new Refusal(
      invalidArgument('List of found errors:\t1.Field: display_name; Message: Required field is not set.\t'),
    )
  }
  const modelName = String(body['model'] ?? '')
  const model = jobModel(modelName)
  if (!model || isGone(model)) {
    throw new Refusal(invalidArgument(`The model ${modelName} does not support batch prediction.`))
  }
  return {
    displayName,
    modelName,
    model,
    labels: checkedLabels(body['labels']),
    inputUri: inputUri(section(body, 'inputConfig')),
    outputPrefix: outputPrefix(section(body, 'outputConfig')),
  }
}

/** Models of Google and of Anthropic that have a batch price. */
export function jobModel(name: string): JobModel | undefined {
  const [, publisher, id = ''] = /^publishers\/(google|anthropic)\/models\/([^/]+)$/.exec(name) ?? []
  if (publisher === 'google') {
    const model = geminiNamed(id)
    return model?.batchable && !model.embeds ? { publisher, model } : undefined
  }
  // `claude-x@20250929` names a version.
  const model = publisher === 'anthropic' ? claudeNamed(id.replace(/@.*$/, '')) : undefined
  return model?.entry.prices.batch ? { publisher: 'anthropic', model } : undefined
}

function section(body: Json, name: string): Json {
  const value = field(body, name)
  if (!isJson(value)) throw new Refusal(invalidArgument(`${name} is required.`))
  return value
}

function inputUri(config: Json): string {
  const format = field(config, 'instancesFormat')
  const source = field(config, 'gcsSource')
  if (format !== 'jsonl' || !isJson(source)) {
    throw new Refusal(
      invalidArgument(`Instances format ${String(format)} is not emulated: only jsonl from gcs_source is.`),
    )
  }
  const uris = list(source['uris'])
  const [uri] = uris
  if (uris.length !== 1 || typeof uri !== 'string') {
    throw new Refusal(invalidArgument('Exactly one input URI is supported for this model.'))
  }
  if (!parsedUri(uri)?.name) throw new Refusal(invalidArgument(`Invalid Google Cloud Storage URI: ${uri}.`))
  return uri
}

function outputPrefix(config: Json): string {
  const format = field(config, 'predictionsFormat')
  const destination = field(config, 'gcsDestination')
  if (format !== 'jsonl' || !isJson(destination)) {
    throw new Refusal(
      invalidArgument(`Predictions format ${String(format)} is not emulated: only jsonl to gcs_destination is.`),
    )
  }
  const prefix = field(destination, 'outputUriPrefix')
  if (typeof prefix !== 'string' || !parsedUri(prefix)) {
    throw new Refusal(invalidArgument(`Invalid Google Cloud Storage URI: ${String(prefix)}.`))
  }
  return prefix
}

function checkedLabels(labels: unknown): Readonly<Record<string, string>> | undefined {
  if (labels === undefined) return undefined
  if (!isJson(labels)) throw new Refusal(invalidArgument('labels must be a map of text to text.'))
  const problem = labelsProblem(labels)
  if (problem !== undefined) throw new Refusal(invalidArgument(problem))
  return labels as Record<string, string>
}

/** Keys and values are lower-case letters, digits, `_` and `-`, at most 63 of them; a key begins with a letter. */
export function labelsProblem(labels: Json): string | undefined {
  const pairs = Object.entries(labels)
  if (pairs.length > 64) return 'No more than 64 labels are allowed.'
  for (const [key, value] of pairs) {
    if (!/^[a-z][a-z0-9_-]{0,62}$/.test(key)) return `Label key ${JSON.stringify(key)} is invalid.`
    if (typeof value !== 'string' || !/^[a-z0-9_-]{0,63}$/.test(value)) {
      return `Value ${JSON.stringify(value)} of label ${JSON.stringify(key)} is invalid.`
    }
  }
  return undefined
}
