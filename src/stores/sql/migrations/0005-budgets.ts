import { CompiledQuery } from 'kysely'
import type { Migration } from '../dialect.ts'
import type { Database } from '../schema.ts'

/**
 * Budgets of the home. What jobs have spent is summed as it is written, by tag and month, so that a purchase need not
 * read a year's ledger; the sum of all jobs has an empty tag. A submission keeps what it may cost at most: of those that
 * are on their way when the store becomes this version nothing is known, and they count once they have settled.
 */
export const budgets: Migration = {
  version: 5,
  statements: () => [
    `create table budget (
      tag text not null,
      value text not null,
      per text not null,
      nano_usd bigint not null,
      rev bigint not null,
      primary key (tag, value, per)
    )`,
    `create table spent (
      tag text not null,
      value text not null,
      month text not null,
      nano_usd bigint not null,
      primary key (tag, value, month)
    )`,
    `create table job_tag (
      job_id text not null references job (id),
      tag text not null,
      value text not null,
      primary key (job_id, tag)
    )`,
    'alter table shard add column output_max bigint',
    'alter table submission add column worst_nano_usd bigint',
    'create index submission_by_state on submission (state)',
    `update submission set settled_at = coalesce(ended_at, created_at)
      where state = 'lost' and exists (select 1 from ledger where ledger.submission_id = submission.id)`,
  ],
  rewrite,
}

const DAY_MS = 86_400_000

async function rewrite(db: Database): Promise<void> {
  const run = <Row>(text: string, values: readonly unknown[] = []) =>
    db.executeQuery<Row>(CompiledQuery.raw(text, [...values]))
  const jobs = await run<{ id: string; tags: string }>("select id, tags from job where tags <> '{}'")
  for (const { id, tags } of jobs.rows)
    for (const [tag, value] of tagsIn(tags)) await run('insert into job_tag values (?, ?, ?)', [id, tag, value])

  const sums = new Map<string, bigint>()
  const days = await run<{ tags: string; day: number; nano: string }>(
    `select tags, at / ${DAY_MS} as day, cast(sum(nano_usd) as text) as nano
      from ledger where nano_usd is not null group by tags, at / ${DAY_MS}`,
  )
  for (const { tags, day, nano } of days.rows) {
    const month = new Date(Number(day) * DAY_MS).toISOString().slice(0, 7)
    for (const [tag, value] of [['', ''], ...tagsIn(tags)]) {
      const key = JSON.stringify([tag, value, month])
      sums.set(key, (sums.get(key) ?? 0n) + BigInt(nano))
    }
  }
  for (const [key, nano] of sums) await run('insert into spent values (?, ?, ?, ?)', [...JSON.parse(key), nano])
}

const tagsIn = (json: string): [string, string][] => Object.entries(JSON.parse(json))
