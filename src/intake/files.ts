import { stat } from 'node:fs/promises'
import { basename } from 'node:path'

/** Files as the rows of a table, which a prompt may name: `path`, `name`, `bytes`. What cannot be read is found later. */
export async function* readFiles(paths: readonly string[]): AsyncGenerator<FileRow> {
  for (const path of paths) {
    const stats = await stat(path).catch(() => undefined)
    yield { path, name: basename(path), bytes: stats?.size ?? 0 }
  }
}

export interface FileRow {
  readonly path: string
  readonly name: string
  readonly bytes: number
}
