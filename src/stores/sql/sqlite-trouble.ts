import { StoreUnavailable } from '../../domain/errors.ts'

/** By primary result code, https://sqlite.org/rescode.html: what happened, and what a person can do about it. */
const troubles: Readonly<Record<number, readonly [what: string, hint: string]>> = {
  3: ['may not be used by this user', 'Give this user the right to read and write it, or use another home.'],
  5: ['is held by another process', 'A stopped redeye process may hold it: end that one, then run the command again.'],
  6: ['is held by another process', 'A stopped redeye process may hold it: end that one, then run the command again.'],
  8: [
    'cannot be written',
    'Make the file and its folder writable, or point REDEYE_HOME (or --home) at another folder.',
  ],
  10: ['could not be read or written', 'Check the disk: full, failing or gone? Then run the same command again.'],
  11: [
    'is damaged',
    'Restore it from a backup: what was bought since is found again at the vendor, never bought twice.',
  ],
  13: ['cannot grow: the disk is full', 'Free some space and run the same command again; nothing is lost.'],
  14: ['cannot be opened', 'Check the path and its rights, or point REDEYE_HOME (or --home) at another folder.'],
  15: ['could not be locked', 'Run the same command again; on a network file system use a local home instead.'],
  26: ['is no store of redeye', 'Restore it from a backup, or point REDEYE_HOME (or --home) at another folder.'],
}

/** The result code of an error of node:sqlite, without its extension; undefined for other errors. */
export function sqliteCode(error: unknown): number | undefined {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown }
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' ? errcode & 0xff : undefined
}

export const SQLITE_BUSY = 5

/** The error as a StoreUnavailable where a person can do something about it; a mistake of ours stays as it is. */
export function sqliteTrouble(error: unknown, path: string): unknown {
  const trouble = troubles[sqliteCode(error) ?? -1]
  if (trouble === undefined) return error
  const [what, hint] = trouble
  return new StoreUnavailable(`The store ${path} ${what} (${(error as Error).message}).`, hint, { cause: error })
}
