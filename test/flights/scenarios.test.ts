import { describe, expect, test } from 'vitest'
import { scenarios } from '../../src/emulator/index.ts'
import { type Job, JobHeld, type JobInput, type JobSettings } from '../../src/index.ts'
import { chats, eventTypes, type Field, field, outputLines, type RequestLine, until } from './field.ts'
import { judge } from './judge.ts'

/** More than none and fewer than all: which lines are struck is drawn from their bodies. */
const SOME = -1

interface Expectation {
  /** With parameters, or with others beside it. Default: the name alone. */
  readonly scenario?: string
  readonly speed?: number
  /** Median seconds in progress. */
  readonly median?: number
  /** Default: 40 chat requests. */
  readonly input?: JobInput
  readonly settings?: JobSettings
  /** What the user does once the job is bought; else the job is waited for. */
  readonly action?: (job: Job, on: Field) => Promise<unknown>
  /** Requests by outcome. Default: all succeed. */
  readonly ends?: Partial<Record<'succeeded' | 'failed' | 'expired' | 'cancelled' | 'missing' | 'invalid', number>>
  /** The job is held for this reason first, exit code 4, and lands when the scenario is lifted. */
  readonly held?: string
  /** Events that prove that the trouble was met. */
  readonly sees?: readonly string[]
  /** At the vendor. Default 1. */
  readonly purchases?: number
  /** Of them, those of which a row ran. Default: all. */
  readonly ran?: number
  /** Bodies that had to be paid for twice, because nobody can know better. */
  readonly paidTwice?: number
  /** The vendor perhaps billed what nobody saw. */
  readonly unproven?: true
}

const responses = (count: number, more: object = {}): RequestLine[] =>
  Array.from({ length: count }, (_, index) => ({
    custom_id: `r-${index}`,
    method: 'POST',
    url: '/v1/responses',
    body: { model: 'gpt-5.4-mini', input: `What is ${index} times ${index}?`, ...more },
  }))

const embeddings = (count: number): RequestLine[] =>
  Array.from({ length: count }, (_, index) => ({
    custom_id: `e-${index}`,
    method: 'POST',
    url: '/v1/embeddings',
    body: { model: 'text-embedding-3-small', input: `text number ${index}` },
  }))

const rows = Array.from({ length: 40 }, (_, index) => ({ text: `review number ${index}` }))
const ask = {
  prompt: 'Is this good? {{text}}',
  model: 'gpt-5.4-mini',
  schema: {
    type: 'object',
    properties: { good: { type: 'boolean' }, why: { type: 'string' } },
    required: ['good', 'why'],
  },
} satisfies JobSettings

/** A day passes in three seconds. */
const DAY_FAST = 28_800
/** Slow enough that a minute at the vendor is seen as a minute. */
const SLOW = 300
/** Slow enough that two seconds at the vendor are some time here. */
const SLOWEST = 5

/** Once some rows have run, and not all. */
const cancelHalfWay = async (job: Job, { emulator }: Field): Promise<unknown> => {
  await job.untilBought()
  await until(async () => ((await emulator.log()).purchases[0]?.executed ?? 0) > 0)
  return job.cancel()
}

const expectations: Record<string, Expectation | readonly Expectation[]> = {
  // calls
  'create-response-lost': { sees: ['unsure', 'found'] },
  'create-hangs': { sees: ['unsure', 'found'] },
  'create-500-created': { sees: ['unsure', 'found'] },
  'create-500-refused': { sees: ['unsure', 'fenced', 'absent', 'bought'] },
  'create-garbage-created': { sees: ['unsure', 'found'] },
  'create-reset': { sees: ['unsure', 'fenced', 'absent', 'bought'] },
  'create-lands-late': [
    { sees: ['unsure', 'found'] },
    // After our fence: the late create finds no file, and fails without a row run.
    {
      scenario: 'create-lands-late:seconds=7200',
      sees: ['unsure', 'fenced', 'absent', 'bought'],
      median: 20_000,
      purchases: 2,
      ran: 1,
    },
  ],
  'create-429': { sees: ['refused'] },
  'insufficient-quota': { held: 'billing', speed: SLOW, median: 10 },
  'upload-race': { sees: ['refused'], speed: SLOWEST, median: 4 },
  'drop-upload': { sees: ['trouble'] },
  'drop-download': { sees: ['trouble'] },
  'short-download': [
    { sees: ['short-file'] },
    {
      scenario: 'short-download:times=always',
      settings: { retries: 0 },
      sees: ['short-file'],
      ends: { succeeded: SOME, missing: SOME },
      unproven: true,
    },
  ],
  'content-502': [{}, { scenario: 'content-502:times=always', held: 'vendor', sees: ['trouble', 'held'] }],
  'storm-429': { sees: ['refused'] },
  'slow-down': { sees: ['refused'] },
  'storm-500': [{ sees: ['trouble'] }, { scenario: 'storm-500:times=always', held: 'vendor' }],
  'storm-503': [{ sees: ['trouble'] }, { scenario: 'storm-503:times=always,on=list|get,after=1', held: 'vendor' }],
  'html-200': [{ sees: ['trouble'] }, { scenario: 'html-200:times=always', held: 'vendor' }],
  'html-502': [{ sees: ['trouble'] }, { scenario: 'html-502:times=always,after=2', held: 'vendor', median: 4000 }],
  'garbage-json': [{ sees: ['trouble'] }, { scenario: 'garbage-json:times=always', held: 'vendor' }],
  resets: [{ sees: ['trouble'] }, { scenario: 'resets:times=always', held: 'vendor' }],
  'slow-answers': {},
  'wrong-key': [
    { held: 'credentials' },
    // Revoked in mid-flight: what was bought is not lost by it.
    { scenario: 'wrong-key:after=3', median: 4000, held: 'credentials', sees: ['bought', 'held'] },
  ],
  forbidden: { held: 'credentials' },

  // batches
  'stuck-validating': [
    { speed: DAY_FAST, settings: { retries: 0 }, ends: { expired: 40 }, ran: 0 },
    { speed: DAY_FAST, sees: ['retry'], purchases: 2, ran: 1 },
  ],
  'stuck-in-progress': { speed: DAY_FAST, settings: { retries: 0 }, ends: { succeeded: 20, expired: 20 } },
  'stuck-finalizing': {},
  'expire-partial': { speed: DAY_FAST, sees: ['retry'], purchases: 2 },
  'expire-none': { speed: DAY_FAST, settings: { retries: 0 }, ends: { expired: 40 }, ran: 0 },
  slow: { speed: DAY_FAST },
  'cancel-lag': {
    median: 20_000,
    action: cancelHalfWay,
    sees: ['cancelling'],
    ends: { succeeded: SOME, cancelled: SOME },
  },
  'cancel-race': { median: 20_000, action: cancelHalfWay, sees: ['cancelling', 'cancelled'] },
  'not-found-after-create': { speed: SLOW, median: 10, sees: ['unseen'] },
  'listed-late': { scenario: 'create-response-lost+listed-late:seconds=60', sees: ['unsure', 'found'] },
  vanish: {
    speed: DAY_FAST,
    median: 4000,
    sees: ['unseen', 'lost', 'retry'],
    purchases: 2,
    paidTwice: 40,
    unproven: true,
  },
  'empty-string-ids': {
    scenario: 'empty-string-ids+all-failed:times=always',
    settings: { retries: 0 },
    ends: { failed: 40 },
  },
  'ids-early': {},
  'output-id-late': { speed: SLOW, median: 10, sees: ['output-late'] },
  'counts-wrong': {},
  'counts-zero-until-end': {},
  'unknown-status': { speed: SLOW, median: 300, sees: ['vendor-state'] },
  'in-order': {},
  'queue-full': { sees: ['refused', 'bought'], purchases: 2, ran: 1 },
  'billing-hard-limit': { held: 'billing', speed: SLOW, median: 10, purchases: 2, ran: 1 },
  'input-file-lost': { sees: ['refused', 'bought'], purchases: 2, ran: 1 },
  'validation-fails': {
    scenario: 'validation-fails:share=0.2',
    sees: ['refused', 'bought'],
    purchases: 2,
    ran: 1,
    ends: { succeeded: SOME, failed: SOME },
  },
  'model-not-found': {
    scenario: 'model-not-found:share=0.2',
    sees: ['refused', 'bought'],
    purchases: 2,
    ran: 1,
    ends: { succeeded: SOME, failed: SOME },
  },
  'poison-line': {
    input: chats(40).map((line, index) =>
      index === 13 ? { ...line, body: { ...line.body, messages: [{ role: 'user', content: 'a POISON pill' }] } } : line,
    ),
    sees: ['recut', 'refused'],
    purchases: 11, // 40, then its halves down to the one
    ran: 5,
    ends: { succeeded: 39, failed: 1 },
  },

  // rows
  'rows-429': { sees: ['retry'], purchases: 2 },
  'rows-500': { sees: ['retry'], purchases: 2 },
  'rows-503': { sees: ['retry'], purchases: 2 },
  'rows-504': { sees: ['retry'], purchases: 2 },
  'rows-timeout': { sees: ['retry'], purchases: 2 },
  'rows-400': { scenario: 'rows-400:share=0.3', ends: { succeeded: SOME, failed: SOME } },
  'rows-too-long': { scenario: 'rows-too-long:share=0.3', ends: { succeeded: SOME, failed: SOME } },
  'rows-404': { scenario: 'rows-404:share=0.3', ends: { succeeded: SOME, failed: SOME } },
  'rows-mix': {
    scenario: 'rows-mix:share=0.2',
    sees: ['retry'],
    purchases: 2,
    ends: { succeeded: SOME, failed: SOME },
  },
  'all-failed': [
    { sees: ['retry'], purchases: 2 },
    { settings: { retries: 0 }, ends: { failed: 40 } },
  ],
  'rows-status-0': { sees: ['retry'], purchases: 2 },
  'rows-missing': [
    { sees: ['retry'], purchases: 2 },
    { scenario: 'rows-missing:share=0.3', settings: { retries: 0 }, ends: { succeeded: SOME, missing: SOME } },
  ],
  'rows-twice': { scenario: 'rows-twice:share=0.5' },
  'rows-strangers': { scenario: 'rows-strangers:share=0.5' },
  // Whose they are nobody can tell, so these requests fly again; that the first answers were paid for is in the books.
  'rows-null-id': { scenario: 'rows-null-id:share=1', purchases: 2, sees: ['short-file', 'retry'], paidTwice: 40 },
  'rows-cut': { scenario: 'rows-cut:share=0.5' },
  'rows-content-filter': { scenario: 'rows-content-filter:share=0.5' },
  'rows-refusal': { scenario: 'rows-refusal:share=0.5' },
  'rows-invalid-json': [
    { scenario: 'rows-invalid-json:share=1', input: rows, settings: ask, ends: { succeeded: 40, invalid: 40 } },
    {
      scenario: 'rows-invalid-json:share=1',
      input: rows,
      settings: { ...ask, onInvalidAnswer: 'retry' },
      sees: ['retry'],
      purchases: 2,
      paidTwice: 40,
    },
  ],
  'rows-off-schema': [
    { scenario: 'rows-off-schema:share=1', input: rows, settings: ask, ends: { succeeded: 40, invalid: 40 } },
    {
      scenario: 'rows-off-schema:share=1',
      input: rows,
      settings: { ...ask, onInvalidAnswer: 'fail' },
      ends: { failed: 40, invalid: 40 },
    },
  ],
  'rows-empty': { scenario: 'rows-empty:share=0.5' },
  'huge-output': {},
  'web-search-unsupported': {
    input: [...responses(4), ...responses(8, { tools: [{ type: 'web_search' }] }).slice(4)],
    ends: { succeeded: 4, failed: 4 },
  },

  // accounts
  'enqueued-token-limit': [
    {
      // By our count one shard at a time, by the vendor's two: the third is refused, and from then on we wait.
      scenario: 'enqueued-token-limit:tokens=400',
      median: 7200,
      settings: { shardRequests: 8 },
      purchases: SOME,
      sees: ['refused', 'held'],
    },
    { scenario: 'enqueued-token-limit:tokens=300', purchases: SOME, sees: ['recut'] },
  ],
  'enqueued-request-limit': [
    {
      scenario: 'enqueued-request-limit:requests=12',
      input: embeddings(40),
      median: 7200,
      settings: { shardRequests: 10 },
      purchases: SOME,
      sees: ['refused', 'held'],
    },
    { scenario: 'enqueued-request-limit:requests=12', input: embeddings(40), purchases: SOME, sees: ['recut'] },
  ],
  'quota-lag': { scenario: 'quota-lag:seconds=600,tokens=400', settings: { shardRequests: 10 }, purchases: SOME },
  'storage-full': {
    scenario: 'storage-full:bytes=5000',
    median: 7200,
    settings: { shardRequests: 10 },
    purchases: 4,
    sees: ['refused'],
  },
  'model-not-batchable': { input: chats(40, { model: 'o3-pro' }), ends: { failed: 40 }, ran: 0 },
  'models-retire': { input: chats(40, { model: 'gpt-4.1-nano' }), ends: { failed: 40 }, ran: 0 },
  'duplicate-id-400': {},
  'missing-file-400': {
    scenario: 'missing-file-400+create-lands-late:seconds=7200',
    sees: ['absent', 'bought'],
    median: 20_000,
  },

  // together
  'incident-885': [
    { input: chats(885), settings: { retries: 0 }, ends: { succeeded: 758, failed: 97, missing: 30 } },
    { input: chats(885), sees: ['retry'], purchases: 2, ends: { succeeded: 788, failed: 97 } },
  ],
  'bad-night': { speed: SLOWEST, median: 4, sees: ['refused', 'retry'], purchases: 2 },
}

test('every scenario of the emulator has its expectation', () => {
  expect(Object.keys(expectations).sort()).toEqual(
    scenarios
      .filter(({ vendors }) => vendors?.includes('openai'))
      .map(({ name }) => name)
      .sort(),
  )
})

const flights = Object.entries(expectations).flatMap(([name, one]) =>
  (Array.isArray(one) ? (one as readonly Expectation[]) : [one as Expectation]).map((expected, index) => ({
    title: `${expected.scenario ?? name}${index === 0 ? '' : ` (${index + 1})`}`,
    scenario: expected.scenario ?? name,
    expected,
  })),
)

describe.concurrent('a flight through', () => {
  test.for(flights)(
    '$title ends as it should, and the books close',
    { timeout: 120_000 },
    async ({ scenario, expected }, { expect, signal }) => {
      await using on = await field({
        // A name may be another vendor's too, with parameters of its own.
        scenario: scenario.split('+').map((text) => `openai/${text}`),
        ...(expected.speed === undefined ? {} : { speed: expected.speed }),
        ...(expected.median === undefined ? {} : { latency: { medianSeconds: expected.median, sigma: 0 } }),
      })
      const redeye = await on.open()
      const input = expected.input ?? chats(40)
      const job = await redeye.submit(input, expected.settings)
      if (expected.held !== undefined) {
        const held = await job.wait({ signal }).catch((error: unknown) => error)
        expect(held).toBeInstanceOf(JobHeld)
        expect(held).toMatchObject({ code: `held_${expected.held}`, exitCode: 4 })
        expect((held as JobHeld).hint).toContain(`redeye watch ${job.id}`)
        on.emulator.setScenario([])
      }
      if (expected.action !== undefined) await expected.action(job, on)
      await job.wait({ signal })

      const total = (input as readonly unknown[]).length
      const receipt = await job.receipt()
      const { total: of, ...ended } = receipt.requests
      expect(of).toBe(total)
      for (const [outcome, count] of Object.entries(ended)) {
        const wanted =
          expected.ends === undefined && outcome === 'succeeded'
            ? total
            : (expected.ends?.[outcome as keyof typeof ended] ?? 0)
        expect
          .soft({ [outcome]: count === 0 || count === total || wanted !== SOME ? count : SOME })
          .toEqual({ [outcome]: wanted })
      }
      expect.soft(await eventTypes(job)).toEqual(expect.arrayContaining([...(expected.sees ?? [])]))

      const requests = expected.settings?.prompt === undefined
      const verdict = await judge(on.emulator, [
        {
          ids: requests ? (input as readonly RequestLine[]).map(({ custom_id }) => custom_id) : null,
          receipt,
          lines: requests ? await outputLines(job) : null,
        },
      ])
      const { faults, purchases, ran, paidTwice, nanoUsd } = verdict
      expect.soft(faults.filter((fault) => !fault.includes('was paid for 2 times'))).toEqual([])
      expect.soft({ paidTwice }).toEqual({ paidTwice: expected.paidTwice ?? 0 })
      const wanted = expected.purchases ?? 1
      if (wanted === SOME) expect.soft(purchases).toBeGreaterThan(1)
      else expect.soft({ purchases, ran }).toEqual({ purchases: wanted, ran: expected.ran ?? wanted })
      expect.soft({ unproven: nanoUsd.unproven > 0n }).toEqual({ unproven: expected.unproven === true })
    },
  )
})
