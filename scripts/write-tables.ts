// Writes the tables of the docs anew that are made from what the code knows: node scripts/write-tables.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pages, withTables } from './doc-tables.ts'

for (const page of pages) {
  const path = join(import.meta.dirname, '..', page)
  writeFileSync(path, withTables(page, readFileSync(path, 'utf8')))
}
