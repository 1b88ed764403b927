import { existsSync } from 'node:fs'
import { homedir, platform } from 'node:os'
import { join, resolve } from 'node:path'
import type { Environment } from './account.ts'

/** REDEYE_HOME, else `.redeye` in the working folder if it is there, else the user's data folder. */
export function homeOf(env: Environment): string {
  if (env.REDEYE_HOME) return resolve(env.REDEYE_HOME)
  if (existsSync('.redeye')) return resolve('.redeye')
  const user = homedir()
  switch (platform()) {
    case 'darwin':
      return join(user, 'Library', 'Application Support', 'redeye')
    case 'win32':
      return join(env.LOCALAPPDATA ?? join(user, 'AppData', 'Local'), 'redeye')
    default:
      return join(env.XDG_DATA_HOME ?? join(user, '.local', 'share'), 'redeye')
  }
}
