import type { Json } from '../json.ts'
import { invalidArgument, Refusal } from './errors.ts'
import { limits } from './limits.ts'

export interface Page<T> {
  readonly items: readonly T[]
  /** `nextPageToken`, or nothing on the last page. */
  readonly tail: Json
}

interface Oddities {
  readonly emptyPages?: boolean
  readonly emptyToken?: boolean
}

/**
 * The page a list was asked for. A token names the last item seen, so that what is created between two calls moves
 * nothing. Never a token without another item behind it: clients stumble over an empty last page.
 */
export function pageOf<T extends { readonly id: string }>(
  items: readonly T[],
  query: URLSearchParams,
  fallback: number,
  { emptyPages = false, emptyToken = false }: Oddities,
): Page<T> {
  const size = pageSize(query, fallback)
  const token = query.get('pageToken') || query.get('page_token') || ''
  const [kind, after] = token === '' ? [] : Buffer.from(token, 'base64url').toString('utf8').split(':')
  if (token !== '' && kind !== 'after' && kind !== 'empty') throw new Refusal(invalidArgument('Invalid page token.'))
  // An empty page that leads on: every other one, so that a walk still ends.
  if (emptyPages && items.length > 0 && kind !== 'empty') {
    return { items: [], tail: { nextPageToken: tokenOf('empty', after ?? '') } }
  }
  const found = after === undefined || after === '' ? -1 : items.findIndex(({ id }) => id === after)
  if (after !== undefined && after !== '' && found < 0) throw new Refusal(invalidArgument('Invalid page token.'))
  const page = items.slice(found + 1, found + 1 + size)
  const hasMore = items.length > found + 1 + size
  const next = hasMore ? tokenOf('after', page.at(-1)?.id ?? '') : emptyToken ? '' : undefined
  return { items: page, tail: next === undefined ? {} : { nextPageToken: next } }
}

function tokenOf(kind: string, id: string): string {
  return Buffer.from(`${kind}:${id}`).toString('base64url')
}

function pageSize(query: URLSearchParams, fallback: number): number {
  const text = query.get('pageSize') ?? query.get('page_size')
  if (text === null) return fallback
  const size = Number(text)
  if (!Number.isInteger(size) || size < 0) {
    throw new Refusal(invalidArgument(`Invalid value at 'page_size' (TYPE_INT32), "${text}"`))
  }
  return size === 0 ? fallback : Math.min(size, limits.pageMax)
}
