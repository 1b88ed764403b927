import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../domain/errors.ts'
import { builtIn, type ModelRow, type PriceBook, priceBook } from '../pricing/catalogue.ts'
import type { OverlayRow } from '../pricing/overlay.ts'

/** What `redeye prices --refresh` writes into the home. */
const refreshedName = 'prices.refreshed.json'
/** What people write, into the home or the working folder. */
const ownName = 'redeye.prices.json'

export interface PriceFile {
  readonly path: string
  readonly rows: readonly OverlayRow[]
}

/** The files of a home: what was refreshed, there or not; and what the user wrote, in the home and in the working folder. */
export interface PriceFiles {
  readonly refreshed: PriceFile
  readonly own: readonly PriceFile[]
}

/**
 * The catalogue with the files of a home over it. Of two rows for one model the later wins, figure by figure; what the
 * user wrote comes last, that in the working folder after that in the home.
 * @throws UsageError for a file that cannot be read or that says what it should not
 */
export async function readPrices(home: string, folder: string): Promise<PriceBook> {
  const { refreshed, own } = await readPriceFiles(home, folder)
  return bookOf([refreshed, ...own])
}

export async function bookOf(files: readonly PriceFile[]): Promise<PriceBook> {
  const filled = files.filter(({ rows }) => rows.length > 0)
  if (filled.length === 0) return builtIn
  const { layOver } = await import('../pricing/lay-over.ts')
  return priceBook(
    filled.reduce<readonly ModelRow[]>((rows, file) => layOver(rows, file.rows, file.path), builtIn.rows),
  )
}

export async function readPriceFiles(home: string, folder: string): Promise<PriceFiles> {
  const own = [...new Set([join(home, ownName), join(folder, ownName)])]
  return {
    refreshed: await fileAt(join(home, refreshedName)),
    own: await Promise.all(own.map(fileAt)),
  }
}

async function fileAt(path: string): Promise<PriceFile> {
  const text = textOf(path)
  if (text === undefined) return { path, rows: [] }
  // Loaded with the first file there is: most homes have none, and checking takes a moment to load.
  const { readOverlay } = await import('../pricing/overlay.ts')
  return { path, rows: readOverlay(text, path) }
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
