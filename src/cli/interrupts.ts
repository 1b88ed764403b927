import { exit } from './exit-codes.ts'

/** The first Ctrl-C (or SIGTERM) acts, the second ends the process at once. Returns how to stop listening. */
export function onInterrupt(act: () => void): () => void {
  let count = 0
  const heard = (): void => {
    if (++count > 1) process.exit(exit.detached)
    act()
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.on(signal, heard)
  return () => {
    for (const signal of signals) process.off(signal, heard)
  }
}
