import { dialectNameOf, isChat } from '../../dialects/endpoint-for.ts'
import { tierOf, vendorOf } from '../../domain/usage.ts'
import type { Group } from '../../intake/manifest.ts'
import { moduleBeside } from '../../kit/byte-pool.ts'
import { type Hits, isWorthKeeping, type SharedPrompt } from '../../pricing/cache-worth.ts'
import { priceFor } from '../../pricing/price.ts'
import type { PromptMark } from '../../providers/contract.ts'
import type { JobOptions } from '../options.ts'
import type { Ports } from '../ports.ts'
import { type Chunk, eachChunk, groupBodies } from '../rows/group-bodies.ts'
import type { Route, RoutedManifest } from '../rows/routing.ts'
import { everyRow } from '../rows/rows.ts'
import { ladderOf, lanesOf } from '../shards/ladder.ts'
import type { Ordinals } from '../shards/plan.ts'
import { hitsOf } from './cache-history.ts'
import type { ScanIn, ScanOut } from './scan-prefixes.ts'

/** Beginnings that are counted at once: beyond it, those that were met once are forgotten. */
const KNOWN_MAX = 1 << 17
/** Of fewer rows, all run at once, and each would write what none reads. */
const ROWS_MIN = 20
/** Requests with the same beginning go in the same shard, where that takes only so many shards more, none of them small. */
const BOUGHT: Grain = { buckets: 8, rowsMin: 1000 }
/** On an engine of one's own a shard costs nothing, and it has room for few beginnings at a time. */
const OWN: Grain = { buckets: 64, rowsMin: 20 }
/** Engines keep every block of some 16 tokens; what is shorter than a few of them is computed anew as fast. */
const OWN_TOKENS_MIN = 64
/** Fewer bytes of JSON than these make no token. */
const BYTES_A_TOKEN = 3
/** What is kept unasked: nobody promises that it is found, and mostly it is. */
const UNASKED: Hits = { low: 0, likely: 0.5, high: 0.95 }

/** What requests of a group share, and what is made of it. */
export interface SharedPrefixes extends SharedPrompt {
  readonly group: number
  /** Where it is asked for to keep them: the beginnings, how many share each, and the first row of each. */
  readonly kept: readonly Kept[]
  readonly least: number
  /** By row of the job: which requests had better go together. Absent: all may. */
  readonly buckets?: Uint8Array
}

interface Kept {
  readonly key: number
  readonly rows: number
  readonly firstRow: number
}

interface Grain {
  readonly buckets: number
  readonly rowsMin: number
}

interface Known {
  rows: number
  readonly bytes: number
  readonly firstRow: number
  /** The next shorter beginning of the same prompts. */
  readonly within: number | null
}

/**
 * Finds the beginnings that prompts of a job have in common: tools, system text, leading documents and turns. In bounded
 * memory: what is met seldom, and far apart, may be missed.
 * @param had  rows that are not bought
 */
export async function sharedPrefixes(
  ports: Ports,
  manifest: RoutedManifest,
  options: JobOptions,
  deadline: number | null,
  had: Ordinals,
): Promise<SharedPrefixes[]> {
  const shared: SharedPrefixes[] = []
  if (options.cache === 'off') return shared
  for (const group of manifest.routes.keys()) {
    const route = manifest.routes[group] as Route
    const [first = route.lane] = lanesOf(ports.vendors, route, ladderOf(options, deadline))
    const mark = tierOf(first) === 'batch' ? ports.vendors.batch(route.lane).keeps : undefined
    const found = await sharedIn(ports, manifest, group, { mark, had })
    if (found !== undefined) shared.push(found)
  }
  return shared
}

async function sharedIn(
  ports: Ports,
  manifest: RoutedManifest,
  group: number,
  { mark, had }: { readonly mark: PromptMark | undefined; readonly had: Ordinals },
): Promise<SharedPrefixes | undefined> {
  const { requests, tokens } = manifest.groups[group] as Group
  const { model, lane, endpoint, accountId } = manifest.routes[group] as Route
  const own = ports.vendors.engine(accountId) !== undefined
  const grain = own ? OWN : BOUGHT
  const dialect = dialectNameOf(endpoint)
  const leastTokens = own
    ? OWN_TOKENS_MIN
    : (ports.vendors.prices.find(model, vendorOf(lane))?.minCacheableTokens ?? null)
  // The estimates of the index are on the high side.
  if (dialect === undefined || !isChat(dialect) || leastTokens === null || tokens / requests < leastTokens) return
  const least = leastTokens * BYTES_A_TOKEN
  const scan = { dialect, least, member: mark?.member ?? null }
  const { known, bodyBytes } = await count(ports, manifest, { ...scan, group }, had)
  const isKept = mark === undefined ? ({ rows }: Known) => rows > 1 : keeper(ports, manifest, group, mark)
  const kept = new Map([...known].filter(([, one]) => isKept(one)))
  let [all, once] = [0, 0]
  for (const { rows, bytes, within } of kept.values()) {
    let shorter = within
    while (shorter !== null && !kept.has(shorter)) shorter = known.get(shorter)?.within ?? null
    const more = bytes - (shorter === null ? 0 : (kept.get(shorter)?.bytes ?? 0))
    all += more * rows
    once += more
  }
  if (all === 0) return
  const longest = new Set(kept.keys())
  for (const { within } of kept.values()) if (within !== null) longest.delete(within)
  const sharing = [...longest].reduce((sum, key) => sum + (kept.get(key)?.rows ?? 0), 0)
  if (mark !== undefined && sharing < ROWS_MIN) return
  const numbers = longest.size < 2 || sharing < 2 * grain.rowsMin ? undefined : bucketsOf(kept, longest, sharing, grain)
  const hits = mark === undefined ? UNASKED : await hitsOf(ports, manifest.routes[group] as Route, mark.hits)
  return {
    group,
    ...(numbers && { buckets: await rowsByBucket(ports, manifest, { ...scan, group }, numbers) }),
    share: Math.min(1, all / bodyBytes),
    first: Math.min(1, once / bodyBytes),
    prefixes: longest.size,
    writes: mark?.writes ?? null,
    hits,
    kept: mark === undefined ? [] : [...kept].map(([key, { rows, firstRow }]) => ({ key, rows, firstRow })),
    least,
  }
}

/** Whether a beginning is worth its write, by the price of the batch. */
function keeper(ports: Ports, manifest: RoutedManifest, group: number, mark: PromptMark): (one: Known) => boolean {
  const { model, lane, resident = false } = manifest.routes[group] as Route
  const vendor = vendorOf(lane)
  const row = ports.vendors.prices.find(model, vendor)
  const price = row && priceFor({ model: row, vendor, tier: 'batch', at: ports.clock.now(), resident })
  return ({ rows }) => price !== undefined && isWorthKeeping(rows, price.perToken, mark.writes, mark.hits)
}

const scanPrefixes = moduleBeside(import.meta.url, './scan-prefixes')

type Scan = Pick<ScanIn, 'dialect' | 'least' | 'member'> & { readonly group: number }

async function scanGroup(
  ports: Ports,
  manifest: RoutedManifest,
  { group, ...what }: Scan,
  see: (chunk: Chunk, out: ScanOut) => void,
): Promise<void> {
  const scan = async ({ buffer, lengths }: Chunk): Promise<ScanOut> =>
    ports.pool.run<ScanIn, ScanOut>(scanPrefixes, { ...what, buffer, lengths }, [buffer])
  await eachChunk(ports, groupBodies(ports, manifest, group), scan, see)
}

/** Beginnings of rows that are bought, and the bytes of their bodies. */
async function count(
  ports: Ports,
  manifest: RoutedManifest,
  scan: Scan,
  had: Ordinals,
): Promise<{ known: Map<number, Known>; bodyBytes: number }> {
  const known = new Map<number, Known>()
  let bodyBytes = 1 // never none
  await scanGroup(ports, manifest, scan, ({ own, first, lengths }, { counts, keys, bytes }) => {
    let level = 0
    for (const [index, at] of own.entries()) {
      const end = level + (counts[index] as number)
      if (had.has(first + at)) level = end
      else bodyBytes += lengths[index] as number
      for (let within: number | null = null; level < end; level++) {
        const key = keys[level] as number
        const one = known.get(key)
        if (one !== undefined) one.rows++
        else known.set(key, { rows: 1, bytes: bytes[level] as number, firstRow: first + at, within })
        within = key
      }
    }
    if (known.size > KNOWN_MAX) for (const [key, { rows }] of known) if (rows === 1) known.delete(key)
  })
  return { known, bodyBytes }
}

/** Beginnings by bucket: whole ones, in the order in which they were met, as many as make a shard. */
function bucketsOf(
  kept: ReadonlyMap<number, Known>,
  longest: ReadonlySet<number>,
  sharing: number,
  { buckets, rowsMin }: Grain,
): Map<number, number> {
  const size = Math.max(rowsMin, Math.ceil(sharing / buckets))
  const numbers = new Map<number, number>()
  let [bucket, rows] = [0, 0]
  for (const key of longest) {
    const one = kept.get(key) as Known
    if (rows > 0 && rows + one.rows > size) [bucket, rows] = [bucket + 1, 0]
    rows += one.rows
    // A shorter beginning goes with the first of those that it is the beginning of.
    for (let at: number | null = key; at !== null && !numbers.has(at); at = kept.get(at)?.within ?? null)
      numbers.set(at, bucket)
  }
  return numbers
}

async function rowsByBucket(
  ports: Ports,
  manifest: RoutedManifest,
  scan: Scan,
  numbers: ReadonlyMap<number, number>,
): Promise<Uint8Array> {
  const buckets = new Uint8Array(everyRow(manifest).count)
  await scanGroup(ports, manifest, scan, ({ own, first }, { counts, keys }) => {
    let level = 0
    for (const [index, at] of own.entries())
      for (const end = level + (counts[index] as number); level < end; level++) {
        const number = numbers.get(keys[level] as number)
        if (number !== undefined) buckets[first + at] = number
      }
  })
  return buckets
}

/** By row, for planning; undefined where it does not matter. */
export function bucketOf(
  shared: readonly SharedPrefixes[],
  { cache = 'auto' }: Pick<JobOptions, 'cache'>,
): ((row: number) => number) | undefined {
  const buckets = shared.flatMap((one) => one.buckets ?? [])
  if (cache !== 'auto' || buckets.length === 0) return undefined
  return (row) => buckets.reduce((most, of) => Math.max(most, of[row] ?? 0), 0)
}
