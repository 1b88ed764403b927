import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { deadlineOf, type JobFlags, settingsOf } from '../../src/cli/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'redeye-settings-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe('flags become settings', () => {
  test('texts stand as they are or come from a file, and a list of answers becomes a schema', async () => {
    const prompt = file('prompt.txt', 'Label: {{text}}')
    expect(
      await settingsOf({ prompt: `@${prompt}`, system: '@@home', schema: file('list.json', '["a","b"]') }),
    ).toEqual({
      prompt: 'Label: {{text}}',
      system: '@home',
      schema: { enum: ['a', 'b'] },
    })
    expect(await settingsOf({ schema: file('schema.json', '{"type":"number"}') })).toEqual({
      schema: { type: 'number' },
    })
  })

  test('tags, parameters and limits are read', async () => {
    const flags: JobFlags = {
      tag: ['team=owls', 'eq=a=b'],
      param: ['stop="END"', 'n=2'],
      maxTokens: 50,
      budget: ' 2.5',
    }
    expect(await settingsOf(flags)).toEqual({
      tags: { team: 'owls', eq: 'a=b' },
      params: { stop: 'END', n: 2, max_completion_tokens: 50 },
      budget: '2.5',
    })
  })

  test.each<[JobFlags, RegExp]>([
    [{ budget: 'much' }, /--budget much is no amount in USD/],
    [{ budget: '-1' }, /--budget -1 is no amount in USD/],
    [{ tag: ['team'] }, /--tag team has no "="/],
    [{ param: ['effort=low'] }, /--param effort=low is no JSON/],
    [{ param: ['temperature=1'], temperature: 0 }, /temperature is given twice/],
    [{ schema: 'absent.json' }, /--schema: ENOENT.*absent\.json/],
    [{ prompt: '@absent.txt' }, /--prompt: ENOENT.*absent\.txt/],
    [{ output: join(folder, 'no', 'out.jsonl') }, /the folder .*no does not exist/],
    [{ output: join(folder, 'prompt.txt', 'out.jsonl') }, /prompt\.txt is no folder/],
    [{ output: folder }, /is a folder/],
  ])('%j is refused', async (flags, message) => {
    await expect(settingsOf(flags)).rejects.toThrow(message)
    await expect(settingsOf(flags)).rejects.toMatchObject({ exitCode: 2 })
  })

  test('a deadline is fixed once, in the zone that is named, and told with its offset', () => {
    const now = Date.UTC(2026, 10, 24, 20)
    expect(deadlineOf({ by: '08:00', tz: 'Europe/Berlin' }, now)).toEqual({
      at: new Date('2026-11-25T07:00:00Z'),
      text: '2026-11-25T08:00:00+01:00 (Europe/Berlin)',
    })
    expect(deadlineOf({ by: '6h', tz: 'UTC' }, now)?.text).toBe('2026-11-25T02:00:00+00:00 (UTC)')
    expect(deadlineOf({}, now)).toBeUndefined()
    expect(() => deadlineOf({ by: 'noon' }, now)).toThrow(/--by noon is no time/)
    expect(() => deadlineOf({ by: '6h', tz: 'Mars/Base' }, now)).toThrow(/--tz Mars\/Base is no time zone/)
  })
})
