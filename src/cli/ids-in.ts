import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { UsageError } from '../domain/errors.ts'

/**
 * The ids in a file, one a line: as they are, or in lines of JSON as their `custom_id` or `key`. `-` is standard input.
 * @throws UsageError naming the line that has none
 */
export async function* idsIn(path: string): AsyncGenerator<string> {
  const input = path === '-' ? process.stdin : createReadStream(path)
  let line = 0
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line++
      if (text.trim() !== '') yield text.startsWith('{') ? idOf(text, `${path}:${line}`) : text
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    throw new UsageError(`--ids ${path}: ${(error as Error).message}.`, 'Nothing was withdrawn.')
  }
}

function idOf(text: string, where: string): string {
  const { custom_id, key } = parsed(text, where)
  const id = custom_id ?? key
  if (typeof id === 'string') return id
  throw new UsageError(`${where}: the line has no custom_id and no key.`, 'Nothing was withdrawn.')
}

function parsed(text: string, where: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch (error) {
    throw new UsageError(`${where}: ${(error as Error).message}.`, 'Nothing was withdrawn.')
  }
}
