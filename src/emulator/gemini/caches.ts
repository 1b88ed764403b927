import { isJson, type Json } from '../json.ts'
import { promptOf } from './answer-prompt.ts'
import type { CacheRecord, Desk } from './desk.ts'
import { invalidArgument, notJson, type Problem, problem, Refusal, unknownModel } from './errors.ts'
import { modelNamed } from './models.ts'
import { pageOf } from './pages.ts'
import { field, timestamp } from './proto-json.ts'

const lifeDefault = 3_600_000

/** POST /cachedContents. */
export function createCache(desk: Desk, project: string, body: unknown): Json {
  if (!isJson(body)) throw new Refusal(notJson())
  const modelName = String(body['model'] ?? '').replace(/^models\//, '')
  const model = modelNamed(modelName)
  if (!model || model.embeds) throw new Refusal(unknownModel(modelName, 'createCachedContent'))
  const { tokens } = promptOf(body)
  const minimum = model.entry.minCacheableTokens ?? 1
  if (tokens < minimum) {
    throw new Refusal(
      invalidArgument(`Cached content is too small. total_token_count=${tokens}, min_total_token_count=${minimum}`),
    )
  }
  const createdAt = desk.clock.now()
  const displayName = field(body, 'displayName')
  const cache: CacheRecord = {
    id: desk.nextId('cache', 24),
    project,
    modelName,
    displayName: displayName === undefined ? undefined : String(displayName),
    tokens,
    createdAt,
    updatedAt: createdAt,
    expiresAt: expiryOf(body, createdAt) ?? createdAt + lifeDefault,
    deletedAt: null,
  }
  desk.caches.set(cache.id, cache)
  return cacheView(cache)
}

export function getCache(desk: Desk, project: string, id: string): Json {
  return cacheView(existing(desk, project, id))
}

export function listCaches(desk: Desk, project: string, query: URLSearchParams): Json {
  const caches = [...desk.caches.values()].filter((cache) => isLive(cache, project, desk.clock.now())).toReversed()
  const page = pageOf(caches, query, 50, desk.switchboard.account())
  return { ...(page.items.length > 0 ? { cachedContents: page.items.map(cacheView) } : {}), ...page.tail }
}

/** PATCH /cachedContents/{id}: only its life can be changed. */
export function patchCache(desk: Desk, project: string, id: string, body: unknown): Json {
  const cache = existing(desk, project, id)
  const expiresAt = isJson(body) ? expiryOf(body, desk.clock.now()) : undefined
  if (expiresAt === undefined) throw new Refusal(invalidArgument('Only ttl and expire_time can be updated.'))
  cache.expiresAt = expiresAt
  cache.updatedAt = desk.clock.now()
  return cacheView(cache)
}

export function deleteCache(desk: Desk, project: string, id: string): Json {
  existing(desk, project, id).deletedAt = desk.clock.now()
  return {}
}

/** Tokens that a request reads from an explicit cache at a moment, or why it cannot. */
export function explicitCacheTokens(
  desk: Desk,
  project: string,
  name: string,
  modelName: string,
  at: number,
): number | Problem {
  const cache = desk.caches.get(name.replace(/^cachedContents\//, ''))
  if (!cache || !isLive(cache, project, at)) return outOfReach()
  if (cache.modelName !== modelName) {
    return invalidArgument(
      `Model used by GenerateContent request (models/${modelName}) and CachedContent (models/${cache.modelName}) has to be the same.`,
    )
  }
  return cache.tokens
}

const outOfReach = () => problem('PERMISSION_DENIED', 'CachedContent not found (or permission denied)')

function existing(desk: Desk, project: string, id: string): CacheRecord {
  const cache = desk.caches.get(id)
  if (!cache || !isLive(cache, project, desk.clock.now())) throw new Refusal(outOfReach())
  return cache
}

function isLive(cache: CacheRecord, project: string, at: number): boolean {
  return cache.project === project && cache.deletedAt === null && at < cache.expiresAt
}

function expiryOf(body: Json, now: number): number | undefined {
  const ttl = body['ttl']
  const until = field(body, 'expireTime')
  if (typeof ttl === 'string' && /^\d+(\.\d+)?s$/.test(ttl)) return now + Number(ttl.slice(0, -1)) * 1000
  if (ttl !== undefined) throw new Refusal(invalidArgument(`Invalid value at 'cached_content.ttl', "${String(ttl)}"`))
  if (until === undefined) return undefined
  const at = Date.parse(String(until))
  if (!Number.isFinite(at)) throw new Refusal(invalidArgument("Invalid value at 'cached_content.expire_time'"))
  return at
}

function cacheView(cache: CacheRecord): Json {
  return {
    name: `cachedContents/${cache.id}`,
    model: `models/${cache.modelName}`,
    ...(cache.displayName === undefined ? {} : { displayName: cache.displayName }),
    createTime: timestamp(cache.createdAt),
    updateTime: timestamp(cache.updatedAt),
    expireTime: timestamp(cache.expiresAt),
    usageMetadata: { totalTokenCount: cache.tokens },
  }
}
