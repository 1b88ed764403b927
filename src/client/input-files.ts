import { glob, readdir, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { UnreadableInput, UsageError } from '../domain/errors.ts'
import { isTableName, type TableFormat, type TableSource } from '../engine/index.ts'
import { typeByName } from '../kit/media-file.ts'

/**
 * What the paths of a table job stand for: tables, or files that are rows themselves. A folder is all files in it, at
 * any depth; a pattern is what the shell would have made of it. Both sorted, without what is hidden.
 * @throws UnreadableInput when there is no file in it · UsageError when tables and files are given together
 */
export async function tableSources(
  paths: readonly string[],
  format: TableFormat | undefined,
): Promise<readonly TableSource[]> {
  const tables: TableSource[] = []
  const files: string[] = []
  for (const path of paths) {
    if (await isFolder(path)) files.push(...(await inFolder(path)))
    else {
      for (const file of await matching(path)) {
        if (format === undefined && isRowItself(file)) files.push(file)
        else tables.push({ source: file, ...formatOf(file, format) })
      }
    }
  }
  if (files.length === 0) return tables
  const [name = '', ...others] = paths
  if (tables.length === 0) return [{ name: others.length === 0 ? name : '(files)', files }]
  throw new UsageError(
    'Tables and files that are rows themselves are given together.',
    'Fly them as two jobs; or name a folder, of which each file is a row.',
  )
}

/** An image or document by its name; what it holds is seen when it is read. */
const isRowItself = (path: string): boolean => path !== '-' && typeByName(path) !== undefined && !isTableName(path)

/** Standard input has no name to tell its format by. */
const formatOf = (path: string, format: TableFormat | undefined): { format?: TableFormat } =>
  format !== undefined ? { format } : path === '-' ? { format: 'jsonl' } : {}

const statsOf = (path: string) => stat(path).catch(() => undefined)

const isFolder = async (path: string): Promise<boolean> => path !== '-' && (await statsOf(path))?.isDirectory() === true

async function inFolder(folder: string): Promise<string[]> {
  const files: string[] = []
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if (isHidden(path.slice(folder.length))) continue
    if (entry.isFile() || (entry.isSymbolicLink() && (await statsOf(path))?.isFile() === true)) files.push(path)
  }
  if (files.length === 0) throw new UnreadableInput(folder, 'no files are in it')
  return files.sort()
}

/** Itself, or the files that match. */
async function matching(path: string): Promise<string[]> {
  if (!/[*?[{]/.test(path) || (await statsOf(path)) !== undefined) return [path]
  const files: string[] = []
  for await (const match of glob(path)) {
    if (!isHidden(match, path) && (await statsOf(match))?.isFile() === true) files.push(match)
  }
  if (files.length === 0) throw new UnreadableInput(path, 'no file matches')
  return files.sort()
}

/** By a part of the path that begins with a dot, unless it was asked for by name. */
const isHidden = (path: string, pattern = ''): boolean => {
  const named = pattern.split(sep)
  return path.split(sep).some((part) => /^\.[^.]/.test(part) && !named.includes(part))
}
