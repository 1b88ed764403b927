import type { JobSettings } from '../../src/index.ts'
import { contents } from './field.ts'
import { cancelHalfWay, DAY_FAST, type Expectations, flyThrough, SLOW, SLOWEST, SOME } from './fly-through.ts'

const once = { retries: 0 } satisfies JobSettings
const stars = { type: 'object', properties: { stars: { type: 'integer', enum: [1, 2, 3] } }, required: ['stars'] }
const someFail = { ends: { succeeded: SOME, failed: SOME } } as const

const embeddings = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    key: `e-${index}`,
    request: { model: 'gemini-embedding-001', content: { parts: [{ text: `text number ${index}` }] } },
  }))

const rows = Array.from({ length: 40 }, (_, index) => ({ text: `review number ${index}` }))
const ask = {
  prompt: 'Is this good? {{text}}',
  model: 'gemini-3.5-flash',
  schema: {
    type: 'object',
    properties: { good: { type: 'boolean' }, why: { type: 'string' } },
    required: ['good', 'why'],
  },
} satisfies JobSettings

const expectations: Expectations = {
  // calls
  'create-response-lost': { sees: ['unsure', 'found'] },
  // A minute here must not be longer there than results are kept.
  'create-hangs': { speed: SLOW, sees: ['unsure', 'found'] },
  'create-500-created': { sees: ['unsure', 'found'] },
  'create-503-created': { sees: ['unsure', 'found'] },
  'create-504-created': { sees: ['unsure', 'found'] },
  'create-500-refused': { sees: ['unsure', 'fenced', 'absent', 'bought'] },
  'create-garbage-created': { sees: ['unsure', 'found'] },
  'create-reset': { sees: ['unsure', 'fenced', 'absent', 'bought'] },
  'create-lands-late': [
    { speed: SLOW, sees: ['unsure', 'found'] },
    // After our fence: the late create finds no file, and is refused.
    {
      scenario: 'create-lands-late:seconds=7200',
      sees: ['unsure', 'fenced', 'absent', 'bought'],
      median: 20_000,
    },
  ],
  'create-429': { sees: ['refused'] },
  'upload-race': { scenario: 'upload-race:seconds=60', sees: ['refused'], speed: SLOWEST, median: 4 },
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
  'wrong-key': [
    { held: 'credentials' },
    { scenario: 'wrong-key:after=4', median: 4000, held: 'credentials', sees: ['bought', 'held'] },
  ],
  forbidden: { held: 'credentials' },
  'billing-disabled': { held: 'billing' },

  // batches
  'stuck-pending': [
    { scenario: 'stuck-pending:hours=30', speed: DAY_FAST },
    {
      speed: DAY_FAST,
      settings: once,
      ends: { expired: 40 },
      ran: 0,
      unproven: true,
    },
  ],
  'stuck-running': { speed: DAY_FAST, sees: ['retry'], purchases: 2, unproven: true },
  'expire-none': [
    { speed: DAY_FAST, sees: ['retry'], purchases: 2, ran: 1, unproven: true },
    { speed: DAY_FAST, settings: once, ends: { expired: 40 }, ran: 0, unproven: true },
  ],
  // Rows that nobody was given are paid, and fly again.
  'expire-billed': { speed: DAY_FAST, sees: ['retry'], purchases: 2, paidTwice: 24, unproven: true },
  'custom-id-expires': {},
  slow: { speed: DAY_FAST },
  // A cancel is answered with nothing: that it is under way shows at the next look, if it then still is.
  'cancel-lag': {
    scenario: 'cancel-lag:seconds=14400',
    median: 60_000,
    meanwhile: cancelHalfWay,
    sees: ['cancelling'],
    ends: { cancelled: 40 },
    unproven: true,
  },
  'cancel-race': {
    scenario: 'cancel-race+cancel-lag:seconds=14400',
    median: 60_000,
    meanwhile: cancelHalfWay,
    sees: ['cancelling', 'cancelled'],
  },
  'cancelled-with-output': {
    scenario: 'cancelled-with-output+cancel-lag:seconds=14400',
    median: 60_000,
    meanwhile: cancelHalfWay,
    sees: ['cancelling'],
    ends: { succeeded: SOME, cancelled: SOME },
  },
  'not-found-after-create': {
    scenario: 'not-found-after-create:seconds=1200',
    speed: SLOW,
    median: 10,
    sees: ['unseen'],
  },
  'listed-late': { scenario: 'create-response-lost+listed-late:seconds=60', sees: ['unsure', 'found'] },
  vanish: {
    speed: DAY_FAST,
    median: 4000,
    sees: ['unseen', 'lost', 'retry'],
    purchases: 2,
    paidTwice: 40,
    unproven: true,
  },
  'output-late': { scenario: 'output-late:seconds=1200', speed: SLOW, median: 10, sees: ['output-late'] },
  'output-once': [{}, { scenario: 'output-once:where=response' }],
  'inline-as-file': {},
  'inline-unreadable': {},
  'counts-wrong': {},
  'counts-stale-in-list': {},
  'unknown-status': { scenario: 'unknown-status:seconds=1200', sees: ['vendor-state'], speed: SLOW, median: 1500 },
  'unknown-status-done': {
    scenario: 'unknown-status-done:seconds=3600',
    sees: ['vendor-state'],
    speed: SLOW,
    median: 10,
  },
  'job-state-words': {},
  'flex-drought': {}, // of calls outside batches
  'sync-lost': {}, // of calls outside batches
  'in-order': {},
  'embed-usage': [
    { input: embeddings(40), unproven: true },
    { scenario: 'embed-usage:form=tokenCount', input: embeddings(40) },
  ],
  'batch-failed': { sees: ['refused'], purchases: 2, ran: 1 },
  'batch-failed-with-output': {},
  'queue-full': { sees: ['refused'], purchases: 2, ran: 1 },
  'input-file-lost': { sees: ['refused'], purchases: 2, ran: 1 },
  'poison-line': {
    scenario: 'poison-line:marker=number 13.',
    sees: ['recut'],
    purchases: SOME,
    ends: { succeeded: 39, failed: 1 },
  },

  // rows
  'rows-429': { sees: ['retry'], purchases: 2 },
  'rows-500': { sees: ['retry'], purchases: 2 },
  'rows-503': { sees: ['retry'], purchases: 2 },
  'rows-504': { sees: ['retry'], purchases: 2 },
  'rows-400': { scenario: 'rows-400:share=0.3', ...someFail },
  'rows-too-long': { scenario: 'rows-too-long:share=0.3', ...someFail },
  'rows-403': { scenario: 'rows-403:share=0.3', ...someFail },
  'rows-mix': { scenario: 'rows-mix:share=0.2', sees: ['retry'], purchases: 2, ...someFail },
  'all-failed': [
    { sees: ['retry'], purchases: 2 },
    { settings: once, ends: { failed: 40 } },
  ],
  'rows-missing': [
    { sees: ['retry'], purchases: 2 },
    { scenario: 'rows-missing:share=0.3', settings: once, ends: { succeeded: SOME, missing: SOME } },
  ],
  'rows-twice': { scenario: 'rows-twice:share=0.5' },
  'rows-strangers': { scenario: 'rows-strangers:share=0.5' },
  // Whose they are nobody can tell, so these requests fly again; that the first answers were paid for is in the books.
  'rows-keyless': { scenario: 'rows-keyless:share=1', purchases: 2, sees: ['short-file', 'retry'], paidTwice: 40 },
  'rows-cut': { scenario: 'rows-cut:share=0.5', ends: { succeeded: 40, truncated: SOME } },
  'rows-safety': { scenario: 'rows-safety:share=0.5' },
  'rows-recitation': { scenario: 'rows-recitation:share=0.5' },
  'rows-blocked': { scenario: 'rows-blocked:share=0.5' },
  'rows-empty': { scenario: 'rows-empty:share=0.5' },
  'rows-invalid-json': [
    { scenario: 'rows-invalid-json:share=0.5', input: rows, settings: ask, ends: { succeeded: 40, invalid: SOME } },
  ],
  'rows-off-schema': {
    scenario: 'rows-off-schema:share=0.5',
    input: rows,
    settings: ask,
    ends: { succeeded: 40, invalid: SOME },
  },
  // What the vendor does not keep to is found here.
  // The newer of two fields is not kept to: what only it can say comes back as it likes.
  'rows-schema-ignored': [
    { input: rows, settings: ask },
    { input: rows, settings: { ...ask, schema: stars }, ends: { succeeded: 40, invalid: 40 } },
  ],
  'huge-output': { ends: { succeeded: 40, truncated: 40 } },
  'rows-status-form': { sees: ['retry'], purchases: 2 },
  'rows-empty-response': { sees: ['retry'], purchases: 2 },
  'rows-http-code': { sees: ['retry'], purchases: 2 },

  // accounts
  'enqueued-token-limit': {
    scenario: 'enqueued-token-limit:tokens=300',
    speed: DAY_FAST,
    purchases: SOME,
    sees: ['refused', 'recut'],
  },
  'quota-lag': {},
  'concurrent-limit': {
    scenario: 'concurrent-limit:batches=1',
    median: 40_000,
    settings: { shardRequests: 10 },
    purchases: 4,
    sees: ['refused'],
  },
  'storage-full': {},
  'file-processing': {},
  'file-failed': { held: 'vendor' },
  'missing-file-accepted': {},
  'models-retire': {},
  'flex-full': {},
  'priority-downgraded': {},
  'empty-pages': { scenario: 'create-response-lost+empty-pages', sees: ['unsure', 'found'] },
  'empty-page-token': { scenario: 'create-response-lost+empty-page-token', sees: ['unsure', 'found'] },
}

flyThrough('gemini', contents(40), expectations)
