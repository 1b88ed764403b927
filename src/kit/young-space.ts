import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/**
 * Keeps the space that V8 gives to young objects from growing past `megabytes`. Left alone it doubles as long as a
 * process lives, up to some 130 MB a thread, whether or not a larger one would make anything faster; and as many bytes
 * of buffers that nobody needs any more wait in it. It only grows when it is collected, so it is looked at then. The
 * flag is read each time it would grow, and holds for all threads; those started from now on begin with what they need.
 */
export function boundYoungSpace(megabytes: number): void {
  setFlagsFromString('--min-semi-space-size=4')
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
    if (young !== undefined && young.space_size < megabytes * 1_000_000) return
    setFlagsFromString('--semi-space-growth-factor=1')
    observer.disconnect()
  })
  observer.observe({ entryTypes: ['gc'] })
}
