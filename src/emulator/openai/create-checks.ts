import { isJson } from '../json.ts'
import { endpoints } from './answers.ts'
import { invalid, missingParameter, Refusal } from './errors.ts'
import { articleOf, limits } from './validate.ts'

const known = new Set(['input_file_id', 'endpoint', 'completion_window', 'metadata', 'output_expires_after'])

export interface BatchRequest {
  readonly inputFileId: string
  readonly endpoint: string
  readonly metadata: Record<string, string> | null
  readonly outputExpiresAfter: number
}

/** @throws Refusal with the vendor's 400 for the first thing that is wrong */
export function checkedRequest(body: unknown): BatchRequest {
  if (!isJson(body)) throw new Refusal(invalid('We could not parse the JSON body of your request.'))
  for (const name of ['input_file_id', 'endpoint', 'completion_window']) {
    if (body[name] === undefined || body[name] === null) throw new Refusal(missingParameter(name))
    if (typeof body[name] !== 'string') {
      throw new Refusal(
        invalid(
          `Invalid type for '${name}': expected a string, but got ${articleOf(body[name])} instead.`,
          name,
          'invalid_type',
        ),
      )
    }
  }
  for (const name of Object.keys(body)) {
    if (!known.has(name)) throw new Refusal(invalid(`Unknown parameter: '${name}'.`, name, 'unknown_parameter'))
  }
  const supported = Object.keys(endpoints).map((endpoint) => `'${endpoint}'`)
  oneOf('endpoint', String(body['endpoint']), supported)
  oneOf('completion_window', String(body['completion_window']), ["'24h'"])
  return {
    inputFileId: String(body['input_file_id']),
    endpoint: String(body['endpoint']),
    metadata: checkedMetadata(body['metadata']),
    outputExpiresAfter: checkedExpiry(body['output_expires_after'], 'output_expires_after') ?? 2_592_000,
  }
}

function oneOf(name: string, value: string, supported: readonly string[]): void {
  if (supported.includes(`'${value}'`)) return
  const last = supported.at(-1)
  const listed = supported.length > 1 ? `${supported.slice(0, -1).join(', ')}, and ${last}` : last
  throw new Refusal(invalid(`Invalid value: '${value}'. Supported values are: ${listed}.`, name, 'invalid_value'))
}

function checkedMetadata(metadata: unknown): Record<string, string> | null {
  if (metadata === undefined || metadata === null) return null
  if (!isJson(metadata)) {
    throw new Refusal(
      invalid(
        `Invalid type for 'metadata': expected an object, but got ${articleOf(metadata)} instead.`,
        'metadata',
        'invalid_type',
      ),
    )
  }
  const pairs = Object.entries(metadata)
  if (pairs.length > limits.metadataPairsMax) {
    throw new Refusal(
      invalid(
        `Invalid 'metadata': too many properties. Expected an object with at most ${limits.metadataPairsMax} properties, but got an object with ${pairs.length} properties instead.`,
        'metadata',
        'object_above_max_properties',
      ),
    )
  }
  for (const [key, value] of pairs) {
    const param = `metadata.${key}`
    if (key.length > limits.metadataKeyMax) {
      throw new Refusal(
        invalid(
          `Invalid property name in 'metadata': '${key.slice(0, 16)}...' is too long. Expected a property name with maximum length ${limits.metadataKeyMax}, but got one with length ${key.length} instead.`,
          'metadata',
          'property_name_above_max_length',
        ),
      )
    }
    if (typeof value !== 'string') {
      throw new Refusal(
        invalid(
          `Invalid type for '${param}': expected a string, but got ${articleOf(value)} instead.`,
          param,
          'invalid_type',
        ),
      )
    }
    if (value.length > limits.metadataValueMax) {
      throw new Refusal(
        invalid(
          `Invalid '${param}': string too long. Expected a string with maximum length ${limits.metadataValueMax}, but got a string with length ${value.length} instead.`,
          param,
          'string_above_max_length',
        ),
      )
    }
  }
  return metadata as Record<string, string>
}

/** `expires_after` of a file, `output_expires_after` of a batch: one hour to thirty days after creation. */
export function checkedExpiry(value: unknown, name: string): number | undefined {
  if (value === undefined || value === null) return undefined
  if (!isJson(value))
    throw new Refusal(
      invalid(
        `Invalid type for '${name}': expected an object, but got ${articleOf(value)} instead.`,
        name,
        'invalid_type',
      ),
    )
  if (value['anchor'] !== 'created_at') {
    throw new Refusal(
      invalid(
        `Invalid value: '${String(value['anchor'])}'. Supported values are: 'created_at'.`,
        `${name}.anchor`,
        'invalid_value',
      ),
    )
  }
  const seconds = Number(value['seconds'])
  if (!Number.isInteger(seconds) || seconds < 3600) {
    throw new Refusal(
      invalid(
        `Invalid '${name}.seconds': integer below minimum value. Expected a value >= 3600, but got ${String(value['seconds'])} instead.`,
        `${name}.seconds`,
        'integer_below_min_value',
      ),
    )
  }
  if (seconds > 2_592_000) {
    throw new Refusal(
      invalid(
        `Invalid '${name}.seconds': integer above maximum value. Expected a value <= 2592000, but got ${seconds} instead.`,
        `${name}.seconds`,
        'integer_above_max_value',
      ),
    )
  }
  return seconds
}
