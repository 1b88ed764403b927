import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { audit, auditPage, UnknownLog, UnreadableInput, UsageError } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'audit-'))
afterAll(() => rmSync(folder, { recursive: true }))

const DAY = 86_400_000
/** A Monday. */
const monday = Date.parse('2026-10-05T00:00:00Z')
const weeks = Array.from({ length: 28 }, (_, day) => monday + day * DAY)

interface Line {
  readonly at: number
  readonly model?: string
  readonly vendor?: string
  readonly key: string
  readonly user?: string
  readonly session?: string
  readonly tag?: string
  readonly input?: number
  readonly output?: number
  readonly tier?: string
  readonly prompt?: string
}

const line = ({
  at,
  model = 'gpt-5-mini',
  vendor = 'openai',
  key,
  user = '',
  session = '',
  tag = '',
  input = 1000,
  output = 100,
  tier,
  prompt,
}: Line) => ({
  request_id: `${key}-${at}`,
  call_type: 'acompletion',
  startTime: new Date(at).toISOString(),
  model,
  custom_llm_provider: vendor,
  prompt_tokens: input,
  completion_tokens: output,
  end_user: user,
  session_id: session,
  request_tags: tag === '' ? [] : [tag],
  status: 'success',
  metadata: { user_api_key_alias: key, ...(tier === undefined ? {} : { usage_object: { service_tier: tier } }) },
  ...(prompt === undefined ? {} : { messages: [{ role: 'user', content: prompt }] }),
})

/** 200 calls of one template at 02:00, a second and a half apart. */
const nightly = (at: number, more: Partial<Line> = {}): Line[] =>
  Array.from({ length: 200 }, (_, call) => ({
    at: at + 2 * 3_600_000 + call * 1500,
    key: 'etl',
    tag: 'label',
    ...more,
  }))

/** 40 calls in office hours on working days, for 25 users who go on talking. */
const chat = (at: number): Line[] =>
  [0, 6].includes(new Date(at).getUTCDay())
    ? []
    : Array.from({ length: 40 }, (_, call) => ({
        at: at + 9 * 3_600_000 + call * 720_000,
        key: 'helpdesk',
        user: `user-${call % 25}`,
        session: `chat-${at}-${call % 10}`,
        model: 'claude-haiku-4-5-20251001',
        vendor: 'anthropic',
      }))

/** One call each quarter of an hour, day and night. */
const crawler = (at: number): Line[] =>
  Array.from({ length: 96 }, (_, call) => ({
    at: at + call * 900_000,
    key: 'crawler',
    user: 'crawler',
    model: 'vertex_ai/gemini-2.5-flash',
    vendor: 'vertex_ai',
  }))

function write(name: string, lines: readonly unknown[], pack: (text: Buffer) => Uint8Array = (text) => text): string {
  const path = join(folder, name)
  writeFileSync(path, pack(Buffer.from(lines.map((each) => JSON.stringify(each)).join('\n'))))
  return path
}

const month = weeks.flatMap((at) => [...nightly(at), ...chat(at), ...crawler(at)]).map(line)

describe('a month of a gateway', async () => {
  const report = await audit([write('month.jsonl', month)], { zone: 'UTC' })
  const of = (key: string) => {
    const group = report.groups.find((each) => each.key === key)
    if (group === undefined) throw new Error(`no group ${key}`)
    return group
  }

  test('what runs at night in long runs of one template is found, with what shows it', () => {
    const etl = of('etl')
    expect(etl).toMatchObject({ confidence: 'high', requests: 5600, template: 'label' })
    expect(etl.evidence.join(' ')).toMatch(/100 % of it runs between 22:00 and 06:00/)
    expect(etl.evidence.join(' ')).toMatch(/came back at that time on 28 of 28 days/)
    expect(etl.evidence.join(' ')).toMatch(/calls of "label" come in long runs .* the longest of 200/)
    expect(etl.question).toBe('Does anybody read the answers of label before the morning?')
  })

  test('people who talk in office hours are left alone: no plan, however much it would save', () => {
    expect(of('helpdesk')).toMatchObject({ confidence: 'people' })
    expect(of('helpdesk').savings.map(({ move }) => move)).toContain('batch')
    expect(report.plan.map(({ group }) => group).join(' ')).not.toContain('helpdesk')
  })

  test('what runs round the clock, weekends too, is a machine', () => {
    expect(of('crawler').evidence[0]).toBe('It runs round the clock, weekends like other days.')
    expect(['high', 'medium']).toContain(of('crawler').confidence)
  })

  test('prices are those of the catalogue, to the cent', () => {
    // 5,600 × (1,000 × 0.25 + 100 × 2) / 10^6 USD, and half of that in a batch
    expect(of('etl').usd.paid).toBe('2.52')
    const saved = of('etl').savings.find(({ move }) => move === 'batch')
    expect(Number(saved?.usdMonth)).toBeCloseTo((1.26 * 30) / report.source.days, 2)
    expect(saved?.assumption).toBe('All of it may wait up to 24 hours.')
  })

  test('the plan begins with what saves most, and says what to ask and what to type', () => {
    const saved = report.plan.map(({ usdMonth }) => Number(usdMonth))
    expect(saved.length).toBe(2)
    expect(saved).toEqual(saved.toSorted((a, b) => b - a))
    expect(Number(report.usd.savedMonth)).toBeCloseTo(
      saved.reduce((sum, each) => sum + each, 0),
      6,
    )
    const etl = report.plan.find(({ group }) => group.includes('etl'))
    expect(etl?.command).toMatch(
      /^redeye run REQUESTS.jsonl -o RESULTS.jsonl --model openai\/gpt-5-mini --by 24h --budget \d/,
    )
    expect(etl?.check).toMatch(
      /^redeye quote --model openai\/gpt-5-mini --input-tokens \d+ --output-tokens \d+ --requests \d+$/,
    )
  })

  test('the rule of thumb stands beside the figures', () => {
    const { monthlySpend, offlineShare, savedMonth, text } = report.rule
    expect(savedMonth).toBeCloseTo(monthlySpend * offlineShare * 0.5, 1)
    expect(text).toContain('5,000 USD a month × 30 % that can wait × 50 % = 750 USD')
  })

  test('the page holds the charts, and no word that was not escaped', async () => {
    const [first] = month
    const nasty = write('nasty.jsonl', [
      ...month,
      { ...first, metadata: { user_api_key_alias: '<script>alert(1)</script>' } },
    ])
    const page = auditPage(await audit([nasty], { zone: 'UTC' }))
    expect(page.match(/<svg /g)?.length).toBe(3)
    expect(page).not.toContain('<script')
    expect(page).not.toMatch(/(src|href)=/)
    expect(page).toContain('redeye run REQUESTS.jsonl')
  })
})

describe('what is half price already, and what has no price', () => {
  test('batch and flex calls are counted as discounted and are not moved again', async () => {
    const lines = weeks.flatMap((at) => [...nightly(at, { tier: 'flex' }), ...nightly(at, { key: 'old' })])
    const report = await audit([write('flex.jsonl', lines.map(line))], { zone: 'UTC' })
    expect(report.usd).toMatchObject({ paid: '3.78', discounted: '1.26', discountedShare: 0.3333 })
    expect(report.plan.map(({ group }) => group)).toEqual(['openai/gpt-5-mini · old · label'])
  })

  test('a seller or model without a price is named and in no figure, never taken for another’s', async () => {
    const lines = [...nightly(monday), ...nightly(monday, { vendor: 'azure', model: 'azure/gpt-5-mini', key: 'east' })]
    const report = await audit([write('azure.jsonl', lines.map(line))], { zone: 'UTC' })
    expect(report.unpriced).toMatchObject([{ what: 'azure/gpt-5-mini · east · label', requests: 200, tokens: 220_000 }])
    expect(report.usd.paid).toBe('0.09')
  })

  test('a change of prices counts from its day on', async () => {
    const calls = ['2026-11-30', '2026-12-01'].flatMap((day) =>
      nightly(Date.parse(day), { vendor: 'gemini', model: 'gemini-4-argon', input: 10_000 }),
    )
    const report = await audit([write('change.jsonl', calls.map(line))], { zone: 'UTC' })
    const [before, after] = report.days.map(({ candidates, rest }) => Number(candidates) + Number(rest))
    expect(after).toBeCloseTo(2 * (before ?? 0), 6)
  })
})

describe('caching', () => {
  const shared = 'You sort mail. '.repeat(300)
  const calls = weeks.flatMap((at) => nightly(at, { input: 3000, output: 20 }))

  test('what the prompts in the log begin with alike is measured, and planned on', async () => {
    const lines = calls.map((each, at) => line({ ...each, prompt: `${shared}${at}` }))
    const { plan, groups } = await audit([write('shared.jsonl', lines)], { zone: 'UTC' })
    expect(plan[0]).toMatchObject({ move: 'batch+cache' })
    expect(plan[0]?.assumption).toMatch(
      /\d+ % of each prompt is the same in all calls, measured on the prompts in the log/,
    )
    expect(JSON.stringify(groups)).not.toContain('You sort mail')
  })

  test('without prompts half is assumed, shown, and nothing planned on it; --shared-prefix says better', async () => {
    const bare = write('bare.jsonl', calls.map(line))
    const assumed = await audit([bare], { zone: 'UTC' })
    expect(assumed.plan[0]?.move).toBe('batch')
    expect(assumed.groups[0]?.savings.find(({ move }) => move === 'cache')?.assumption).toContain('which is assumed')
    const told = await audit([bare], { zone: 'UTC', sharedPrefix: 0.9 })
    expect(told.plan[0]?.move).toBe('batch+cache')
    // 84,000,000 tokens in of which 0.9 × 0.9 are read at 0.1 of 0.25, the rest at 0.25; 112,000 × 2 out; all of it half
    const batchAndCache = (5600 * 3000 * (0.81 * 0.025 + 0.19 * 0.25) + 5600 * 20 * 2) / 2e6
    const cost = Number(told.usd.paid) - (Number(told.plan[0]?.usdMonth) * told.source.days) / 30
    expect(cost).toBeCloseTo(batchAndCache, 2)
  })
})

describe('reading', () => {
  test('gzip, zstd, CSV and several files are one log', async () => {
    const lines = nightly(monday).map(line)
    const table = join(folder, 'table.csv')
    const rows = lines.map((each) => `"${each.startTime}",gpt-5-mini,"1,x",1000,100`)
    writeFileSync(table, `created,llm,note,tok,ans\n${rows.join('\n')}\n`)
    const columns = 'time=created,model=llm,input=tok,output=ans'
    const packed = await audit([write('a.gz', lines, gzipSync), write('b.zst', lines, zstdCompressSync)], {
      zone: 'UTC',
    })
    expect(packed.usd.paid).toBe('0.18')
    const named = await audit([table], { zone: 'UTC', columns })
    expect(named).toMatchObject({ usd: { paid: '0.09' }, source: { lines: 200, problems: { total: 0 } } })
  })

  test('bad lines are counted and named, failed calls passed over, calls before --since left out', async () => {
    const lines = nightly(monday).map(line)
    const path = write('bad.jsonl', [
      ...lines,
      { ...lines[0], prompt_tokens: 'many' },
      { ...lines[0], status: 'failure' },
      { ...lines[0], startTime: '2020-01-01T00:00:00Z' },
    ])
    const { source } = await audit([path], { zone: 'UTC', since: monday })
    expect(source.problems).toMatchObject({
      total: 1,
      first: [{ file: path, line: 201, message: 'its prompt_tokens is "many"' }],
    })
    expect(source.passedOver).toEqual({ failed: 1, 'before --since': 1 })
  })

  test('one key of people by day and a job by night is two groups, and only the night is moved', async () => {
    const day = weeks.flatMap((at) => chat(at)).map((each) => ({ ...each, user: '', session: '' }))
    const night = weeks.flatMap((at) =>
      nightly(at, { tag: '', vendor: 'anthropic', model: 'claude-haiku-4-5-20251001' }),
    )
    const lines = [...day, ...night.filter((_, at) => at % 4 === 0)].map((each) => line({ ...each, key: 'shared' }))
    const { groups, plan } = await audit([write('mixed.jsonl', lines)], { zone: 'UTC' })
    expect(groups.map(({ template, confidence, requests }) => ({ template, confidence, requests }))).toEqual([
      { template: 'at night', confidence: 'high', requests: 1400 },
      { template: '', confidence: 'people', requests: 800 },
    ])
    expect(plan.map(({ group }) => group)).toEqual(['anthropic/claude-haiku-4-5-20251001 · shared · at night'])
  })

  test('calls that follow each other all day long are no run, however many', async () => {
    const busy = weeks.slice(0, 7).flatMap((at) =>
      Array.from({ length: 1000 }, (_, call) => ({
        at: at + 8 * 3_600_000 + call * 43_000,
        key: 'shop',
        tag: 'answer',
      })),
    )
    const { groups } = await audit([write('busy.jsonl', busy.map(line))], { zone: 'UTC' })
    expect(groups).toMatchObject([{ confidence: 'people', evidence: ['Nothing in the log tells who waits.'] }])
  })

  test('templates are told by what does not differ from call to call', async () => {
    const lines = nightly(monday).map((each, at) => ({
      ...line(each),
      request_tags: [`jobID:2145${at}dsff09fds`, 'task:label', 'User-Agent: x/1'],
    }))
    const { groups } = await audit([write('tags.jsonl', lines)], { zone: 'UTC' })
    expect(groups.map(({ template }) => template)).toEqual(['jobID:#, task:label'])
  })

  test('beyond 2,000 templates the rest is told together, and nothing is lost', async () => {
    const calls = Array.from({ length: 2500 }, (_, call) => ({
      at: monday + call * 60_000,
      key: 'etl',
      tag: `t-${call}`,
    }))
    const { groups, usd } = await audit([write('many.jsonl', calls.map(line))], { zone: 'UTC' })
    expect(groups.length).toBe(2001)
    expect(groups[0]).toMatchObject({ key: '(others)', template: '(others)', requests: 500 })
    expect(usd.paid).toBe('1.125')
  })

  test('nights are those of the zone', async () => {
    const path = write('zone.jsonl', weeks.flatMap((at) => nightly(at)).map(line))
    const { groups } = await audit([path], { zone: 'Asia/Tokyo' })
    expect(groups[0]?.evidence.join(' ')).toContain('one hour of the day, 11:00 to 12:00')
    expect(groups[0]?.evidence.join(' ')).not.toContain('22:00')
  })

  test('an unknown kind, an empty file, and nothing but failures are refused in words', async () => {
    await expect(audit([write('foo.jsonl', [{ foo: 1 }])])).rejects.toThrow(UnknownLog)
    await expect(audit([write('empty.jsonl', [])])).rejects.toThrow(UnreadableInput)
    const failed = { ...line({ at: monday, key: 'etl' }), status: 'failure' }
    await expect(audit([write('failed.jsonl', [failed])])).rejects.toThrow('holds no billed call: 1 failed')
    const broken = { ...line({ at: monday, key: 'etl' }), prompt_tokens: -1 }
    await expect(audit([write('broken.jsonl', [broken])])).rejects.toThrow(
      'holds no billed call: 1 unreadable, the first at line 1: its prompt_tokens is -1',
    )
    await expect(audit([write('foo.jsonl', [{ foo: 1 }])], { columns: 'time=foo' })).rejects.toThrow(UsageError)
  })
})
