import type { JobRow } from '../../stores/contract.ts'

type Given = Pick<JobRow, 'id' | 'digest' | 'input' | 'options' | 'quote' | 'tags' | 'requests' | 'createdAt'>

/** A job of which nothing has happened yet. */
export const newJob = (given: Given & Partial<Pick<JobRow, 'key' | 'deadline'>>): JobRow => ({
  key: null,
  deadline: null,
  ...given,
  state: 'flying',
  held: null,
  rev: 0,
  receipt: null,
  round: 0,
  cancelWanted: false,
  landedAt: null,
  outputs: [],
  error: null,
})
