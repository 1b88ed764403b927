import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfig } from './read-config.ts'

const vendors = { openai: { regions: [], accountSettings: [] }, own: { regions: [], accountSettings: [] } }

let here: string
let home: string
beforeEach(() => {
  here = mkdtempSync(join(tmpdir(), 'redeye-config-'))
  home = mkdtempSync(join(tmpdir(), 'redeye-config-'))
})
afterEach(() => {
  for (const folder of [here, home]) rmSync(folder, { recursive: true, force: true })
})
const put = (folder: string, name: string, text: string) => writeFileSync(join(folder, name), text)
const read = () => readConfig([here, home], vendors)
const named = (name: string) => JSON.stringify({ accounts: [{ name, provider: 'openai' }] })

describe('The config', () => {
  test('is that of the working folder, else that of the home, else none', async () => {
    expect(await read()).toEqual({})
    put(home, 'redeye.config.json', named('of-home'))
    expect(await read()).toMatchObject({ accounts: [{ name: 'of-home' }] })
    put(here, 'redeye.config.json', named('of-here'))
    expect(await read()).toMatchObject({ accounts: [{ name: 'of-here' }] })
  })

  test('may be TypeScript', async () => {
    put(
      here,
      'redeye.config.ts',
      `interface Named { readonly name: string }
       const names: readonly Named[] = [{ name: 'a' }, { name: 'b' }]
       export default { accounts: names.map(({ name }) => ({ name, provider: 'openai' as const })) }`,
    )
    expect(await read()).toMatchObject({ accounts: [{ name: 'a' }, { name: 'b' }] })
  })

  test.each([
    ['broken JSON', 'redeye.config.json', '{', /redeye\.config\.json: .*JSON/],
    [
      'a member that is wrong',
      'redeye.config.json',
      '{"accounts": 1}',
      /redeye\.config\.json: accounts expected array/,
    ],
    ['no default export', 'redeye.config.ts', 'export const accounts = []', /has no default export/],
    [
      'a package that is not there',
      'redeye.config.ts',
      "import 'no-such-package'\nexport default {}",
      /no-such-package/,
    ],
    ['what is no module', 'redeye.config.ts', 'export default {', /redeye\.config\.ts: /],
  ])('is refused with its path for %s', async (_, name, text, message) => {
    put(here, name, text)
    await expect(read()).rejects.toMatchObject({ code: 'usage', message: expect.stringMatching(message) })
  })

  test('is one file, not two', async () => {
    put(here, 'redeye.config.json', '{}')
    put(here, 'redeye.config.ts', 'export default {}')
    await expect(read()).rejects.toThrow(/are both there/)
  })
})
