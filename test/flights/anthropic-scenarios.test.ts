import type { JobSettings } from '../../src/index.ts'
import { messages } from './field.ts'
import { cancelHalfWay, DAY_FAST, type Expectations, flyThrough, SLOW, SOME } from './fly-through.ts'

const once = { retries: 0 } satisfies JobSettings
const someFail = { ends: { succeeded: SOME, failed: SOME } } as const

const expectations: Expectations = {
  // calls; where a purchase is looked up by its time, a second here must not be an hour there
  'create-response-lost': { speed: SLOW, sees: ['unsure', 'held', 'proven'] },
  'create-500-created': { speed: SLOW, sees: ['unsure', 'held', 'proven'] },
  'create-504-created': { speed: SLOW, sees: ['unsure', 'held', 'proven'] },
  'create-529-created': { speed: SLOW, sees: ['unsure', 'held', 'proven'] },
  'create-hangs': { speed: SLOW, sees: ['unsure', 'held', 'proven'] },
  'create-500-refused': { speed: SLOW, sees: ['unsure', 'absent', 'bought'] },
  'create-garbage-created': { speed: SLOW, sees: ['unsure', 'held', 'proven'] },
  'create-reset': { speed: SLOW, sees: ['unsure', 'absent', 'bought'] },
  'create-lands-late': { speed: SLOW, sees: ['unsure', 'held', 'proven'] },
  'create-429': { sees: ['refused'] },
  // So short a body may have left whole before the connection breaks, or may not.
  'drop-upload': { speed: SLOW, sees: [['refused', 'unsure']] },
  'drop-download': { sees: ['trouble'] },
  'short-download': [
    { sees: ['short-file'] },
    {
      scenario: 'short-download:times=always',
      settings: once,
      sees: ['short-file'],
      ends: { succeeded: SOME, missing: SOME },
      unproven: true,
    },
  ],
  'content-502': [{}, { scenario: 'content-502:times=always', held: 'vendor', sees: ['trouble', 'held'] }],
  'edge-413': { sees: ['recut'], purchases: 2 },
  'storm-429': { sees: ['refused'] },
  'storm-500': {},
  'storm-503': {},
  'storm-529': {},
  'html-200': {},
  'html-502': {},
  'garbage-json': {},
  resets: {},
  'retry-after-hour': {},
  'slow-answers': {},
  'wrong-key': [
    { held: 'credentials' },
    { scenario: 'wrong-key:after=2', median: 4000, held: 'credentials', sees: ['bought', 'held'] },
  ],
  forbidden: { held: 'credentials' },
  'tier-spend-limit': { held: 'billing' },
  'own-spend-limit': { held: 'billing' },
  unpaid: { held: 'billing' },

  // batches
  'stuck-in-progress': { speed: DAY_FAST, settings: once, ends: { succeeded: 20, expired: 20 } },
  'expire-partial': { speed: DAY_FAST, sees: ['retry'], purchases: 2 },
  'expire-none': { speed: DAY_FAST, settings: once, ends: { expired: 40 }, ran: 0 },
  'expire-late': { speed: DAY_FAST, settings: once, ends: { succeeded: SOME, expired: SOME } },
  slow: { speed: DAY_FAST },
  'cancel-lag': {
    median: 60_000,
    meanwhile: cancelHalfWay,
    sees: ['cancelling'],
    ends: { succeeded: SOME, cancelled: SOME },
  },
  'cancel-race': { median: 60_000, meanwhile: cancelHalfWay, sees: ['cancelling', 'cancelled'] },
  'cancel-idle-409': {},
  'stuck-canceling': {
    speed: DAY_FAST / 2,
    median: 60_000,
    meanwhile: cancelHalfWay,
    sees: ['cancelling'],
    ends: { succeeded: SOME, expired: SOME },
  },
  'not-found-after-create': {
    scenario: 'not-found-after-create:seconds=1200',
    speed: SLOW,
    median: 10,
    sees: ['unseen'],
  },
  'listed-late': { speed: SLOW, scenario: 'create-response-lost+listed-late:seconds=60', sees: ['unsure', 'proven'] },
  vanish: {
    speed: DAY_FAST,
    median: 4000,
    sees: ['unseen', 'lost', 'retry'],
    purchases: 2,
    paidTwice: 40,
    unproven: true,
  },
  'archived-early': {},
  'results-late': { scenario: 'results-late:seconds=1200', speed: SLOW, median: 10, sees: ['output-late'] },
  'relative-results-url': {},
  'counts-gradual': { median: 4000 },
  'counts-wrong': {},
  'unknown-status': {
    scenario: 'unknown-status:seconds=1200',
    sees: ['vendor-state'],
    speed: SLOW,
    median: 1500,
  },
  'times-with-offset': {},
  'committed-capacity': {}, // of calls outside batches
  'sync-429': {}, // of calls outside batches
  'sync-lost': {}, // of calls outside batches
  'sync-slow': {}, // of calls outside batches
  'in-order': {},

  // rows
  'rows-429': { sees: ['retry'], purchases: 2 },
  'rows-500': { sees: ['retry'], purchases: 2 },
  'rows-503': { sees: ['retry'], purchases: 2 },
  'rows-504': { sees: ['retry'], purchases: 2 },
  'rows-400': { scenario: 'rows-400:share=0.3', ...someFail },
  'rows-too-long': { scenario: 'rows-too-long:share=0.3', ...someFail },
  'rows-404': { scenario: 'rows-404:share=0.3', ...someFail },
  'rows-unhelpful': { scenario: 'rows-unhelpful:share=0.3', ...someFail },
  'rows-mix': { scenario: 'rows-mix:share=0.2', sees: ['retry'], purchases: 2, ...someFail },
  'all-failed': [
    { sees: ['retry'], purchases: 2 },
    { settings: once, ends: { failed: 40 } },
  ],
  'urls-blocked': {},
  'rows-missing': [
    { sees: ['retry'], purchases: 2 },
    { scenario: 'rows-missing:share=0.3', settings: once, ends: { succeeded: SOME, missing: SOME } },
  ],
  'rows-lost': {
    scenario: 'rows-lost:share=0.3',
    settings: once,
    ends: { succeeded: SOME, missing: SOME },
    unproven: true,
  },
  'rows-twice': { scenario: 'rows-twice:share=0.5' },
  'rows-strangers': { scenario: 'rows-strangers:share=0.5' },
  // Whose they are nobody can tell, so these requests fly again; that the first answers were paid for is in the books.
  'rows-null-id': { scenario: 'rows-null-id:share=1', purchases: 2, sees: ['short-file', 'retry'], paidTwice: 40 },
  'rows-null-result': { sees: ['retry'], purchases: 2 },
  'rows-unknown-type': { scenario: 'rows-unknown-type:share=0.3', sees: ['retry'], purchases: 2 },
  'rows-blank-line': { scenario: 'rows-blank-line:share=0.5' },
  'rows-sparse': { scenario: 'rows-sparse:share=0.5' },
  'rows-cut': { scenario: 'rows-cut:share=0.5', ends: { succeeded: 40, truncated: SOME } },
  'rows-context-window': { scenario: 'rows-context-window:share=0.5', ends: { succeeded: 40, truncated: SOME } },
  'rows-thinking-only': { scenario: 'rows-thinking-only:share=0.5', ends: { succeeded: 40, truncated: SOME } },
  'rows-pause': { scenario: 'rows-pause:share=0.5' },
  'rows-refusal': { scenario: 'rows-refusal:share=0.5' },
  'rows-invalid-json': {},
  'rows-off-schema': {},
  'rows-empty': { scenario: 'rows-empty:share=0.5' },
  'huge-output': { ends: { succeeded: 40, truncated: 40 } },

  // accounts
  'calls-per-minute': { scenario: 'calls-per-minute:calls=5' },
  'queued-request-limit': {
    scenario: 'queued-request-limit:requests=50',
    median: 40_000,
    input: messages(60),
    settings: { shardRequests: 40 },
    purchases: 2,
    sees: ['refused'],
  },
  'body-limit': { scenario: 'body-limit:bytes=5000', purchases: SOME, sees: ['recut'] },
  'runs-in-us': {
    input: messages(40, { model: 'claude-sonnet-5' }),
    ends: { succeeded: 40, truncated: SOME }, // by the limit that they state
  },
  'cache-hits': {
    input: messages(40, {
      system: [
        { type: 'text', text: 'Be brief. '.repeat(4000), cache_control: { type: 'ephemeral', ttl: '1h' } },
        { type: 'text', text: 'Be kind. '.repeat(4000), cache_control: { type: 'ephemeral' } },
      ],
    }),
  },
  'models-retire': {},

  // together
  'incident-41': { input: messages(1000), sees: ['retry'], purchases: 2 },
  'bad-night': { speed: SLOW, median: 60, sees: ['unsure', 'proven', 'retry'], purchases: 2 },
}

flyThrough('anthropic', messages(40), expectations)
