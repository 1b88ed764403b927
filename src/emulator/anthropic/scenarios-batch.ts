import type { Reader, Scenario } from '../scenarios.ts'
import { commonBatchScenarios } from '../scenarios-batch.ts'
import type { AnthropicFaults, BatchFaults } from './faults.ts'

const batch =
  (faults: (read: Reader) => BatchFaults) =>
  (read: Reader): AnthropicFaults => ({ batch: faults(read) })

/** Troubles of whole batches. `times` counts the batches, in the order of their creation. */
export const batchScenarios: readonly Scenario<AnthropicFaults>[] = [
  ...commonBatchScenarios({
    slow: 'batch guide: most end within the hour, some do not',
    'cancel-race': 'API reference: a cancel may not result in any canceled request',
  }),
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
    name: 'stuck-canceling',
    parameters: { times: '1' },
    summary: 'A cancel is never done; the batch is canceling until its window closes, and its requests expire.',
    faults: batch(() => ({ stallShare: 0.5, cancelLagSeconds: Number.POSITIVE_INFINITY })),
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
]
