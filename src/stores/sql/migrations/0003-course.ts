import type { Migration } from '../dialect.ts'

/** Shards keep what the policy remembers of them. Before, none was steered. */
export const course: Migration = { version: 3, statements: () => ['alter table shard add column course text'] }
