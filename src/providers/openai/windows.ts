import { HOUR, MINUTE } from '../../kit/clock.ts'
import type { Reply } from '../../kit/request-pool.ts'
import type { Call, SyncLane, Wording } from '../contract.ts'
import { sync } from './sync.ts'

const field = 'completionWindowField'

/**
 * Responses in the background, with so many hours to answer in. Source: the guide of background mode, read 2026-11-24;
 * the API reference and the SDK do not have the member yet, so that it is the account's config that names it.
 */
export const windows = {
  'completion-window-8h': windowLane('8h', 8 * HOUR),
  'completion-window-2h': windowLane('2h', 2 * HOUR),
} satisfies Record<string, SyncLane>

function windowLane(window: string, withinMs: number): SyncLane {
  const plain = sync.standard
  return {
    ...plain,
    limits: {
      ...plain.limits,
      endpoints: ['/v1/responses'],
      answerMs: 2 * MINUTE, // that it was taken is said at once
      concurrencyStart: 1000, // they wait at the vendor, not here
      concurrencyMax: 5000,
    },
    needsSetting: field,
    word: (call, endpoint, model) => {
      const { url, headers } = plain.word(call, endpoint, model)
      return { url, headers, members: membersOf(call.settings?.[field] ?? '', window) }
    },
    later: {
      withinMs,
      promiseIn,
      ask: (call, promise) => addressOf(call, promise, ''),
      withdraw: (call, promise) => addressOf(call, promise, '/cancel'),
    },
  }
}

/** `background_options.completion_window` becomes an object in a member, and what is asked in the background says so. */
function membersOf(path: string, window: string): NonNullable<Wording['members']> {
  const [first = '', ...inner] = path.split('.')
  const value = inner.reduceRight<unknown>((value, name) => ({ [name]: value }), window)
  return [
    { names: [first], json: JSON.stringify(value) },
    ...(first.startsWith('background') ? [{ names: ['background'], json: 'true' }] : []),
  ]
}

function addressOf(call: Call, promise: string, act: string): Pick<Wording, 'url' | 'headers'> {
  const { url, headers } = sync.standard.word(call, '/v1/responses', '')
  return { url: `${url}/${encodeURIComponent(promise)}${act}`, headers }
}

/** `queued` and `in_progress` are no answers yet. Most replies are, and need no more than this look. */
function promiseIn({ body }: Reply): string | null {
  if (!body.includes('"queued"') && !body.includes('"in_progress"')) return null
  try {
    const { id, status } = JSON.parse(body.toString()) as { id?: unknown; status?: unknown }
    return typeof id === 'string' && (status === 'queued' || status === 'in_progress') ? id : null
  } catch {
    return null
  }
}
