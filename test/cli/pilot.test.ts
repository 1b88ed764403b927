import { expect, test } from 'vitest'
import { chats, jsonl } from '../flights/field.ts'
import { Night } from './night.ts'

const night = new Night()

test('a pilot says what it costs, is agreed to by a flag where nobody can be asked, and narrows the quote', async () => {
  const input = night.write('in.jsonl', jsonl(chats(60)))
  const alone = await night.redeye(['quote', input, '--pilot', '20'])
  expect(alone.code).toBe(3)
  expect(alone.stderr).toMatch(
    /A pilot goes first, of random requests: gpt-5.4-mini on openai\/standard, for [\d.]+–[\d.]+ USD/,
  )
  expect(alone.stderr).toContain('nothing was sent')
  const agreed = await night.redeye(['quote', input, '--pilot', '20', '--yes', '--json'])
  expect(agreed.code).toBe(0)
  expect(JSON.parse(agreed.stdout)).toMatchObject({ pilot: { requests: 20 } })
  const told = await night.redeye(['quote', input])
  expect(told.stdout).toContain('A pilot has bought 20 requests already; the amounts are of the others.')
  expect(told.stdout).toMatch(/with 95 % certainty, as 20 requests of a pilot have had/)
  const run = await night.redeye(['run', input, '-o', night.path('out.jsonl'), '--yes'])
  expect(run.code).toBe(0)
  expect(run.stdout).toMatch(/reused +20 answers/)
  expect(run.stdout).toMatch(/quoted [\d.]+–[\d.]+ \(/)
})
