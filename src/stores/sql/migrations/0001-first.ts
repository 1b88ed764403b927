import type { Migration } from '../dialect.ts'

/**
 * Frozen: a change of these tables is a new migration. Types are those that SQLite and PostgreSQL share; `bigint` holds
 * epoch milliseconds, counts and nano-USD.
 */
export const first: Migration = {
  version: 1,
  statements: ({ counter }) => [
    `create table account (
      id text primary key,
      vendor text not null,
      base_url text not null,
      scope text not null,
      created_at bigint not null,
      cold_since bigint
    )`,

    `create table job (
      id text primary key,
      key text,
      state text not null,
      held text,
      rev bigint not null,
      digest text not null,
      input text,
      options text,
      quote text,
      receipt text,
      tags text not null,
      requests bigint not null,
      round bigint not null,
      cancel_wanted integer not null,
      created_at bigint not null,
      deadline bigint,
      landed_at bigint,
      outputs text not null,
      error text,
      lease_owner text,
      lease_until bigint not null default 0
    )`,

    `create table shard (
      id text primary key,
      job_id text not null references job (id),
      round bigint not null,
      first_ordinal bigint not null,
      count bigint not null,
      ordinals text,
      "group" bigint not null,
      model text not null,
      lane text not null,
      account_id text not null,
      inputs bigint not null,
      bytes bigint not null,
      tokens bigint not null,
      state text not null,
      held text,
      purchase bigint not null,
      refusals bigint not null,
      tally text,
      wake_at bigint,
      seen_wake bigint,
      owner text,
      epoch bigint not null,
      lease_until bigint not null
    )`,
    'create index shard_by_wake on shard (wake_at) where wake_at is not null',
    'create index shard_by_owner on shard (owner) where owner is not null',
    'create index shard_by_job on shard (job_id, round, first_ordinal)',

    `create table submission (
      id text primary key,
      job_id text not null references job (id),
      shard_id text not null references shard (id),
      account_id text not null,
      lane text not null,
      model text not null,
      purchase bigint not null,
      key text not null,
      state text not null,
      vendor_state text,
      remote_id text,
      file_id text,
      rows bigint not null,
      inputs bigint not null,
      tokens bigint not null,
      bytes bigint not null,
      sent_at bigint,
      send_by bigint,
      created_at bigint not null,
      opened_at bigint,
      ended_at bigint,
      settled_at bigint,
      collect_by bigint,
      counts text,
      collected text,
      progress text,
      cancel_wanted integer not null,
      abandoned integer not null,
      duplicate integer not null,
      error text
    )`,
    'create index submission_by_account on submission (account_id, state)',
    'create index submission_by_end on submission (account_id, ended_at) where ended_at is not null',
    'create index submission_by_creation on submission (account_id, created_at)',
    'create index submission_by_shard on submission (shard_id)',
    'create index submission_by_job on submission (job_id)',

    `create table event (
      seq ${counter},
      job_id text not null,
      shard_id text,
      submission_id text,
      at bigint not null,
      type text not null,
      data text
    )`,
    'create index event_by_job on event (job_id, seq)',

    `create table ledger (
      submission_id text not null references submission (id),
      job_id text not null,
      model text not null,
      tier text not null,
      kind text not null,
      unit_price bigint not null,
      entry bigint not null,
      part text not null,
      tokens bigint not null,
      nano_usd bigint,
      standard_nano_usd bigint,
      reason text,
      tags text not null,
      at bigint not null,
      primary key (submission_id, model, tier, kind, unit_price, entry)
    )`,
    'create index ledger_by_job on ledger (job_id)',

    `create table quota (
      account_id text not null,
      model text not null,
      unit text not null,
      limit_max bigint not null,
      learned_at bigint not null,
      primary key (account_id, model, unit)
    )`,

    `create table forgotten (
      account_id text not null,
      key text not null,
      remote_id text not null,
      created_at bigint not null,
      primary key (account_id, key)
    )`,

    `create table attendant (
      owner text primary key,
      pid bigint not null,
      host text not null,
      command text not null,
      jobs text not null,
      since bigint not null,
      until bigint not null
    )`,
  ],
}
