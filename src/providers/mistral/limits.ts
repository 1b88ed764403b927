import type { Limits } from '../../domain/limits.ts'
import { DAY, HOUR, MINUTE } from '../../kit/clock.ts'

/** Where each figure was read, and when. */
export const sources = {
  guide: { url: 'https://docs.mistral.ai/capabilities/batch', asOf: '2026-11-24' }, // rows, window, discount
  api: { url: 'https://docs.mistral.ai/api/endpoint/batch', asOf: '2026-11-24' }, // endpoints, time-out
  files: { url: 'https://docs.mistral.ai/api/endpoint/files', asOf: '2026-11-24' }, // bytes
} as const

/** Of the standard price. Source: `sources.guide`. */
export const discount = '50 %'

export const limits: Limits = {
  rowsMax: 200_000, // guide: a million; this is what we hold of one submission
  fileBytesMax: 500_000_000, // files: 512 MB; whether 10^6 or 2^20 is not said: the smaller, less 2 %
  rowBytesMax: 500_000_000, // none published: that of the file
  inputsMax: null,
  modelsPerFileMax: 1, // api: the model is the job's
  createsPerHourMax: null, // guide: any number of jobs
  uploadsPerMinuteMax: null,
  openSubmissionsMax: null,
  enqueuedTokensMax: () => null,
  enqueuedRequestsMax: () => null,
  windowMs: 24 * HOUR, // api: `timeout_hours`, 24 where it is not said, at most 168
  cancelLagMs: 10 * MINUTE, // not published
  returnsPartial: true,
  countsWhileOpen: true,
  collectWithinMs: 7 * DAY, // not published: results are collected as soon as they are there
  endpoints: [
    '/v1/chat/completions',
    '/v1/embeddings',
    '/v1/fim/completions',
    '/v1/moderations',
    '/v1/chat/moderations',
    '/v1/ocr',
    '/v1/classifications',
    '/v1/chat/classifications',
  ], // api, and the enum of the official SDK
}
