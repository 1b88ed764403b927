import { resolve } from 'node:path'
import type { Redeye } from '../index.ts'

/** What every command understands. */
export interface Flags {
  readonly home?: string
  readonly json?: boolean
}

/** Opens the home for one command and closes it after. */
export async function withHome<T>(flags: Flags, work: (redeye: Redeye) => Promise<T>): Promise<T> {
  const { open } = await import('../index.ts')
  const redeye = await open(flags.home === undefined ? {} : { home: resolve(flags.home) })
  try {
    return await work(redeye)
  } finally {
    await redeye.close()
  }
}
