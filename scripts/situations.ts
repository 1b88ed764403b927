/** What `redeye advise` answers, as docs/when-to-fly.md shows it and as it is tested. */
export const situations = [
  {
    may: 'less than 100 ms, and it is critical',
    latency: '100ms',
    way: 'priority',
    answer: 'priority: it is answered before all others, for 1.7 to 2.5 times the price',
    says: 'Only priority',
  },
  {
    may: 'less than a second',
    latency: '1s',
    way: 'standard',
    answer: 'standard, with what the prompts share in a warm cache, and the smallest model that is good enough',
    says: 'warm cache, and the smallest model',
  },
  {
    may: 'less than 15 minutes',
    latency: '15m',
    way: 'flex',
    answer: 'flex: half the price, and what it turns away goes to standard',
    says: '750 USD a month',
  },
  {
    may: 'the same, with a model that has no flex',
    latency: '15m',
    model: 'gpt-6.2-sol',
    way: 'standard',
    answer: 'standard, and why the model has none',
    says: 'gpt-6.2-sol is not sold on flex: Flex is not offered on this model',
  },
  {
    may: 'less than 24 hours',
    latency: '24h',
    way: 'batch',
    answer: 'batch: half the price; with `--by`, what would be late climbs to flex or standard before the deadline',
    says: '750 USD a month',
  },
] as const

/** Cases in which a batch is the wrong tool whatever it saves; `advise` ends with them. */
export const neverBatch = [
  { when: 'somebody waits for the answer', why: 'an hour is promised to nobody' },
  { when: 'you are still trying prompts out', why: 'a loop of debugging wants its answer now' },
  { when: 'the deadline is less than an hour away', why: 'one batch in ten takes longer' },
  { when: 'each step needs the answer of the one before it', why: 'every step waits anew' },
] as const

/** Of 5,000 USD a month three tenths of which can wait, USD a month. */
export const savings = [
  { way: 'batch', off: 50, saved: 750 },
  { way: 'flex', off: 50, saved: 750 },
  { way: 'completion-window-8h', off: 40, saved: 600 },
  { way: 'completion-window-2h', off: 30, saved: 450 },
  { way: 'batch at 20 % off', off: 20, saved: 300 },
] as const
