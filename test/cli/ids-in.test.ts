import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { idsIn } from '../../src/cli/ids-in.ts'

const folder = mkdtempSync(join(tmpdir(), 'redeye-ids-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function read(text: string): Promise<string[]> {
  const path = join(folder, 'ids')
  writeFileSync(path, text)
  return Array.fromAsync(idsIn(path))
}

test('ids are lines as they are, or what a line of JSON calls its id', async () => {
  const lines = [
    'plain',
    '',
    ' with spaces ',
    '{"custom_id":"a\\nb","body":{}}',
    '{"key":"k","request":{}}',
    '"quoted"',
  ]
  expect(await read(lines.join('\r\n'))).toEqual(['plain', ' with spaces ', 'a\nb', 'k', '"quoted"'])
})

test.each([
  ['a\n{"id":1}', /ids:2: the line has no custom_id and no key/],
  ['{"custom_id":7}', /ids:1: the line has no custom_id/],
  ['{no json', /ids:1: /],
])('a file that says %j is refused, and the line is named', async (text, message) => {
  await expect(read(text)).rejects.toMatchObject({
    code: 'usage',
    exitCode: 2,
    message: expect.stringMatching(message),
    hint: 'Nothing was withdrawn.',
  })
})

test('so is one that is not there', async () => {
  await expect(Array.fromAsync(idsIn(join(folder, 'none')))).rejects.toMatchObject({ code: 'usage', exitCode: 2 })
})
