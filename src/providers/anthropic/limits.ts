import type { Limits } from '../../domain/limits.ts'
import { DAY, HOUR, MINUTE } from '../../kit/clock.ts'

/** Where each figure was read, and when. */
export const sources = {
  guide: { url: 'https://platform.claude.com/docs/en/build-with-claude/batch-processing', asOf: '2026-11-23' },
  errors: { url: 'https://platform.claude.com/docs/en/api/errors', asOf: '2026-11-23' },
  vision: { url: 'https://platform.claude.com/docs/en/build-with-claude/vision', asOf: '2026-11-24' },
  files: { url: 'https://platform.claude.com/docs/en/build-with-claude/files', asOf: '2026-11-24' },
  rates: { url: 'https://platform.claude.com/docs/en/api/rate-limits', asOf: '2026-11-23' },
} as const

export const limits: Limits = {
  rowsMax: 100_000, // guide
  fileBytesMax: 250_000_000, // guide: 256 MB of body; whether 10^6 or 2^20 is not said: the smaller, less 2 %
  rowBytesMax: 32_000_000, // errors: of a single request; whether it holds for a row of a batch is not said: assumed
  inputsMax: null, // no embeddings
  modelsPerFileMax: 100_000, // guide: each request is independent
  createsPerHourMax: null, // rates: calls a minute, by tier; no call tells the tier, and a 429 costs nothing
  uploadsPerMinuteMax: null,
  openSubmissionsMax: null,
  looksPerMinuteMax: 20, // rates: the lowest tier has 50 calls a minute; purchases and results want theirs
  enqueuedTokensMax: () => null,
  enqueuedRequestsMax: () => null, // rates: 100,000 and up by tier, over all models; a full queue refuses by 429
  windowMs: 24 * HOUR, // guide
  cancelLagMs: 2 * MINUTE, // not published; 25 s have been seen for three requests
  returnsPartial: true,
  countsWhileOpen: false, // they stay at zero until all has ended
  collectWithinMs: 29 * DAY, // guide: from creation
  endpoints: ['/v1/messages'],
  files: (_endpoint, contextWindow) => ({
    imagesMax: contextWindow !== null && contextWindow <= 200_000 ? 100 : 600, // vision
    imageEdgeMax: (images) => (images > 20 ? 2_000 : 8_000), // vision
    pdfsBytesMax: null, // that of the request
    totalBytesMax: null,
    inline: { imageBytesMax: 7_500_000, pdfBytesMax: null }, // vision: 10 MB in base64
    inlineBytesMax: 32_000_000, // errors
    referred: {
      imageBytesMax: 10_000_000, // vision: said of base64; whether of files too is not, so their own bytes are counted
      pdfBytesMax: 500_000_000, // files: of each
      types: ['application/pdf', 'image/png', 'image/jpeg', 'image/gif', 'image/webp'], // files
    },
  }),
}

/** Of the two versions that are served, the one whose requests may hold everything that ever was allowed in them. */
export const version = '2023-06-01'
