import { expect, test } from 'vitest'
import type { AccountRow, Ending } from '../../stores/contract.ts'
import type { Ports } from '../ports.ts'
import { landingsSeen } from './landings-seen.ts'

const MINUTE = 60_000

/** Ends after so many minutes. */
const ending = (minutes: number, more: Partial<Ending> = {}): Ending => ({
  id: 'sub_1',
  jobId: 'job_1',
  accountId: 'acc_1',
  lane: 'acme/batch',
  model: 'm',
  rows: 100,
  state: 'settled',
  openedAt: 0,
  endedAt: minutes * MINUTE,
  counts: null,
  cancelWanted: false,
  abandoned: false,
  ...more,
})

function homeWith(endings: Readonly<Record<string, readonly Ending[]>>): Pick<Ports, 'store' | 'vendors'> {
  const row: AccountRow = { id: 'acc_1', vendor: 'acme', baseUrl: 'https://acme.example', scope: '', createdAt: 0 }
  return {
    store: {
      accounts: async () => [row, { ...row, id: 'acc_2' }],
      endings: async ({ accountId, lane }: { accountId: string; lane: string }) =>
        endings[`${accountId} ${lane}`] ?? [],
    },
    vendors: { accounts: () => [{ row, provider: { batch: {}, sync: { flex: {} } } }] },
  } as Partial<Record<keyof Ports, unknown>> as Pick<Ports, 'store' | 'vendors'>
}

test('half, and nine in ten, of a lane’s submissions had ended by then, all accounts together', async () => {
  const seen = await landingsSeen(
    homeWith({
      'acc_1 acme/batch': [10, 20, 30, 40, 50, 60].map((minutes) => ending(minutes)),
      'acc_2 acme/batch': [70, 80, 90, 100].map((minutes) => ending(minutes)),
      'acc_1 acme/flex': [1, 2, 3, 4].map((minutes) => ending(minutes)),
    }),
  )
  expect([...seen]).toEqual([['acme/batch', { p50: 50 * 60, p90: 90 * 60, submissions: 10 }]])
})

test('what was cancelled, given up or refused says nothing of how long a lane takes', async () => {
  const fine = [1, 1, 1, 1, 1].map((minutes) => ending(minutes))
  const odd = [ending(999, { cancelWanted: true }), ending(999, { abandoned: true }), ending(999, { state: 'refused' })]
  const seen = await landingsSeen(homeWith({ 'acc_1 acme/batch': [...fine, ...odd] }))
  expect(seen.get('acme/batch')).toEqual({ p50: 60, p90: 60, submissions: 5 })
})
