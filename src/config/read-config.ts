import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from '../domain/errors.ts'
import type { KnownVendor } from './check-config.ts'
import type { RedeyeConfig } from './config.ts'

const names = ['redeye.config.ts', 'redeye.config.json'] as const

/**
 * The config of the first folder that has one; an empty one where none has.
 * @param folders  the working folder, then the home
 * @throws UsageError for one that cannot be read, or that says what it should not
 */
export async function readConfig(
  folders: readonly string[],
  vendors: Readonly<Record<string, KnownVendor>>,
): Promise<RedeyeConfig> {
  for (const folder of folders) {
    const [path, other] = names.map((name) => join(folder, name)).filter((path) => existsSync(path))
    if (path === undefined) continue
    if (other !== undefined) throw new UsageError(`${path} and ${other} are both there.`, 'Keep one of them.')
    // Loaded with the first config there is: most homes have none, and checking takes a moment to load.
    const { checkConfig } = await import('./check-config.ts')
    return checkConfig(path.endsWith('.json') ? json(path) : await module(path), path, vendors)
  }
  return {}
}

function json(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`, 'It should be JSON.')
  }
}

/** Node reads TypeScript by leaving its types out. */
async function module(path: string): Promise<unknown> {
  const loaded = await import(pathToFileURL(path).href).catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException
    const hint =
      code === 'ERR_MODULE_NOT_FOUND'
        ? 'A package that it imports is not installed there; without defineConfig it needs none.'
        : 'It should be a module that Node can load by leaving its types out.'
    throw new UsageError(`${path}: ${message}`, hint)
  })
  if (!('default' in loaded)) throw new UsageError(`${path} has no default export.`, 'Write: export default { … }')
  return loaded.default
}
