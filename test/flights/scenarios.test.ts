import type { JobSettings } from '../../src/index.ts'
import { chats, type RequestLine } from './field.ts'
import { cancelHalfWay, DAY_FAST, type Expectations, flyThrough, SLOW, SLOWEST, SOME } from './fly-through.ts'

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

const expectations: Expectations = {
  // calls
  'create-response-lost': { sees: ['unsure', 'found'] },
  'create-hangs': { sees: ['unsure', 'found'] },
  'create-500-created': { sees: ['unsure', 'found'] },
  'create-500-refused': { sees: ['unsure', 'fenced', 'absent', 'bought'] },
  'create-garbage-created': { sees: ['unsure', 'found'] },
  'create-reset': { sees: ['unsure', 'fenced', 'absent', 'bought'] },
  'create-lands-late': [
    { speed: SLOW, sees: ['unsure', 'found'] },
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
  'upload-race': { scenario: 'upload-race:seconds=60', sees: ['refused'], speed: SLOWEST, median: 4 },
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
  'storm-503': [{ sees: ['trouble'] }, { scenario: 'storm-503:times=always,on=list|get', held: 'vendor' }],
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
    median: 60_000,
    meanwhile: cancelHalfWay,
    sees: ['cancelling'],
    ends: { succeeded: SOME, cancelled: SOME },
  },
  'cancel-race': { median: 60_000, meanwhile: cancelHalfWay, sees: ['cancelling', 'cancelled'] },
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
  'empty-string-ids': {
    scenario: 'empty-string-ids+all-failed:times=always',
    settings: { retries: 0 },
    ends: { failed: 40 },
  },
  'ids-early': {},
  'output-id-late': { scenario: 'output-id-late:seconds=1200', speed: SLOW, median: 10, sees: ['output-late'] },
  'counts-wrong': {},
  'counts-zero-until-end': {},
  'unknown-status': { scenario: 'unknown-status:seconds=1200', speed: SLOW, median: 1500, sees: ['vendor-state'] },
  'flex-drought': {}, // of calls outside batches
  'flex-not-allowed': {}, // of calls outside batches
  'priority-downgraded': {}, // of calls outside batches
  'sync-429': {}, // of calls outside batches
  'sync-lost': {}, // of calls outside batches
  'sync-slow': {}, // of calls outside batches
  'in-order': {},
  'queue-full': { sees: ['refused', 'bought'], purchases: 2, ran: 1 },
  'billing-hard-limit': { held: 'billing', speed: SLOW, median: 10, purchases: 2, ran: 1 },
  'input-file-lost': [
    { sees: ['refused', 'bought'], purchases: 2, ran: 1 },
    // Three files are enough to see that it is not the file.
    { scenario: 'input-file-lost:times=always', held: 'vendor', speed: SLOW, median: 10, purchases: 4, ran: 1 },
  ],
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
  'rows-cut': { scenario: 'rows-cut:share=0.5', ends: { succeeded: 40, truncated: SOME } },
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
      median: 40_000,
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
      median: 40_000,
      settings: { shardRequests: 10 },
      purchases: SOME,
      sees: ['refused', 'held'],
    },
    { scenario: 'enqueued-request-limit:requests=12', input: embeddings(40), purchases: SOME, sees: ['recut'] },
  ],
  'quota-lag': { scenario: 'quota-lag:seconds=600,tokens=400', settings: { shardRequests: 10 }, purchases: SOME },
  'storage-full': {
    scenario: 'storage-full:bytes=5000',
    median: 40_000,
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

flyThrough('openai', chats(40), expectations)
