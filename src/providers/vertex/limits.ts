import type { Limits } from '../../domain/limits.ts'
import { DAY, HOUR, MINUTE } from '../../kit/clock.ts'
import { publisherOf } from './models.ts'

/** Where each figure was read, and when. */
export const sources = {
  guide: {
    url: 'https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-gemini',
    asOf: '2026-11-23',
  },
} as const

/** How long a job may wait before it expires, and how long it may run before it is cut off; guide. */
export const queueMs = 72 * HOUR
export const runMs = 24 * HOUR

export const limits: Limits = {
  rowsMax: 200_000, // guide
  fileBytesMax: 980_000_000, // guide: 1 GB; whether 10^9 or 2^30 is not said: the smaller, less 2 %
  rowBytesMax: 980_000_000, // none published: that of the file
  inputsMax: null, // no embeddings
  modelsPerFileMax: 1, // guide: the model is the job's
  createsPerHourMax: null, // guide: none published; a 429 costs nothing
  uploadsPerMinuteMax: null,
  openSubmissionsMax: null, // guide: a shared pool, no number for Gemini; 4 for Claude, whose next create is a 429
  enqueuedTokensMax: () => null, // guide: no quota, the job waits instead
  enqueuedRequestsMax: () => null,
  windowMs: queueMs + runMs,
  cancelLagMs: 5 * MINUTE, // not published
  returnsPartial: true,
  countsWhileOpen: false,
  queues: true,
  collectWithinMs: 365 * DAY, // the results lie in the user's own bucket, for as long as that keeps them
  endpoints: [':generateContent', '/v1/messages'],
  endpointsOf: (model) => [publisherOf(model) === 'anthropic' ? '/v1/messages' : ':generateContent'],
}
