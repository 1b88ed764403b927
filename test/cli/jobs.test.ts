import { describe, expect, test } from 'vitest'
import { lastJson, Night } from './night.ts'

const night = new Night()

/** A job that stays at the vendor for ten hours, bought and left. */
async function left(): Promise<string> {
  night.emulator.setScenario('slow:hours=10,times=always')
  const { code, stdout } = await night.redeye([
    'submit',
    night.lines('in.jsonl', 20),
    '-o',
    'out.jsonl',
    '--yes',
    '--tag',
    'team=owls',
  ])
  expect(code).toBe(0)
  return stdout.trim()
}

describe('leaving a job', () => {
  test('Ctrl-C detaches: 130, and the command that comes back', async () => {
    night.emulator.setScenario('slow:hours=10')
    const input = night.lines('in.jsonl', 20)
    const running = night.start(['run', input, '-o', 'out.jsonl', '--yes', '--home', night.home])
    await running.said('bought: batch_')
    running.interrupt()
    const { code, stderr } = await running.ended
    expect(code).toBe(130)
    expect(stderr).toContain('What is bought goes on at the vendor.')
    expect(stderr).toContain('Nobody attends this job now')
    const [, job = ''] = /\n {2}redeye watch (job_\w+) --home (\S+)\n/.exec(stderr) ?? []
    night.emulator.advance(10 * 3600)
    const watched = await night.redeye(['watch', job])
    expect(watched).toMatchObject({ code: 0, stdout: expect.stringContaining('20 succeeded') })
    expect(night.read('out.jsonl').trimEnd().split('\n')).toHaveLength(20)
  })

  test('submit prints the id alone, and says that nobody attends the job', async () => {
    night.emulator.setScenario('slow:hours=10')
    const ended = await night.redeye(['submit', night.lines('in.jsonl', 3), '--yes'])
    expect(ended.code).toBe(0)
    expect(ended.stdout).toMatch(/^job_\w{20}\n$/)
    expect(ended.stderr).toContain('Nobody attends this job now')
    expect(
      await night.redeye(['submit', night.path('in.jsonl'), '--yes'], { env: { OPENAI_API_KEY: undefined } }),
    ).toMatchObject({ code: 4 })
  })

  test('wait gives up after --timeout with 75, and brings the job home without', async () => {
    const job = await left()
    const early = await night.redeye(['wait', job, '--timeout', '0.2s', '--json'])
    expect(early.code).toBe(75)
    expect(lastJson(early)).toMatchObject({ job, state: 'flying' })
    expect(await night.redeye(['results', job])).toMatchObject({ code: 75, stdout: '' })
    night.emulator.advance(10 * 3600)
    const home = await night.redeye(['wait', job.slice(0, 12)])
    expect(home).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${job} landed: 20 succeeded of 20 requests`),
    })
    expect(await night.redeye(['wait', job, '--timeout', 'long'])).toMatchObject({ code: 2 })
  })

  test('a job that another process cancels says so', async () => {
    night.emulator.setScenario('slow:hours=10')
    const running = night.start(['run', night.lines('in.jsonl', 20), '-o', 'out.jsonl', '--yes', '--key', 'k'])
    await running.said('bought: batch_')
    const cancelled = await night.redeye(['cancel', 'key:k', '--json'])
    expect(cancelled.code).toBe(0)
    expect(lastJson(cancelled).state).toBe('cancelled')
    const ended = await running.ended
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain('asked to cancel')
    expect(ended.stderr).toContain('was cancelled')
    expect(await night.redeye(['cancel', 'key:k'])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('already'),
    })
  })

  test('a worker brings home what others submitted', async () => {
    const job = await left()
    const worker = night.start(['worker'])
    await worker.said('Attending all jobs')
    night.emulator.advance(10 * 3600)
    expect(await night.redeye(['watch', job])).toMatchObject({ code: 0 })
    worker.interrupt()
    expect(await worker.ended).toMatchObject({ code: 0 })
  })
})

describe('looking at jobs', () => {
  test('show tells the region that the job was told', async () => {
    const env = { ANTHROPIC_API_KEY: 'sk-emulated-key', ANTHROPIC_BASE_URL: night.emulator.baseUrls.anthropic }
    const where = ['--model', 'claude-opus-5', '--region', 'us']
    const { stdout } = await night.redeye(['submit', night.lines('in.jsonl', 1), '--yes', ...where], { env })
    const job = stdout.trim()
    expect((await night.redeye(['show', job])).stdout).toMatch(/^ +region +us$/m)
    expect(JSON.parse((await night.redeye(['show', job, '--json'])).stdout)).toMatchObject({ region: 'us' })
  })

  test('list, show and bill tell of a job while it flies and when it is home', async () => {
    const job = await left()
    const listed = JSON.parse((await night.redeye(['list', '--json', '--state', 'flying'])).stdout)
    expect(listed).toEqual([
      expect.objectContaining({ id: job, state: 'flying', requests: 20, tags: { team: 'owls' } }),
    ])
    expect((await night.redeye(['list'])).stdout).toContain('team=owls')
    const flying = JSON.parse((await night.redeye(['show', job, '--json'])).stdout)
    expect(flying).toMatchObject({
      job,
      state: 'flying',
      requests: { total: 20 },
      attendants: [],
      quote: { recommended: 'openai/batch' },
      purchases: [{ state: 'open', lane: 'openai/batch', remoteId: expect.stringMatching(/^batch_/), rows: 20 }],
    })
    expect(flying.events.map(({ type }: { type: string }) => type)).toEqual(
      expect.arrayContaining(['submitted', 'uploaded', 'buying', 'bought']),
    )
    expect((await night.redeye(['bill'])).stderr).toContain('Nothing was charged yet.')

    night.emulator.advance(10 * 3600)
    const { charged } = lastJson(await night.redeye(['watch', job, '--json'])).usd
    const shown = (await night.redeye(['show', job.slice('job_'.length, 12)])).stdout
    expect(shown).toMatch(/submission +lane +model +state +rows +at the vendor\nsub_/)
    expect(shown).toMatch(/Z {2}submitted: 20 requests in 1 shard\n/)
    expect(shown).toMatch(/Z {2}landed: [\d.]+ USD charged\n$/)
    const billed = JSON.parse((await night.redeye(['bill', job, '--per', 'tag:team', '--json'])).stdout)
    expect(billed).toMatchObject({
      per: 'tag:team',
      lines: [{ name: 'owls', usd: { charged } }],
      total: { usd: { charged, unproven: '0', duplicate: '0' } },
    })
    expect(shown).not.toContain('region')
    expect((await night.redeye(['bill'])).stdout).toMatch(/^model +charged +unproven +duplicate +standard +saved/)
  })

  test('results come to standard output or to a file, as lines or rows', async () => {
    const rows = night.write('rows.csv', 'text\nOne?\nTwo?\n')
    const table = ['--prompt', '{{text}}', '--model', 'gpt-4o-mini']
    const { stdout } = await night.redeye(['run', rows, '-o', 'out.csv', '--yes', '--key', 'k', '--json', ...table])
    const job = JSON.parse(stdout).job as string
    expect((await night.redeye(['results', job, '--format', 'csv'])).stdout).toBe(night.read('out.csv'))
    expect((await night.redeye(['results', 'key:k', '-o', 'rows.jsonl'])).code).toBe(0)
    expect(night.read('rows.jsonl')).toMatch(/^\{"text":"One\?","answer":/)
  })

  test('a job is not mistaken: unknown names are exit 2', async () => {
    for (const name of ['job_nope', 'key:nope']) {
      const ended = await night.redeye(['show', name, '--json'])
      expect(ended.code).toBe(2)
      expect(lastJson(ended).error.code).toBe('unknown_job')
    }
  })

  test('retry flies what failed once more, and refuses when nothing deserves it', async () => {
    night.emulator.setScenario('rows-400:share=0.3')
    const ended = await night.redeye(['run', night.lines('in.jsonl', 30), '-o', 'out.jsonl', '--yes', '--json'])
    const { job, requests } = lastJson(ended)
    expect(await night.redeye(['retry', job])).toMatchObject({ code: 3, stderr: expect.stringContaining('--all') })
    night.emulator.setScenario([])
    const again = await night.redeye(['retry', job, '--all', '--json'])
    expect(again.stderr).toContain(`${requests.failed} requests of ${job} fly again.`)
    expect(again.code).toBe(0)
    expect(lastJson(again)).toMatchObject({ requests: { succeeded: 30 }, submissions: 2 })
  })

  test('cancel --ids withdraws requests, and the others fly on', async () => {
    night.emulator.setScenario('wrong-key')
    const held = await night.redeye(['run', night.lines('in.jsonl', 30), '-o', 'out.jsonl', '--yes', '--key', 'some'])
    expect(held.code).toBe(4)
    night.emulator.setScenario([])
    const [first, second, third] = night.read('in.jsonl').split('\n')
    const idOf = (line = ''): string => (JSON.parse(line) as { custom_id: string }).custom_id
    const ids = night.write(
      'ids.txt',
      `${idOf(first)}\r\n\n${second}\n{"key":${JSON.stringify(idOf(third))}}\nnobody\n`,
    )
    const said = await night.redeye(['cancel', 'key:some', '--ids', ids])
    expect(said.code).toBe(0)
    expect(said.stdout).toMatch(/^3 requests of job_\w+ withdrawn\.\n1 id of no request of the job: nobody\n$/)
    const again = await night.redeye(['cancel', 'key:some', '--ids', '-', '--json'], { stdin: `${idOf(first)}\n` })
    expect(lastJson(again)).toMatchObject({ withdrawn: 0, already: 1, unknown: 0 })
    const landed = await night.redeye(['watch', 'key:some', '--json'])
    expect(landed.code).toBe(1)
    expect(lastJson(landed).requests).toMatchObject({ total: 30, succeeded: 27, cancelled: 3 })
  })

  test('quote says what each lane would cost and sends nothing', async () => {
    const bought = await night.purchases()
    const ended = await night.redeye(['quote', night.lines('in.jsonl', 30), '--by', '6h', '--json'])
    expect(ended.code).toBe(0)
    expect(lastJson(ended)).toMatchObject({
      lanes: expect.arrayContaining([
        {
          lane: 'openai/batch',
          model: 'gpt-4o-mini',
          flyable: true,
          usd: {
            low: expect.any(String),
            high: expect.any(String),
            most: expect.any(String),
            standard: expect.any(String),
          },
          tokens: expect.any(Object),
          lands: { p50: expect.stringMatching(/Z$/), p90: expect.stringMatching(/Z$/) },
          onTime: expect.any(Number),
          limits: expect.any(Array),
          notes: expect.any(Array),
        },
      ]),
      recommended: 'openai/batch',
      reason: expect.any(String),
      pricesAsOf: expect.any(String),
    })
    expect(await night.purchases()).toBe(bought)
  })

  test('doctor looks at the home and asks the accounts', async () => {
    const well = await night.redeye(['doctor', '--json'])
    expect(well.code).toBe(0)
    expect(lastJson(well)).toMatchObject({
      home: night.home,
      bytes: expect.any(Number),
      storeVersion: expect.any(Number),
      node: process.version,
      accounts: [{ vendor: 'openai', ok: true }],
      leftovers: { blobs: 0, bytes: 0, unattended: [] },
    })
    const ill = await night.redeye(['doctor'], { env: { OPENAI_API_KEY: undefined } })
    expect(ill).toMatchObject({ code: 4, stdout: expect.stringMatching(/FAILS +account .*OPENAI_API_KEY is not set/) })
  })
})
