import { digestOf } from '../kit/ids.ts'
import { answerTermsOf } from './answer-terms.ts'
import { promptFields, saidIn, systemFields } from './said-in.ts'

/**
 * What requests of one kind have in common, as digests. Answers to the same instructions under the same settings are
 * about as long from one night to the next; and a schema is an instruction too.
 */
export interface Template {
  /** Settings and instructions; null: the instructions are not the same in all requests, or there are none. */
  readonly exact: string | null
  /** Everything but the prompt: schema, limits, tools, effort; null: it differs from request to request. */
  readonly settings: string | null
}

/** Digests of one request, the first of which is the most particular. */
export interface RequestTemplate {
  readonly opening: string
  readonly system: string | null
  readonly settings: string
  readonly hasSchema: boolean
}

/** Names and books, which no answer depends on. */
const silentFields = new Set(
  'user metadata labels store stream service_tier prompt_cache_key safety_identifier model'.split(' '),
)
/** Of what a user says first: instructions mostly come before what they are about. */
const OPENING_LENGTH = 40

/** @param body  of a request, in any dialect */
export function templateOf(body: Readonly<Record<string, unknown>>): RequestTemplate {
  const isSetting = (name: string): boolean =>
    !promptFields.has(name) && !systemFields.has(name) && !silentFields.has(name)
  const settings = Object.entries(body).filter(([name]) => isSetting(name))
  const set = JSON.stringify(settings.sort(([a], [b]) => (a < b ? -1 : 1)))
  const { system, user } = saidIn(body)
  return {
    opening: hex(set, system, user.slice(0, OPENING_LENGTH)),
    system: system === '' ? null : hex(set, system),
    settings: hex(set),
    hasSchema: answerTermsOf(body).schema !== undefined,
  }
}

/** Of a sample of requests: what nine in ten of them share. */
export function sharedTemplate(requests: readonly RequestTemplate[]): Template {
  const shared = (of: (request: RequestTemplate) => string | null): string | null => {
    const counts = new Map<string | null, number>()
    for (const request of requests) counts.set(of(request), (counts.get(of(request)) ?? 0) + 1)
    const [most, count] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [null, 0]
    return count >= 0.9 * requests.length ? most : null
  }
  const settings = shared((request) => request.settings)
  const bySchema = requests.every(({ hasSchema }) => hasSchema) ? settings : null
  return { exact: shared(({ opening }) => opening) ?? shared(({ system }) => system) ?? bySchema, settings }
}

const hex = (...parts: readonly string[]): string =>
  digestOf(...parts)
    .toString('hex')
    .slice(0, 32)
