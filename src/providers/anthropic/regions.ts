import type { Region } from '../contract.ts'

/** From Opus 4.6 on; what is older answers the parameter with a 400. */
const takes = (model: string): boolean =>
  !/^claude-(?:\d|(?:opus-4(?:-[015])?|sonnet-4(?:-[05])?|haiku-4-5)(?:-\d{8})?$)/.test(model)

/**
 * Each request says where its inference runs; where data lies at rest is a matter of the workspace. Source: "Data
 * residency", platform.claude.com, read 2026-11-24.
 */
export const regions: Readonly<Record<string, Region>> = {
  us: { member: { name: 'inference_geo', value: 'us' }, resident: true, takes },
  global: { member: { name: 'inference_geo', value: 'global' }, resident: false, takes },
}
