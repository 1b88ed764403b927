import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pages, withTables } from '../scripts/doc-tables.ts'

test.for(pages)('the tables of %s are those that the code makes: node scripts/write-tables.ts', (page) => {
  const text = readFileSync(join(import.meta.dirname, '..', page), 'utf8')
  expect(text).toBe(withTables(page, text))
  const other = text.replaceAll(/\d/g, '0')
  expect(withTables(page, other)).not.toBe(other)
  expect(() => withTables(page, 'nothing')).toThrow('has no place for')
})
