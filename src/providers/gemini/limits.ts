import type { Limits } from '../../domain/limits.ts'
import { HOUR, MINUTE } from '../../kit/clock.ts'

/** Where each figure was read, and when. */
export const sources = {
  guide: { url: 'https://ai.google.dev/gemini-api/docs/batch-api', asOf: '2026-11-23' },
  rates: { url: 'https://ai.google.dev/gemini-api/docs/rate-limits', asOf: '2026-11-23' },
  files: { url: 'https://ai.google.dev/gemini-api/docs/files', asOf: '2026-11-23' },
  inputs: { url: 'https://ai.google.dev/gemini-api/docs/file-input-methods', asOf: '2026-11-24' },
  images: { url: 'https://ai.google.dev/gemini-api/docs/image-understanding', asOf: '2026-11-24' },
  documents: { url: 'https://ai.google.dev/gemini-api/docs/document-processing', asOf: '2026-11-24' },
} as const

/** How long an uploaded file is there; files. */
export const filesKeptMs = 48 * HOUR

/** A project's usage tier, by what its billing account has paid so far. */
export const usageTiers = [1, 2, 3] as const
export type UsageTier = (typeof usageTiers)[number]

/**
 * Input tokens of all batches of a model that wait or run, at usage tiers 1 to 3. Source: `rates`; published for the
 * generations 2.5 and 3, and assumed for what came since.
 */
const enqueuedTokens: readonly { readonly models: RegExp; readonly atTier: readonly number[] }[] = [
  { models: /^gemini-embedding-/, atTier: [500_000, 5_000_000, 10_000_000] },
  { models: /^gemini-2\.5-pro/, atTier: [5_000_000, 500_000_000, 1_000_000_000] },
  { models: /^gemini-2\.5-flash-lite/, atTier: [10_000_000, 500_000_000, 1_000_000_000] },
  { models: /^gemini-2\.5-flash/, atTier: [3_000_000, 400_000_000, 1_000_000_000] },
  { models: /^gemini-[3-9][\d.]*-pro/, atTier: [50_000_000, 500_000_000, 1_000_000_000] },
  { models: /^gemini-[3-9][\d.]*-flash/, atTier: [3_000_000, 400_000_000, 500_000_000] },
]

/**
 * @param tier  the project's usage tier; null: not known, since no call tells it. Then the highest published figure
 *              counts, which nobody may exceed, and a refusal, which names no figure and costs nothing, leads down to
 *              the next one.
 */
export function limitsAt(tier: UsageTier | null): Limits {
  const atTiers = (model: string): readonly number[] =>
    enqueuedTokens.find(({ models }) => models.test(model))?.atTier.slice(0, tier ?? usageTiers.length) ?? []
  return {
    rowsMax: 200_000, // guide: none published; as many as are collected in one piece here
    fileBytesMax: 1_960_000_000, // guide: 2 GB; whether 10^9 or 2^30 is not said: the smaller, less 2 %
    rowBytesMax: 1_960_000_000, // none published: that of the file
    inputsMax: null, // a row embeds one content
    modelsPerFileMax: 1, // guide: the model is in the address
    createsPerHourMax: null, // rates: none published
    uploadsPerMinuteMax: null,
    openSubmissionsMax: 100, // rates: concurrent batch requests
    enqueuedTokensMax: (model) => atTiers(model).at(-1) ?? null, // rates
    enqueuedTokensSteps: (model) => (tier === null ? atTiers(model) : []),
    enqueuedRequestsMax: () => null,
    windowMs: 48 * HOUR, // guide: 24 h is the aim; what waits or runs for more than 48 h expires
    cancelLagMs: 5 * MINUTE, // not published
    returnsPartial: false, // nobody says what becomes of it: taken as lost
    countsWhileOpen: true,
    collectWithinMs: filesKeptMs, // files: said of uploads; how long results are kept is not said, so the same is assumed
    endpoints: [':generateContent', ':embedContent'],
    files: () => ({
      imagesMax: 3_600, // images
      pdfsBytesMax: null,
      totalBytesMax: null,
      inline: { imageBytesMax: null, pdfBytesMax: 50_000_000 }, // documents
      inlineBytesMax: 98_000_000, // inputs: 100 MB; whether 10^6 or 2^20 is not said: the smaller, less 2 %
      referred: {
        imageBytesMax: 1_960_000_000, // files: 2 GB
        pdfBytesMax: 50_000_000, // documents: said of both ways
        types: ['application/pdf', 'image/png', 'image/jpeg', 'image/webp'],
      },
    }),
  }
}

export const limits: Limits = limitsAt(null)
