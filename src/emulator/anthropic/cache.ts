import { digest } from '../chance.ts'
import type { Lifetime, Prompt } from './prompt.ts'

export interface CacheUse {
  readonly read: number
  readonly write5m: number
  readonly write1h: number
}

/** A request as the cache sees it. */
export interface Reader {
  /** Epoch milliseconds at which it runs. */
  readonly at: number
  /** Tells whether an entry of this lifetime is found although it is there: hits in a batch are best effort. */
  readonly finds: (lifetime: Lifetime) => boolean
  /** Asked later, at some moment: has this request been run by then? What never ran has warmed nothing. */
  readonly ran: (at: number) => boolean
}

export interface PromptCache {
  /** @param scope  workspace, lane and model: entries of another are never seen */
  look(scope: string, prompt: Prompt, minimum: number | null, reader: Reader): CacheUse
}

interface Entry {
  readonly lifetime: Lifetime
  readonly ran: (at: number) => boolean
  until: number
}

const lifetimes = { '5m': 300_000, '1h': 3_600_000 }
/** How many blocks before a breakpoint are tried for an older entry. */
const lookback = 20
const entriesMax = 50_000
const nothing: CacheUse = { read: 0, write5m: 0, write1h: 0 }

/**
 * The vendor's prompt cache: prefixes that end at a breakpoint, kept for five minutes or an hour after their last use.
 * The longest known prefix is read; what lies between it and the breakpoints behind it is written, each stretch at the
 * lifetime of its breakpoint. Prefixes under the model's minimum are not cached, and nothing says so.
 */
export function createPromptCache(): PromptCache {
  const entries = new Map<string, Entry>()
  const remember = (key: string, entry: Entry) => {
    if (entries.size >= entriesMax) entries.delete(entries.keys().next().value as string)
    entries.set(key, entry)
  }
  return {
    look(scope, { segments }, minimum, reader) {
      if (minimum === null || !segments.some(({ lifetime }) => lifetime !== null)) return nothing
      const { sizes, keys } = prefixes(scope, segments)
      const breakpoints = [...segments.keys()].filter(
        (index) => segments[index]?.lifetime && (sizes[index] as number) >= minimum,
      )
      const hit = longestKnown(entries, keys, breakpoints, reader)
      const use = { read: hit < 0 ? 0 : (sizes[hit] as number), write5m: 0, write1h: 0 }
      const found = hit < 0 ? undefined : entries.get(keys[hit] as string)
      if (found) found.until = Math.max(found.until, reader.at + lifetimes[found.lifetime])
      let from = use.read
      for (const index of breakpoints) {
        if (index <= hit) continue
        const lifetime = segments[index]?.lifetime as Lifetime
        use[lifetime === '1h' ? 'write1h' : 'write5m'] += (sizes[index] as number) - from
        from = sizes[index] as number
        remember(keys[index] as string, { lifetime, ran: reader.ran, until: reader.at + lifetimes[lifetime] })
      }
      return use
    },
  }
}

/** Size and name of every prefix that ends with a block. */
function prefixes(scope: string, segments: Prompt['segments']): { sizes: number[]; keys: string[] } {
  const sizes: number[] = []
  const keys: string[] = []
  let size = 0
  let key = scope
  for (const segment of segments) {
    size += segment.tokens
    key = digest(key, segment.text)
    sizes.push(size)
    keys.push(key)
  }
  return { sizes, keys }
}

function longestKnown(
  entries: ReadonlyMap<string, Entry>,
  keys: readonly string[],
  breakpoints: readonly number[],
  { at, finds }: Reader,
): number {
  let longest = -1
  for (const breakpoint of breakpoints.toReversed()) {
    for (let index = breakpoint; index > longest && index >= breakpoint - lookback; index--) {
      const entry = entries.get(keys[index] as string)
      if (entry && at < entry.until && entry.ran(at) && finds(entry.lifetime)) longest = index
    }
  }
  return longest
}
