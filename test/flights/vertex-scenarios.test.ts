import type { JobSettings } from '../../src/index.ts'
import { contents } from './field.ts'
import { cancelHalfWay, DAY_FAST, type Expectations, flyThrough, SLOW, SOME } from './fly-through.ts'

const once = { retries: 0 } satisfies JobSettings
const someFail = { ends: { succeeded: SOME, failed: SOME } } as const
const requests = contents(40, { model: 'vertex/gemini-3.5-flash' })

const jobs: Expectations = {
  // calls
  'create-response-lost': { sees: ['unsure', 'found'] },
  'create-500-created': { sees: ['unsure', 'found'] },
  'create-503-created': { sees: ['unsure', 'found'] },
  'create-504-created': { sees: ['unsure', 'found'] },
  'create-hangs': { sees: ['unsure', 'found'] },
  'create-500-refused': { sees: ['unsure', 'fenced', 'absent', 'bought'] },
  'create-garbage-created': { sees: ['unsure', 'found'] },
  'create-reset': { sees: ['unsure', 'fenced', 'absent', 'bought'] },
  'create-lands-late': { speed: SLOW, sees: ['unsure', 'found'] },
  'create-429': { sees: ['refused'] },
  'storm-429': { sees: ['refused'] },
  'storm-500': {},
  'storm-503': {},
  'html-200': {},
  'html-502': {},
  'garbage-json': {},
  resets: {},
  'slow-answers': {},
  'wrong-key': [
    { held: 'credentials' },
    { scenario: 'wrong-key:after=1', median: 4000, held: 'credentials', sees: ['bought', 'held'] },
  ],
  forbidden: { held: 'credentials' },
  'billing-disabled': { held: 'billing' },

  // jobs
  'stuck-queued': [
    { scenario: 'stuck-queued:hours=70', speed: DAY_FAST },
    { speed: DAY_FAST, settings: once, ends: { expired: 40 }, ran: 0 },
  ],
  'stuck-pending': { speed: DAY_FAST, settings: once, ends: { expired: 40 }, ran: 0 },
  'expire-none': { speed: DAY_FAST, sees: ['retry'], purchases: 2, ran: 1 },
  'run-cut': [
    { speed: DAY_FAST, sees: ['retry'], purchases: 2 },
    { speed: DAY_FAST, settings: once, ends: { succeeded: SOME, expired: SOME } },
  ],
  slow: { speed: DAY_FAST },
  // A cancel is answered with nothing: that it is under way shows at the next look, if it then still is.
  'cancel-lag': {
    scenario: 'cancel-lag:seconds=14400',
    median: 60_000,
    meanwhile: cancelHalfWay,
    sees: ['cancelling'],
    ends: { succeeded: SOME, cancelled: SOME },
  },
  'cancel-race': {
    scenario: 'cancel-race+cancel-lag:seconds=14400',
    median: 60_000,
    meanwhile: cancelHalfWay,
    sees: ['cancelling'],
  },
  'not-found-after-create': {
    scenario: 'not-found-after-create:seconds=1200',
    speed: SLOW,
    median: 10,
    sees: ['unseen'],
  },
  'listed-late': { speed: SLOW, scenario: 'create-response-lost+listed-late:seconds=60', sees: ['unsure', 'found'] },
  vanish: {
    speed: DAY_FAST,
    median: 4000,
    sees: ['unseen', 'lost', 'retry'],
    purchases: 2,
    paidTwice: 40,
    unproven: true,
  },
  'output-late': { scenario: 'output-late:seconds=1200', speed: SLOW, median: 10, sees: ['output-late'] },
  'output-info-missing': {},
  'output-sharded': {},
  'rows-early': { median: 4000 },
  'extras-echoed': {},
  'counts-wrong': {},
  'counts-unknown': {},
  'unknown-status': { scenario: 'unknown-status:seconds=1200', speed: SLOW, median: 3000, sees: ['vendor-state'] },
  'flex-drought': {}, // of calls outside batches
  'sync-lost': {}, // of calls outside batches
  'in-order': {},
  'batch-failed': { sees: ['recut'], purchases: 3, ran: 2 },
  'batch-failed-with-output': {},
  'queue-full': { sees: ['held'], purchases: 2, ran: 1 },
  'input-file-lost': { sees: ['refused'], purchases: 2, ran: 1 },
  'bucket-forbidden': { held: 'credentials', purchases: 2, ran: 1 },
  'poison-line': {
    scenario: 'poison-line:number 7.',
    sees: ['recut'],
    purchases: SOME,
    ends: { succeeded: 39, failed: 1 },
  },
  'labels-dropped': {},

  // rows
  'rows-429': { scenario: 'rows-429:share=0.3', sees: ['retry'], purchases: 2 },
  'rows-500': { scenario: 'rows-500:share=0.3', sees: ['retry'], purchases: 2 },
  'rows-503': { scenario: 'rows-503:share=0.3', sees: ['retry'], purchases: 2 },
  'rows-504': { scenario: 'rows-504:share=0.3', sees: ['retry'], purchases: 2 },
  'rows-400': { scenario: 'rows-400:share=0.3', ...someFail },
  'rows-403': { scenario: 'rows-403:share=0.3', ...someFail },
  'rows-too-long': { scenario: 'rows-too-long:share=0.3', ...someFail },
  'rows-mix': { scenario: 'rows-mix:share=0.2', sees: ['retry'], purchases: 2, ...someFail },
  'all-failed': [
    { sees: ['retry'], purchases: 2 },
    { settings: once, ends: { failed: 40 } },
  ],
  'rows-missing': [
    { scenario: 'rows-missing:share=0.3', sees: ['retry'], purchases: 2 },
    { scenario: 'rows-missing:share=0.3', settings: once, ends: { succeeded: SOME, missing: SOME } },
  ],
  'rows-twice': { scenario: 'rows-twice:share=0.5' },
  'rows-strangers': { scenario: 'rows-strangers:share=0.5' },
  'rows-keyless': { scenario: 'rows-keyless:share=0.5' },
  'rows-cut': { scenario: 'rows-cut:share=0.5', ends: { succeeded: 40, truncated: SOME } },
  'rows-safety': { scenario: 'rows-safety:share=0.5' },
  'rows-recitation': { scenario: 'rows-recitation:share=0.5' },
  'rows-blocked': { scenario: 'rows-blocked:share=0.5' },
  'rows-invalid-json': {},
  'rows-off-schema': {},
  'rows-empty': { scenario: 'rows-empty:share=0.5' },
  'huge-output': { ends: { succeeded: 40, truncated: 40 } },

  // accounts
  'concurrent-limit': {
    scenario: 'concurrent-limit:batches=1',
    median: 40_000,
    settings: { shardRequests: 10 },
    purchases: 4,
    sees: ['refused'],
  },
  'missing-input-at-create': {},
  'models-retire': {},
}

const storage: Expectations = {
  'drop-upload': { sees: ['trouble'] },
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
  'storm-429': { sees: ['refused'] },
  'storm-500': {},
  'storm-503': {},
  'html-200': {},
  'html-502': {},
  'garbage-json': {},
  resets: {},
  'slow-answers': {},
  'wrong-key': { held: 'credentials' },
  forbidden: { held: 'credentials' },
  // Of uploads that go in parts; ours go in one.
  'upload-session-gone': { sees: ['trouble'] },
  'upload-parts-short': {},
}

flyThrough('vertex', requests, jobs, { cloud: true })
flyThrough('gcs', requests, storage, { cloud: true })
