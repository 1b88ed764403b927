import { BadInput, RedeyeError } from '../domain/errors.ts'
import { exit } from './exit-codes.ts'
import { out, say } from './terminal.ts'
import { sameHome } from './text/same-home.ts'

interface Told {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly exitCode: number
}

/** Says what went wrong and what to do next; returns the exit code. */
export function reportError(error: unknown, flags: { readonly json?: boolean; readonly home?: string }): number {
  const { code, message, hint, exitCode } = told(error)
  const next = sameHome(hint, flags.home)
  say(`redeye: ${message}`)
  if (next !== '') say(next)
  if (process.env.REDEYE_DEBUG && error instanceof Error) say(error.stack ?? '')
  if (flags.json === true) {
    const lines = error instanceof BadInput ? { problems: error.problems, total: error.total } : {}
    out(JSON.stringify({ error: { code, message, hint: next, ...lines } }))
  }
  return exitCode
}

function told(error: unknown): Told {
  if (error instanceof RedeyeError) return error
  const { code, message = String(error) } = error as { code?: unknown; message?: string }
  if (typeof code === 'string' && diskTroubles.includes(code)) {
    return {
      code: code.toLowerCase(),
      message,
      hint: 'The job is kept. Mend that, and run the same command again.',
      exitCode: exit.unavailable,
    }
  }
  const hint = 'This is a bug of redeye; please report it. Jobs are kept. REDEYE_DEBUG=1 shows where it happened.'
  return { code: 'unexpected', message, hint, exitCode: exit.unavailable }
}

/** Of the user's own files and folders, where nobody has put better words to it yet. */
const diskTroubles = ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EISDIR', 'EIO', 'EMFILE']
