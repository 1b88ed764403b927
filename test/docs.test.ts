import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { builtIn } from '../src/pricing/catalogue.ts'
import { layOver } from '../src/pricing/lay-over.ts'
import { readOverlay } from '../src/pricing/overlay.ts'
import { compatibles } from '../src/providers/openai/compatible.ts'
import { providers } from '../src/providers/registry.ts'

const root = resolve(import.meta.dirname, '..')
const filesOf = (folder: string, end: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(end))
    .map((path) => join(root, folder, path))

test('every error code has its line in docs/errors.md', () => {
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  const codes = new Set<string>()
  for (const path of filesOf('src', '.ts')) {
    if (path.endsWith('.test.ts') || path.includes('/emulator/')) continue
    const text = readFileSync(path, 'utf8')
    for (const [, code] of text.matchAll(/readonly code(?:: string)? = '([a-z_]+)'/g)) codes.add(code as string)
    for (const [, code] of text.matchAll(/new Refused\(\s*'([a-z_]+)'/g)) codes.add(code as string)
  }
  expect(codes.size).toBeGreaterThan(10)
  expect([...codes].filter((code) => !page.includes(`\`${code}\``))).toEqual([])
})

test('no link in the docs leads nowhere', () => {
  const broken: string[] = []
  const pages = [...filesOf('docs', '.md'), join(root, 'README.md'), join(root, 'CONTRIBUTING.md')]
  for (const page of pages) {
    for (const [, target] of readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      try {
        readFileSync(resolve(dirname(page), target as string))
      } catch {
        broken.push(`${page.slice(root.length + 1)} → ${target}`)
      }
    }
  }
  expect(broken).toEqual([])
})

test('every vendor has its variables in docs/providers.md, and those of the table their discount and mark', () => {
  const page = readFileSync(join(root, 'docs/providers.md'), 'utf8')
  const variables = Object.values(providers).flatMap(({ environment }) => [
    ...environment.apiKey,
    ...environment.baseUrl.slice(0, 1),
  ])
  expect(variables.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  for (const [name, { discount, mark }] of Object.entries(compatibles))
    expect(page).toMatch(new RegExp(`^\\| \`${name}\`[^|]*\\| ${discount} \\| ${mark} \\|`, 'm'))
})

test('the row that docs/adding-a-provider.md shows is the row that is there', () => {
  const page = readFileSync(join(root, 'docs/adding-a-provider.md'), 'utf8')
  const table = readFileSync(join(root, 'src/providers/openai/compatible.ts'), 'utf8')
  const shown = /```ts\n([^]*?)```/.exec(page)?.[1] ?? ''
  const lines = shown.split('\n').filter((line) => line !== '')
  expect(table).toContain(lines.map((line) => `  ${line}`).join('\n'))
})

test('the file of prices that docs/prices.md shows can be used', () => {
  const page = readFileSync(join(root, 'docs/prices.md'), 'utf8')
  const shown = /```json\n([^]*?)```/.exec(page)?.[1] ?? ''
  const rows = layOver(builtIn.rows, readOverlay(shown, 'docs/prices.md'), 'docs/prices.md')
  const laid = rows.filter((row) => row.laid !== undefined)
  expect(laid.map(({ id, flaws }) => [id, flaws])).toEqual([['gpt-6.2-sol', []]])
})
