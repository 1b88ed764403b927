import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { lastJson, Night } from './night.ts'

const night = new Night()

const ids = (text: string): string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { custom_id: string }).custom_id)

describe('redeye run', () => {
  test('writes the results in input order, says the quote first and the receipt last', async () => {
    const input = night.lines('in.jsonl', 50)
    const { code, stdout, stderr } = await night.redeye(['run', input, '-o', 'out.jsonl', '--yes'])
    expect(code).toBe(0)
    expect(ids(night.read('out.jsonl'))).toEqual(ids(night.read('in.jsonl')))
    expect(stderr).toMatch(/→ {2}openai\/batch +gpt-4o-mini/)
    expect(stderr).toMatch(/0 of 50 requests .* lands (in|within) .* so far/)
    expect(stdout).toMatch(/^Job job_\w{20}: landed after /)
    expect(stdout).toMatch(/requests +50: 50 succeeded\n/)
    expect(stdout).toMatch(/charged +0\.\d+ USD, quoted /)
    expect(stdout).toContain(`output       ${night.path('out.jsonl')}`)
  })

  test('prints the receipt as one line of JSON, equal to the bill of the vendor', async () => {
    const before = await night.billed()
    const input = night.lines('in.jsonl', 40)
    const ended = await night.redeye(['run', input, '-o', 'out.jsonl', '--budget', '1', '--json', '--by', '20h'])
    expect(ended.code).toBe(0)
    const receipt = lastJson(ended)
    expect(receipt).toMatchObject({
      job: expect.stringMatching(/^job_/),
      state: 'landed',
      requests: {
        total: 40,
        succeeded: 40,
        failed: 0,
        expired: 0,
        cancelled: 0,
        missing: 0,
        invalid: 0,
        truncated: 0,
        discarded: 0,
      },
      usd: { unproven: '0', duplicate: '0', standard: expect.any(String), saved: expect.any(String) },
      tokens: { input: expect.any(Number), output: expect.any(Number) },
      lanes: [{ lane: 'openai/batch', requests: 40, usd: receipt.usd.charged }],
      submissions: 1,
      createdAt: expect.stringMatching(/Z$/),
      landedAt: expect.stringMatching(/Z$/),
      deadline: expect.stringMatching(/Z$/),
      metDeadline: true,
      outputs: [night.path('out.jsonl')],
    })
    expect(Number(receipt.usd.charged)).toBeCloseTo((await night.billed()) - before, 9)
  })

  test('labels the rows of a table with a list of allowed answers, and keeps their columns', async () => {
    const rows = Array.from({ length: 20 }, (_, index) => `${index},"Where is card ${index}, please?"\n`)
    const input = night.write('rows.csv', `number,text\n${rows.join('')}`)
    const labels = night.write('labels.json', '["lost","late"]')
    const prompt = night.write('prompt.txt', 'Label this: {{text}}')
    const table = ['--prompt', `@${prompt}`, '--system', 'You label.', '--schema', labels, '--model', 'gpt-4o-mini']
    const shape = ['--with-cost', '--answer-column', 'label', '--max-tokens', '50', '--param', 'seed=7']
    const { code } = await night.redeye(['run', input, '-o', 'out.csv', '--yes', ...table, ...shape])
    expect(code).toBe(0)
    const [head, ...lines] = night.read('out.csv').trimEnd().split('\n')
    expect(head).toBe('number,text,label,_outcome,_error,_model,_lane,_usd')
    expect(lines).toHaveLength(20)
    for (const [index, line] of lines.entries())
      expect(line).toMatch(new RegExp(`^${index},"Where is card ${index}, please\\?",(lost|late),succeeded,,`))
  })

  test('reads rows from standard input and writes results to standard output, the receipt to standard error', async () => {
    const stdin = 'text\nOne?\nTwo?\n'
    const table = ['--prompt', '{{text}}', '--model', 'gpt-4o-mini', '--format', 'csv']
    const { code, stdout, stderr } = await night.redeye(['run', '-', '-o', '-', '--yes', ...table, '--json'], { stdin })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^text,answer,_outcome,_error\nOne\?,.*,succeeded,\nTwo\?,.*,succeeded,\n$/)
    expect(JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ requests: { succeeded: 2 } })
  })

  test('ends with 1 when some requests failed, and writes the results all the same', async () => {
    night.emulator.setScenario('rows-400:share=0.3')
    const ended = await night.redeye(['run', night.lines('in.jsonl', 40), '-o', 'out.jsonl', '--yes', '--json'])
    expect(ended.code).toBe(1)
    const { failed, succeeded } = lastJson(ended).requests
    expect(failed).toBeGreaterThan(0)
    expect(failed + succeeded).toBe(40)
    expect(ids(night.read('out.jsonl'))).toEqual(ids(night.read('in.jsonl')))
  })

  test('an answer that fails the schema is kept, and with --on-invalid-answer fail ends with 1', async () => {
    night.emulator.setScenario('rows-off-schema:share=0.4,times=always')
    const input = night.write('rows.jsonl', Array.from({ length: 20 }, (_, id) => `{"id":${id}}\n`).join(''))
    const schema = night.write('schema.json', '{"enum":["yes","no"]}')
    const args = [
      'run',
      input,
      '--prompt',
      'Is {{id}} even?',
      '--model',
      'gpt-4o-mini',
      '--schema',
      schema,
      '--yes',
      '--json',
    ]
    const kept = await night.redeye([...args, '-o', 'kept.jsonl'])
    expect(kept.code).toBe(0)
    expect(lastJson(kept).requests).toMatchObject({ succeeded: 20, failed: 0 })
    expect(lastJson(kept).requests.invalid).toBeGreaterThan(0)
    const failed = await night.redeye([...args, '-o', 'failed.jsonl', '--on-invalid-answer', 'fail'])
    expect(failed.code).toBe(1)
    expect(lastJson(failed).requests.failed).toBe(lastJson(kept).requests.invalid)
  })

  test('names every bad line and sends nothing', async () => {
    const bought = await night.purchases()
    const good = night.read(night.lines('good.jsonl', 2).slice(night.folder.length + 1)).split('\n')
    const input = night.write('in.jsonl', [good[0], '{"custom_id":1}', '', 'no json', good[1], ''].join('\n'))
    const ended = await night.redeye(['run', input, '-o', 'out.jsonl', '--yes', '--json'])
    expect(ended.code).toBe(2)
    expect(ended.stderr).toContain('redeye: 2 bad lines in the input:')
    expect(ended.stderr).toMatch(/in\.jsonl:2: /)
    expect(ended.stderr).toMatch(/in\.jsonl:4: /)
    expect(ended.stderr).toContain('--skip-invalid')
    expect(lastJson(ended).error).toMatchObject({ code: 'bad_input', hint: expect.any(String), total: 2 })
    expect(await night.purchases()).toBe(bought)
    expect(existsSync(night.path('out.jsonl'))).toBe(false)
  })

  test('sets bad lines aside with --skip-invalid', async () => {
    const good = night.read(night.lines('good.jsonl', 2).slice(night.folder.length + 1)).split('\n')
    const input = night.write('in.jsonl', [good[0], 'no json', good[1], ''].join('\n'))
    const ended = await night.redeye(['run', input, '-o', 'out.jsonl', '--yes', '--skip-invalid', '--json'])
    expect(ended.code).toBe(0)
    expect(lastJson(ended).requests.total).toBe(2)
    expect(ended.stderr).toMatch(/in\.jsonl:2: /)
    expect(ended.stderr).toContain('1 bad line set aside in')
    expect(JSON.parse(night.read('out.jsonl.rejects.jsonl'))).toMatchObject({ file: input, line: 2, text: 'no json' })
  })

  test('wants somebody to agree to the price', async () => {
    const bought = await night.purchases()
    const ended = await night.redeye(['run', night.lines('in.jsonl', 5), '-o', 'out.jsonl'])
    expect(ended.code).toBe(3)
    expect(ended.stderr).toMatch(
      /redeye: This would cost [\d.–]+ USD, and nobody can be asked; nothing was sent\.\n.*--yes/,
    )
    expect(await night.purchases()).toBe(bought)
    expect(await night.redeye(['list', '--json'])).toMatchObject({ stdout: '[]\n' })
  })

  test('refuses what the budget cannot pay, and what has no price', async () => {
    const poor = await night.redeye(['run', night.lines('in.jsonl', 500), '-o', 'out.jsonl', '--budget', '0.000001'])
    expect(poor).toMatchObject({ code: 3, stderr: expect.stringContaining('redeye: The budget is 0.000001 USD') })
    const unknown = night.lines('unknown.jsonl', 2, 'gpt-unheard-of')
    const args = ['run', unknown, '-o', 'out.jsonl', '--yes', '--json']
    const unpriced = await night.redeye(args)
    expect(unpriced.code).toBe(3)
    expect(lastJson(unpriced).error).toMatchObject({
      code: 'price_missing',
      hint: expect.stringContaining('--allow-unpriced'),
    })
  })

  test('checks the output before anything is sent', async () => {
    const bought = await night.purchases()
    const input = night.lines('in.jsonl', 2)
    const run = async (...args: string[]) => {
      const { code, stderr } = await night.redeye(['run', input, '--yes', ...args])
      return { code, said: stderr.split('\n')[0] }
    }
    expect(await run()).toEqual({ code: 2, said: 'redeye: Where should the results go?' })
    expect(await run('-o', 'no/out.jsonl')).toMatchObject({ code: 2, said: expect.stringContaining('does not exist') })
    expect(await run('-o', '.')).toEqual({ code: 2, said: 'redeye: -o . is a folder.' })
    expect(await run('-o', 'out.csv')).toMatchObject({ code: 2, said: expect.stringContaining('batch lines out') })
    expect(await night.purchases()).toBe(bought)
  })

  test('prints the deadline with its offset, and refuses one that has passed', async () => {
    const args = ['run', night.lines('in.jsonl', 2), '-o', 'out.jsonl', '--yes', '--json', '--tz', 'Europe/Berlin']
    const ended = await night.redeye([...args, '--by', '2020-01-15T08:00'])
    expect(ended.code).toBe(3)
    expect(ended.stderr).toContain('To land by 2020-01-15T08:00:00+01:00 (Europe/Berlin).')
    expect(lastJson(ended).error.code).toBe('deadline_impossible')
  })

  test('says what is wrong with a flag, and where an input is not', async () => {
    const typo = await night.redeye(['run', 'in.jsonl', '--outputs', 'out.jsonl'])
    expect(typo).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/'--outputs'\n\(Did you mean --output\?\)\nSee `redeye run/),
    })
    const absent = await night.redeye(['run', 'in.jsonl', '-o', 'out.jsonl', '--yes'])
    expect(absent).toMatchObject({ code: 2, stderr: 'redeye: in.jsonl: no such file\nNothing was sent.\n' })
  })
})

describe('redeye run --key', () => {
  test('started several times at once buys once, and each delivers', async () => {
    const bought = await night.purchases()
    const input = night.lines('in.jsonl', 30)
    const runs = [1, 2, 3, 4].map((index) =>
      night.redeye(['run', input, '-o', `out-${index}.jsonl`, '--yes', '--key', 'nightly', '--json']),
    )
    const ended = await Promise.all(runs)
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0])
    expect(new Set(ended.map((one) => lastJson(one).job)).size).toBe(1)
    for (const index of [2, 3, 4]) expect(night.read(`out-${index}.jsonl`)).toBe(night.read('out-1.jsonl'))
    expect(await night.purchases()).toBe(bought + 1)
  })

  test('refuses another input under the same key, and shows both digests', async () => {
    const args = ['-o', 'out.jsonl', '--yes', '--key', 'nightly']
    expect(await night.redeye(['run', night.lines('a.jsonl', 3), ...args])).toMatchObject({ code: 0 })
    const other = await night.redeye(['run', night.lines('b.jsonl', 4), ...args])
    expect(other.code).toBe(2)
    expect(other.stderr.match(/[0-9a-f]{64}/g)).toHaveLength(2)
  })

  test('delivers a job that is home again, elsewhere, without being asked for the price', async () => {
    const input = night.lines('in.jsonl', 3)
    await night.redeye(['run', input, '-o', 'out.jsonl', '--yes', '--key', 'nightly'])
    const again = await night.redeye(['run', input, '-o', 'again.jsonl', '--key', 'nightly', '--json'])
    expect(again.code).toBe(0)
    expect(again.stderr).toContain('Key "nightly" names job_')
    expect(night.read('again.jsonl')).toBe(night.read('out.jsonl'))
    expect(lastJson(again).outputs).toEqual([night.path('out.jsonl'), night.path('again.jsonl')])
  })

  test('goes on when the missing API key is there', async () => {
    const args = ['run', night.lines('in.jsonl', 5), '-o', 'out.jsonl', '--yes', '--key', 'nightly', '--json']
    const without = await night.redeye(args, { env: { OPENAI_API_KEY: undefined } })
    expect(without.code).toBe(4)
    expect(without.stderr).toMatch(/redeye: Job job_\w+ is held \(credentials\): .*OPENAI_API_KEY is not set/)
    expect(lastJson(without).error.code).toBe('held_credentials')
    expect(await night.redeye(args)).toMatchObject({ code: 0 })
  })
})

describe('trouble', () => {
  test('a budget that the next step could pass holds the job, and a higher one goes on with it', async () => {
    const input = night.lines('in.jsonl', 100)
    const quoted = JSON.parse((await night.redeye(['quote', input, '--json'])).stdout)
    const budget = (Number(quoted.lanes[0].usd.low) * 1.01).toFixed(9) // enough at best, so not refused; not for sure
    const held = await night.redeye(['run', input, '-o', 'out.jsonl', '--budget', budget])
    expect(held.code).toBe(3)
    const job = /redeye watch (job_\w+) --budget USD/.exec(held.stderr)?.[1] ?? ''
    const watched = await night.redeye(['watch', job, '--budget', '10', '--json'])
    expect(watched.code).toBe(0)
    expect(lastJson(watched)).toMatchObject({ state: 'landed', outputs: [night.path('out.jsonl')] })
  })

  test('a home that cannot be made is exit 4 and says what to do', async () => {
    const file = night.write('file', '')
    const ended = await night.redeye(['list'], { home: `${file}/home` })
    expect(ended.code).toBe(4)
    expect(ended.stderr).toMatch(/^redeye: .*file.*\n.*REDEYE_HOME/)
  })

  test('a key that the vendor refuses is exit 4, and the key itself is never shown', async () => {
    night.emulator.setScenario('wrong-key')
    const ended = await night.redeye(['run', night.lines('in.jsonl', 2), '-o', 'out.jsonl', '--yes', '--json'], {
      env: { OPENAI_API_KEY: 'sk-very-secret-0123456789', REDEYE_LOG: 'info' },
    })
    expect(ended.code).toBe(4)
    expect(ended.stderr).toMatch(/held \(credentials\)/)
    expect(ended.stderr + ended.stdout).not.toContain('very-secret')
  })
})
