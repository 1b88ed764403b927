import type { Region } from '../contract.ts'

/**
 * Prefixes of the host. Data is stored there; `us` and `eu` also keep inference there. A project must be set up for it:
 * as a project of that region, or as one that chooses per request. Source: the data-residency guide of
 * developers.openai.com and the official SDK, read 2026-11-24.
 */
const places = ['us', 'eu', 'ae', 'au', 'in', 'jp'] as const

export const regions: Readonly<Record<string, Region>> = Object.fromEntries(
  places.map((place) => [
    place,
    { environment: { OPENAI_BASE_URL: `https://${place}.api.openai.com/v1` }, resident: true },
  ]),
)
