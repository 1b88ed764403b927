import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { lastJson, Night } from './night.ts'

const night = new Night()

/** Two weeks of 200 calls at 02:00. */
function table(): string {
  const rows = Array.from({ length: 14 * 200 }, (_, call) => {
    const at = new Date(Date.parse('2026-10-05T02:00:00Z') + Math.floor(call / 200) * 86_400_000 + (call % 200) * 2000)
    return `${at.toISOString()},gpt-5-mini,1000,100,reports`
  })
  return night.write('calls.csv', ['created_at,llm,prompt_tok,answer_tok,service', ...rows].join('\n'))
}

const columns = 'time=created_at,model=llm,input=prompt_tok,output=answer_tok,key=service'

describe('audit', () => {
  test('of a table says what to move first, writes the page, and needs no home', async () => {
    const page = night.path('report.html')
    const { code, stdout, stderr } = await night.redeye([
      'audit',
      table(),
      '--columns',
      columns,
      '--tz',
      'UTC',
      '-o',
      page,
    ])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^gpt-5-mini · reports +2,800 +\S+ .* nobody waits \(high\)$/m)
    expect(stdout).toMatch(/^1\. gpt-5-mini · reports → batch: \S+ USD a month, confidence high\./m)
    expect(stdout).toContain('Ask first: Does anybody read the answers of reports before the morning?')
    expect(stderr).toContain(`The report is in ${page}.`)
    expect(night.read('report.html')).toContain('<svg ')
    expect(existsSync(night.home)).toBe(false)
  })

  test('the check that it prints runs as it stands', async () => {
    const { stdout } = await night.redeye(['audit', table(), '--columns', columns, '--tz', 'UTC', '--json'])
    const [step] = (JSON.parse(stdout) as { plan: { check: string }[] }).plan
    const quoted = await night.redeye([...(step?.check ?? '').split(' ').slice(1), '--json'])
    expect(quoted.code).toBe(0)
  })

  test('of a kind that is not known is exit 2, with the columns that are wanted', async () => {
    const ended = await night.redeye(['audit', night.write('foo.csv', 'foo,bar\n1,2\n'), '--json'])
    expect(ended.code).toBe(2)
    expect(lastJson(ended).error).toMatchObject({ code: 'unknown_log', hint: expect.stringContaining('prompt_tokens') })
    const unnamed = await night.redeye(['audit', table(), '--columns', 'time=created_at,model=llm'])
    expect(unnamed).toMatchObject({ code: 2, stderr: expect.stringContaining('where input stands') })
    expect((await night.redeye(['audit'])).code).toBe(2)
    expect((await night.redeye(['audit', table(), '--since', 'tomorrow'])).code).toBe(2)
    expect((await night.redeye(['audit', table(), '--tz', 'Mars/Olympus'])).code).toBe(2)
  })

  test('--live without an administrator’s key is exit 4, and names the variable', async () => {
    const env = { OPENAI_ADMIN_KEY: undefined }
    const ended = await night.redeye(['audit', '--live', 'openai', '--json'], { env })
    expect(ended.code).toBe(4)
    expect(lastJson(ended).error).toMatchObject({
      code: 'no_admin_key',
      hint: expect.stringContaining('OPENAI_ADMIN_KEY'),
    })
  })

  test('--live reads what the emulated vendors report', async () => {
    const { openai, anthropic } = night.emulator.baseUrls
    const env = {
      OPENAI_ADMIN_KEY: 'sk-admin',
      ANTHROPIC_ADMIN_KEY: 'sk-ant-admin',
      OPENAI_BASE_URL: openai,
      ANTHROPIC_BASE_URL: anthropic,
    }
    const ended = await night.redeye(['audit', '--live', 'openai,anthropic', '--since', '7d', '--json'], { env })
    expect(ended.code).toBe(0)
    expect(JSON.parse(ended.stdout)).toMatchObject({ source: { shape: '' }, plan: [] })
  })
})
