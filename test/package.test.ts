import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const run = (name: string, ...args: string[]) =>
  spawnSync(process.execPath, [resolve(root, 'node_modules', name), ...args], { cwd: root, encoding: 'utf8' })

// `npm test` builds first; what is packed is what was built.
test('the package is built', () => {
  expect(existsSync(resolve(root, 'dist/index.js'))).toBe(true)
})

test('publint finds nothing wrong with the package', () => {
  const { status, stdout, stderr } = run('publint/src/cli.js', '--strict')
  expect(stdout + stderr).toContain('All good!')
  expect(status).toBe(0)
})

test('the types resolve for whoever imports the package', { timeout: 120_000 }, () => {
  const { status, stdout, stderr } = run('@arethetypeswrong/cli/dist/index.js', '--pack', '.', '--profile', 'esm-only')
  expect(stdout + stderr).not.toContain('💀 Resolution failed (ESM)')
  expect(status, stdout + stderr).toBe(0)
})

test('the lock file names no host to download from', () => {
  expect(readFileSync(resolve(root, 'package-lock.json'), 'utf8')).not.toContain('"resolved"')
})
