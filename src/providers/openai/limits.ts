import type { Limits } from '../../domain/limits.ts'
import { DAY, HOUR, MINUTE } from '../../kit/clock.ts'
import type { MediaType } from '../../kit/media-file.ts'

const guide = 'https://developers.openai.com/api/docs/guides/batch'

/** Where each figure was read, and when. */
export const sources = {
  guide: { url: guide, asOf: '2026-10-04' }, // rows, bytes, inputs, creates an hour, window, cancel lag, retention
  files: { url: 'https://developers.openai.com/api/docs/api-reference/files/create', asOf: '2026-11-10' }, // uploads
  models: { url: 'https://developers.openai.com/api/docs/models/', asOf: '2026-11-23' }, // enqueued tokens by model
  images: { url: 'https://developers.openai.com/api/docs/guides/images-vision', asOf: '2026-11-24' }, // number, bytes
  documents: { url: 'https://developers.openai.com/api/docs/guides/file-inputs', asOf: '2026-11-24' }, // bytes
  help: { url: 'https://help.openai.com/en/articles/9197833', asOf: '2026-11-23' }, // enqueued embedding requests
} as const

/** An organisation's usage tier, by what it has paid so far; its limits page shows it. */
export const usageTiers = [1, 2, 3, 4, 5] as const
export type UsageTier = (typeof usageTiers)[number]

/** Input tokens waiting or running, per model, at usage tiers 1 to 5. Source: `sources.models`. */
const enqueuedTokens: readonly { readonly models: readonly string[]; readonly atTier: readonly number[] }[] = [
  {
    models: ['gpt-5', 'gpt-5.1', 'gpt-5.2', 'gpt-5.4', 'gpt-5.5', 'gpt-5.6-sol', 'gpt-5.6-terra', 'gpt-6-sol'],
    atTier: [1_500_000, 3_000_000, 100_000_000, 200_000_000, 15_000_000_000],
  },
  {
    models: ['gpt-5-mini', 'gpt-5.4-mini', 'gpt-5.6-luna', 'gpt-6-luna'],
    atTier: [5_000_000, 20_000_000, 40_000_000, 1_000_000_000, 15_000_000_000],
  },
  {
    models: ['gpt-5-nano', 'gpt-4.1-mini', 'gpt-4o-mini'],
    atTier: [2_000_000, 20_000_000, 40_000_000, 1_000_000_000, 15_000_000_000],
  },
  {
    models: ['gpt-4o', 'gpt-4.1', 'o3-pro', 'gpt-5-pro', 'gpt-5.2-pro'],
    atTier: [90_000, 1_350_000, 50_000_000, 200_000_000, 5_000_000_000],
  },
  {
    models: ['text-embedding-3-large', 'text-embedding-3-small'],
    atTier: [3_000_000, 20_000_000, 100_000_000, 500_000_000, 4_000_000_000],
  },
]

/** A dated snapshot (`gpt-5-mini-2025-08-07`) shares the limits of its model. */
const modelOf = (model: string): string => model.replace(/-\d{4}-\d{2}-\d{2}$/, '')

/**
 * @param tier  the organisation's usage tier; null: not known. No call tells it, and a guess would either starve a large
 *              account or flood a small one, so without it the token quota counts as unlimited until a refusal states the
 *              figure ("Limit: 2,000,000 enqueued tokens"), which costs nothing: such a submission never runs.
 */
export function limitsAt(tier: UsageTier | null): Limits {
  return {
    rowsMax: 50_000, // guide
    fileBytesMax: 196_000_000, // guide: 200 MB; whether 10^6 or 2^20 is not said: the smaller, less 2 %
    rowBytesMax: 196_000_000, // none published: that of the file
    inputsMax: 50_000, // guide: embedding inputs over all rows of a file
    modelsPerFileMax: 1, // guide
    createsPerHourMax: 2_000, // guide
    uploadsPerMinuteMax: 1_000, // files: per authenticated user
    openSubmissionsMax: null, // guide: none published
    enqueuedTokensMax: (model) => {
      const group = enqueuedTokens.find(({ models }) => models.includes(modelOf(model)))
      return tier === null ? null : (group?.atTier[tier - 1] ?? null)
    },
    enqueuedRequestsMax: (model) => (model.startsWith('text-embedding-') ? 1_000_000 : null), // help
    windowMs: 24 * HOUR, // guide: the only window sold
    cancelLagMs: 10 * MINUTE, // guide: `cancelling` lasts up to ten minutes
    returnsPartial: true,
    countsWhileOpen: true,
    collectWithinMs: 30 * DAY, // guide: outputs are kept 30 days after completion; counted from creation to be safe
    endpoints: [
      '/v1/responses',
      '/v1/chat/completions',
      '/v1/embeddings',
      '/v1/completions',
      '/v1/moderations',
      '/v1/images/generations',
      '/v1/images/edits',
      '/v1/videos',
    ], // guide, and the enum of the official SDK
    files: (endpoint) => ({
      imagesMax: 1_500, // images
      pdfsBytesMax: 50_000_000, // documents: of each file, and of all in a request
      totalBytesMax: 512_000_000, // images: of a request
      inline: { imageBytesMax: null, pdfBytesMax: null },
      // Ours: requests that are longer leave room for fewer than ten in the file of a batch.
      inlineBytesMax: 20_000_000,
      referred: { imageBytesMax: 512_000_000, pdfBytesMax: 50_000_000, types: referredAt(endpoint) }, // files
    }),
  }
}

/** A chat request names documents by id, and images by address only; the official SDK's types say so. */
const referredAt = (endpoint: string): readonly MediaType[] =>
  endpoint === '/v1/responses'
    ? ['application/pdf', 'image/png', 'image/jpeg', 'image/gif', 'image/webp']
    : endpoint === '/v1/chat/completions'
      ? ['application/pdf']
      : []

export const limits: Limits = limitsAt(null)
