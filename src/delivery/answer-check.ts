import type { Reason } from '../domain/outcome.ts'

/** Whether the answer of a succeeded line meets the job's schema: `none`, `invalid_json` or `schema`. */
export type AnswerCheck = (
  bytes: Uint8Array,
  start: number,
  end: number,
) => Extract<Reason, 'none' | 'invalid_json' | 'schema'>
