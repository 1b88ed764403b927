import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

const LOOK_MS = 250

/**
 * Keeps the space that V8 gives to young objects from growing past `megabytes`. Left alone it doubles as long as a
 * process lives, up to some 130 MB a thread, whether or not a larger one would make anything faster. The flag is read
 * each time the space would grow, and holds for all threads; those started from now on begin with what they need.
 */
export function boundYoungSpace(megabytes: number): void {
  setFlagsFromString('--min-semi-space-size=4')
  const look = setInterval(() => {
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
    if (young !== undefined && young.space_size < megabytes * 1_000_000) return
    setFlagsFromString('--semi-space-growth-factor=1')
    clearInterval(look)
  }, LOOK_MS)
  look.unref()
}
