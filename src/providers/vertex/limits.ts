import type { FileLimits, Limits } from '../../domain/limits.ts'
import { DAY, HOUR, MINUTE } from '../../kit/clock.ts'
import { publisherOf } from './models.ts'

/** Where each figure was read, and when. */
export const sources = {
  guide: {
    url: 'https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-gemini',
    asOf: '2026-11-23',
  },
  model: {
    url: 'https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/gemini/2-5-flash',
    asOf: '2026-11-24',
  },
  vision: { url: 'https://platform.claude.com/docs/en/build-with-claude/vision', asOf: '2026-11-24' },
} as const

/** guide: 1 GB; whether 10^9 or 2^30 is not said: the smaller, less 2 % */
const fileBytesMax = 980_000_000

/** How long a job may wait before it expires, and how long it may run before it is cut off; guide. */
export const queueMs = 72 * HOUR
export const runMs = 24 * HOUR

/** The model pages of Gemini; each says the same. */
const geminiFiles: FileLimits = {
  imagesMax: 3_000,
  pdfsBytesMax: null,
  totalBytesMax: 500_000_000,
  inline: { imageBytesMax: 7_000_000, pdfBytesMax: 50_000_000 },
  // Ours: requests that are longer leave room for fewer than fifty in the input of a job.
  inlineBytesMax: 20_000_000,
  referred: {
    imageBytesMax: 30_000_000, // of an object of Cloud Storage
    pdfBytesMax: 50_000_000,
    types: ['application/pdf', 'image/png', 'image/jpeg', 'image/webp'],
  },
}

/** Source: vision. Claude takes no references there, and less in one image than at home. */
const claudeFiles = (contextWindow: number | null): FileLimits => ({
  imagesMax: contextWindow !== null && contextWindow <= 200_000 ? 100 : 600,
  imageEdgeMax: (images) => (images > 20 ? 2_000 : 8_000),
  pdfsBytesMax: null,
  totalBytesMax: null,
  inline: { imageBytesMax: 3_750_000, pdfBytesMax: null }, // 5 MB in base64
  inlineBytesMax: fileBytesMax,
})

export const limits: Limits = {
  rowsMax: 200_000, // guide
  fileBytesMax,
  rowBytesMax: fileBytesMax, // none published: that of the file
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
  files: (endpoint, contextWindow) => (endpoint === '/v1/messages' ? claudeFiles(contextWindow) : geminiFiles),
  endpointsOf: (model) => [publisherOf(model) === 'anthropic' ? '/v1/messages' : ':generateContent'],
}
