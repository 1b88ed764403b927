import { UsageError } from '../../domain/errors.ts'
import type { AccountSetup, Call } from '../contract.ts'
import { tokensFrom } from './tokens.ts'

type Environment = Readonly<Record<string, string | undefined>>

export const tokenVariable = 'GOOGLE_ACCESS_TOKEN'
const bucketVariable = 'REDEYE_VERTEX_BUCKET'

/** Where objects lie, and at which door of Cloud Storage. */
export interface Storage {
  /** Without a slash at its end. */
  readonly url: string
  readonly bucket: string
  /** Of all names of ours, without a slash at its end. */
  readonly folder: string
}

/** Project and location by the variables of the official SDK, the bucket by one of ours. */
export function accountFrom(environment: Environment): AccountSetup {
  const of = (name: string): string => environment[name]?.trim() ?? ''
  const project = of('GOOGLE_CLOUD_PROJECT')
  const location = of('GOOGLE_CLOUD_LOCATION') || 'global'
  if (!/^[a-z0-9-]+$/.test(location)) throw new UsageError(`GOOGLE_CLOUD_LOCATION is "${location}"; it is no location.`)
  const { bucket, folder } = placeOf(of(bucketVariable))
  const door = (of('GOOGLE_VERTEX_BASE_URL') || `https://${hostOf(location)}`).replace(/\/+$/, '')
  return {
    baseUrl: `${door}/v1/projects/${encodeURIComponent(project)}/locations/${location}`,
    settings: { bucket, folder, storageUrl: storageUrlOf(of('STORAGE_EMULATOR_HOST')) },
    // Source: the partner models' price list of Google Cloud: any endpoint but the global one costs a tenth more.
    resident: location !== 'global',
    authorize: tokensFrom({ token: of(tokenVariable), keyFile: of('GOOGLE_APPLICATION_CREDENTIALS') }),
    missing: [...(project === '' ? ['GOOGLE_CLOUD_PROJECT'] : []), ...(bucket === '' ? [bucketVariable] : [])],
  }
}

/** Multi-regions have hosts of another shape than regions. */
function hostOf(location: string): string {
  if (location === 'global') return 'aiplatform.googleapis.com'
  if (location === 'us' || location === 'eu') return `aiplatform.${location}.rep.googleapis.com`
  return `${location}-aiplatform.googleapis.com`
}

/** `bucket`, `gs://bucket`, or `gs://bucket/folder`. */
function placeOf(text: string): { bucket: string; folder: string } {
  if (text === '') return { bucket: '', folder: '' }
  const [, bucket, folder = ''] = /^(?:gs:\/\/)?([a-z0-9][a-z0-9._-]+)(?:\/+(.*?))?\/*$/.exec(text) ?? []
  if (bucket === undefined) {
    throw new UsageError(
      `${bucketVariable} is "${text}"; it is no bucket.`,
      'Name one as gs://bucket or gs://bucket/folder.',
    )
  }
  return { bucket, folder: folder === '' ? 'redeye' : folder }
}

/** As the storage clients read it: with or without a scheme. */
function storageUrlOf(host: string): string {
  if (host === '') return 'https://storage.googleapis.com'
  return (/^https?:\/\//.test(host) ? host : `http://${host}`).replace(/\/+$/, '')
}

export function storageOf({ settings = {} }: Call): Storage {
  const { bucket = '', folder = '', storageUrl = '' } = settings
  return { url: storageUrl, bucket, folder }
}
