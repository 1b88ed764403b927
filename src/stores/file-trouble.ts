import { StoreUnavailable } from '../domain/errors.ts'

/** What a person can do about each way in which a disk says no. */
const hints: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full. Free some space and run the same command again; nothing is lost.',
  EDQUOT: 'The disk quota is used up. Free some space and run the same command again; nothing is lost.',
  EROFS: 'The file system is read-only. Point REDEYE_HOME (or --home) at a folder that can be written.',
  EACCES: 'Give this user the right to write there, or point REDEYE_HOME (or --home) at another folder.',
  EPERM: 'Give this user the right to write there, or point REDEYE_HOME (or --home) at another folder.',
  ENOTDIR: 'A file stands where a folder is needed. Point REDEYE_HOME (or --home) at another folder.',
  EEXIST: 'A file stands where a folder is needed. Point REDEYE_HOME (or --home) at another folder.',
  EIO: 'The disk fails. Check it, or move the home to another disk; the job resumes from there.',
  EMFILE: 'Too many files are open. Raise the limit (ulimit -n) and run the same command again.',
  ENFILE: 'The machine has too many open files. Close other programs and run the same command again.',
}

/** The error as a StoreUnavailable that names the path, where a person can do something about it; else as it came. */
export function fileTrouble(error: unknown, path: string): unknown {
  const { code, message } = (error ?? {}) as NodeJS.ErrnoException
  const hint = code === undefined ? undefined : hints[code]
  return hint === undefined ? error : new StoreUnavailable(`${path}: ${message}`, hint, { cause: error })
}
