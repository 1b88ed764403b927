import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../domain/errors.ts'
import { builtIn, type PriceBook, priceBook } from '../pricing/catalogue.ts'
import { layOver } from '../pricing/lay-over.ts'

/** What `redeye prices --refresh` writes into the home. */
export const refreshedName = 'prices.refreshed.json'
/** What people write, into the home or the working folder. */
export const ownName = 'redeye.prices.json'

/**
 * The catalogue with the files of a home over it: what was refreshed, then what the user wrote there, then what the user
 * wrote in the working folder. Of two rows for one model the later wins, figure by figure.
 * @throws UsageError for a file that cannot be read or that says what it should not
 */
export async function readPrices(home: string, folder: string): Promise<PriceBook> {
  const paths = [join(home, refreshedName), join(home, ownName), join(folder, ownName)]
  let { rows } = builtIn
  for (const path of new Set(paths)) {
    const text = textOf(path)
    if (text === undefined) continue
    // Loaded with the first file there is: most homes have none, and checking takes a moment to load.
    const { readOverlay } = await import('../pricing/overlay.ts')
    rows = layOver(rows, readOverlay(text, path), path)
  }
  return rows === builtIn.rows ? builtIn : priceBook(rows)
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new UsageError(`${path} cannot be read: ${message}`, 'It should be a file of prices.')
  }
}
