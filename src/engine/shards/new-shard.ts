import type { ShardRow } from '../../stores/contract.ts'

/** What a shard is that nobody has worked on, nor bought. */
export const unflown = {
  state: 'planned',
  held: null,
  purchase: 0,
  refusals: 0,
  tally: null,
  owner: null,
  epoch: 0,
  leaseUntil: 0,
} as const satisfies Partial<ShardRow>
