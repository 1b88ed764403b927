/** `1 h 20 min`, `45 s`: a length of time as a person would say it. */
export function span(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'ever'
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `${minutes} min`
  const rest = minutes % 60
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`
}

export const percent = (share: number): string => `${Math.round(share * 100)}%`

/** `3 of 20 shards`. */
export const sharesOf = (some: number, all: number): string =>
  some === all ? `${all} ${all === 1 ? 'shard' : 'shards'}` : `${some} of ${all} shards`

export const requestsOf = (count: number): string =>
  Math.ceil(count) === 1 ? '1 request' : `${Math.ceil(count)} requests`

/** `in 40 min`, or `now` when it has come. */
export const fromNow = (now: number, at: number): string => (at <= now ? 'now' : `in ${span((at - now) / 1000)}`)
