import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Path of a file beside this one. */
export const beside = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** Runs a TypeScript file beside this one in a process of its own; what it printed, as JSON. */
export async function inChild<T>(file: string, ...args: string[]): Promise<T> {
  const { stdout } = await run(process.execPath, [beside(file), ...args])
  return JSON.parse(stdout) as T
}

/** One system call; `began` and `ended` are places in the order of all that was traced. */
export interface SystemCall {
  readonly name: string
  readonly text: string
  readonly began: number
  ended: number
}

export const whyNoStrace = existsSync('/usr/bin/strace') ? undefined : 'strace is not installed'

/** Runs a child as `inChild` does; what it asked of the disk and what it printed, in order. */
export async function traced(file: string, ...args: string[]): Promise<SystemCall[]> {
  const folder = await mkdtemp(join(tmpdir(), 'redeye-strace-'))
  try {
    const log = join(folder, 'log')
    const calls = 'trace=fsync,fdatasync,rename,renameat,renameat2,write'
    await run('/usr/bin/strace', ['-f', '-y', '-qq', '-e', calls, '-o', log, process.execPath, beside(file), ...args])
    return parse(await readFile(log, 'utf8'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Lines are `pid name(…) = result`; a call that others interrupt is two: `<unfinished ...>` and `<... name resumed>`. */
function parse(log: string): SystemCall[] {
  const calls: SystemCall[] = []
  const unfinished = new Map<string, SystemCall>()
  for (const [at, line] of log.split('\n').entries()) {
    const [, pid = '', text = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? []
    const resumed = unfinished.get(pid)
    if (text.startsWith('<...') && resumed !== undefined) {
      resumed.ended = at
      unfinished.delete(pid)
      continue
    }
    const name = /^(\w+)\(/.exec(text)?.[1]
    if (name === undefined) continue
    const call = { name, text, began: at, ended: at }
    calls.push(call)
    if (text.endsWith('<unfinished ...>')) unfinished.set(pid, call)
  }
  return calls
}
