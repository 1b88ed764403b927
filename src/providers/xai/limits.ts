import type { Limits } from '../../domain/limits.ts'
import { DAY, HOUR, MINUTE } from '../../kit/clock.ts'

/** Where each figure was read, and when. */
export const sources = {
  guide: { url: 'https://docs.x.ai/developers/advanced-api-usage/batch-api', asOf: '2026-11-24' }, // rows, creates
  files: { url: 'https://docs.x.ai/developers/files/managing-files', asOf: '2026-11-24' }, // bytes
} as const

/** Of the standard price, by model; some are not sold in batches. Source: `sources.guide`. */
export const discount = '20 to 50 %'

export const limits: Limits = {
  rowsMax: 100_000, // guide: more may be throttled
  fileBytesMax: 500_000_000, // files: 512 MB; whether 10^6 or 2^20 is not said: the smaller, less 2 %
  rowBytesMax: 25_000_000, // guide: of a call that adds requests; whether it holds for a line of a file is not said
  inputsMax: null,
  modelsPerFileMax: 100_000, // guide: each request is independent
  createsPerHourMax: 3_600, // guide: one a second
  uploadsPerMinuteMax: null,
  openSubmissionsMax: null, // guide: any number
  enqueuedTokensMax: () => null,
  enqueuedRequestsMax: () => null,
  windowMs: 24 * HOUR, // guide: an aim
  cancelLagMs: 10 * MINUTE, // not published
  returnsPartial: true,
  countsWhileOpen: true,
  collectWithinMs: 7 * DAY, // not published: results are collected as soon as they are there
  // guide: others too, but what is asked at /v1/responses is answered in the words of this one
  endpoints: ['/v1/chat/completions'],
}
