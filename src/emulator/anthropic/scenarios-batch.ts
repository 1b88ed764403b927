import type { Reader, Scenario } from '../scenarios.ts'
import type { AnthropicFaults, BatchFaults } from './faults.ts'

const batch =
  (faults: (read: Reader) => BatchFaults) =>
  (read: Reader): AnthropicFaults => ({ batch: faults(read) })

/** Troubles of whole batches. `times` counts the batches, in the order of their creation. */
export const batchScenarios: readonly Scenario<AnthropicFaults>[] = [
  {
    name: 'stuck-in-progress',
    parameters: { times: '1', share: '0.5' },
    summary: 'The batch stops at a share of its requests and ends after 24 h, the others expired.',
    faults: batch((read) => ({ stallShare: read.number('share') })),
  },
  {
    name: 'expire-partial',
    parameters: { share: '0.6', times: '1' },
    summary: 'The window of 24 h closes with a share of the requests done; the others are expired and free.',
    source: 'batch guide: more likely when demand is throttled',
    faults: batch((read) => ({ stallShare: read.number('share') })),
  },
  {
    name: 'expire-none',
    parameters: { times: '1' },
    summary: 'The window of 24 h closes with nothing done.',
    faults: batch(() => ({ stallShare: 0 })),
  },
  {
    name: 'expire-late',
    parameters: { hours: '3', share: '0.6', times: '1' },
    summary: 'The window has closed, and the batch is in_progress for hours more.',
    faults: batch((read) => ({ stallShare: read.number('share'), expiryLagSeconds: read.number('hours') * 3600 })),
  },
  {
    name: 'slow',
    parameters: { hours: '12', times: '1' },
    summary: 'The batch takes hours.',
    source: 'batch guide: most end within the hour, some do not',
    faults: batch((read) => ({ runSeconds: read.number('hours') * 3600 })),
  },
  {
    name: 'cancel-lag',
    parameters: { seconds: '600', times: 'always' },
    summary: 'A cancel takes 10 minutes to be done.',
    faults: batch((read) => ({ cancelLagSeconds: read.number('seconds') })),
  },
  {
    name: 'cancel-race',
    parameters: { times: '1' },
    summary: 'The batch is cancelled, says canceling, and ends with every request done and none canceled.',
    source: 'API reference: a cancel may not result in any canceled request',
    faults: batch(() => ({ cancelRace: true })),
  },
  {
    name: 'stuck-canceling',
    parameters: { times: '1' },
    summary: 'A cancel is never done; the batch is canceling until its window closes, and its requests expire.',
    faults: batch(() => ({ stallShare: 0.5, cancelLagSeconds: Number.POSITIVE_INFINITY })),
  },
  {
    name: 'not-found-after-create',
    parameters: { seconds: '60', times: '1' },
    summary: 'A batch just created is 404 for so many seconds; it is listed.',
    faults: batch((read) => ({ hiddenFromGetSeconds: read.number('seconds') })),
  },
  {
    name: 'listed-late',
    parameters: { seconds: '120', times: '1' },
    summary: 'A batch just created is missing from the list for so many seconds.',
    faults: batch((read) => ({ hiddenFromListSeconds: read.number('seconds') })),
  },
  {
    name: 'vanish',
    parameters: { seconds: '60', times: '1' },
    summary: 'After so many seconds the batch is 404 and out of the list for ever; it is run and billed all the same.',
    faults: batch((read) => ({ vanishAfterSeconds: read.number('seconds') })),
  },
  {
    name: 'archived-early',
    parameters: { days: '2', times: '1' },
    summary: 'The results are archived after so many days: the batch is still seen, its results_url is null.',
    source: 'batch guide: 29 days from creation',
    faults: batch((read) => ({ archiveAfterSeconds: read.number('days') * 86_400 })),
  },
  {
    name: 'results-late',
    parameters: { seconds: '60', times: '1' },
    summary: 'The batch has ended, but its results_url appears only so many seconds later.',
    faults: batch((read) => ({ resultsLateSeconds: read.number('seconds') })),
  },
  {
    name: 'relative-results-url',
    parameters: { times: 'always' },
    summary: 'results_url is a path without an origin, as gateways have it.',
    faults: batch(() => ({ relativeUrl: true })),
  },
  {
    name: 'counts-gradual',
    parameters: { times: 'always' },
    summary: 'The request counts fill while the batch runs; by the reference they all stand in processing.',
    source: 'captures of September 2026',
    faults: batch(() => ({ counts: 'gradual' })),
  },
  {
    name: 'counts-wrong',
    parameters: { times: '1' },
    summary: 'The request counts of the ended batch disagree with its results.',
    faults: batch(() => ({ counts: 'wrong' })),
  },
  {
    name: 'unknown-status',
    parameters: { word: 'paused', seconds: '120', times: '1' },
    summary: 'For a while the batch has a processing_status that no page knows.',
    faults: batch((read) => ({ statusWord: { word: read.text('word'), seconds: read.number('seconds') } })),
  },
  {
    name: 'times-with-offset',
    parameters: { times: 'always' },
    summary: 'Times end with +00:00 instead of Z.',
    source: 'both forms have been seen on the wire',
    faults: batch(() => ({ offsetTimes: true })),
  },
  {
    name: 'in-order',
    parameters: { times: 'always' },
    summary: 'Results come in the order of the requests, which is not promised: to find clients that count on it.',
    faults: batch(() => ({ shuffle: false })),
  },
]
