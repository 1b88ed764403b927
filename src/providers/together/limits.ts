import type { Limits } from '../../domain/limits.ts'
import { DAY, HOUR, MINUTE } from '../../kit/clock.ts'

/** Where each figure was read, and when. */
export const sources = {
  guide: { url: 'https://docs.together.ai/docs/inference/batch/overview', asOf: '2026-11-24' }, // rows, bytes, tokens
  api: { url: 'https://docs.together.ai/reference/batch-create', asOf: '2026-11-24' },
} as const

/** Of the standard price. Source: `sources.guide`. */
export const discount = 'up to 50 %, on some models only'

export const limits: Limits = {
  rowsMax: 50_000, // guide
  fileBytesMax: 98_000_000, // guide: 100 MB; whether 10^6 or 2^20 is not said: the smaller, less 2 %
  rowBytesMax: 98_000_000, // none published: that of the file
  inputsMax: null,
  modelsPerFileMax: 1, // api: a job names one model
  createsPerHourMax: null,
  uploadsPerMinuteMax: null,
  openSubmissionsMax: null,
  looksPerMinuteMax: 20, // guide: one look in 30 to 60 seconds, or it meets limits that it does not name
  enqueuedTokensMax: () => 30_000_000_000, // guide: per model
  enqueuedRequestsMax: () => null,
  windowMs: 24 * HOUR, // guide: an aim
  cancelLagMs: 10 * MINUTE, // not published
  returnsPartial: true,
  countsWhileOpen: true,
  collectWithinMs: 7 * DAY, // not published: results are collected as soon as they are there
  endpoints: ['/v1/chat/completions'], // api; audio too, which no row of ours holds
}
