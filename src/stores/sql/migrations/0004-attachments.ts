import type { Migration } from '../dialect.ts'

/** Files that are uploaded once and named by the requests of one job or several. */
export const attachments: Migration = {
  version: 4,
  statements: () => [
    `create table attachment (
      account_id text not null,
      sha256 text not null,
      key text not null,
      job_id text not null,
      file_id text,
      reference text not null,
      uploaded_at bigint not null,
      expires_at bigint,
      primary key (account_id, sha256)
    )`,
    `create table attachment_use (
      job_id text not null,
      account_id text not null,
      sha256 text not null,
      primary key (job_id, account_id, sha256)
    )`,
    'create index attachment_use_by_file on attachment_use (account_id, sha256)',
  ],
}
