import type { Region } from '../contract.ts'

/**
 * The multi-regions, the one that promises no place, and the regions with generative models. Which of them serves a
 * model is Google's to say, and the bucket is the user's to put there. Source: "Locations", docs.cloud.google.com,
 * 2026-11.
 */
const locations =
  'us eu global us-central1 us-east1 us-east4 us-east5 us-south1 us-west1 us-west4 northamerica-northeast1 ' +
  'southamerica-east1 europe-central2 europe-north1 europe-southwest1 europe-west1 europe-west2 europe-west3 ' +
  'europe-west4 europe-west6 europe-west8 europe-west9 asia-east1 asia-east2 asia-northeast1 asia-northeast3 ' +
  'asia-south1 asia-southeast1 australia-southeast1 me-central1 me-central2 me-west1'

export const regions: Readonly<Record<string, Region>> = Object.fromEntries(
  locations
    .split(' ')
    .map((location) => [
      location,
      { environment: { GOOGLE_CLOUD_LOCATION: location }, resident: location !== 'global' },
    ]),
)
