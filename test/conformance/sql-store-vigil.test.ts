import { describe, expect, test } from 'vitest'
import { sqlStores } from './implementations.ts'
import { freshStore } from './sql-store-home.ts'

const HOUR = 3_600_000
const MINUTE = 60_000

describe.each(sqlStores)('signs of a restored backup: $name', (implementation) => {
  const here = freshStore(implementation)

  const account = { id: 'acc_a', vendor: 'v', baseUrl: '', scope: '', createdAt: 1 }

  test('a store that was silent for long is cold from an hour before its last sign of life', async () => {
    await here.store.commit({ accounts: [account] })
    await here.store.beat(500 * HOUR)
    here.real += 10 * MINUTE
    expect(await here.store.coldSince('acc_a')).toBeNull()
    here.real += 1
    expect(await here.store.coldSince('acc_a')).toBe(499 * HOUR)
  })

  test('it stays cold over restarts and beats until the vendor was listed', async () => {
    await here.store.commit({ accounts: [account, { ...account, id: 'acc_b' }] })
    await here.store.beat(500 * HOUR)
    here.real += 11 * MINUTE
    await here.reopen()
    await here.store.beat(501 * HOUR)
    await here.reopen()
    expect(await here.store.coldSince('acc_a')).toBe(499 * HOUR)
    await here.store.warmed('acc_a')
    await here.reopen()
    expect(await here.store.coldSince('acc_a')).toBeNull()
    expect(await here.store.coldSince('acc_b')).toBe(499 * HOUR)
  })

  test('what a listing saw under unknown keys is remembered by account and key, as long as vendors keep it', async () => {
    await here.store.commit({ accounts: [account] })
    const old = { key: 'old', remoteId: 'batch_1', createdAt: 100 * HOUR }
    await here.store.warmed('acc_a', [{ key: 'new', remoteId: 'batch_2', createdAt: 500 * HOUR }, old])
    expect(await here.store.forgotten('acc_a', 'old')).toBe('batch_1')
    await here.store.warmed('acc_a', [{ key: 'newer', remoteId: 'batch_3', createdAt: 1500 * HOUR }])
    await here.reopen()
    const remembered = ['newer', 'new', 'old', 'other'].map((key) => here.store.forgotten('acc_a', key))
    expect(await Promise.all(remembered)).toEqual(['batch_3', undefined, undefined, undefined])
    expect(await here.store.forgotten('acc_b', 'newer')).toBeUndefined()
  })

  test('a second silence does not shorten what must be listed after the first', async () => {
    await here.store.commit({ accounts: [account] })
    await here.store.beat(500 * HOUR)
    here.real += 11 * MINUTE
    await here.store.beat(600 * HOUR)
    here.real += 11 * MINUTE
    await here.store.beat(700 * HOUR)
    expect(await here.store.coldSince('acc_a')).toBe(499 * HOUR)
  })

  test('a store that beats stays warm', async () => {
    await here.store.commit({ accounts: [account] })
    for (let beat = 1; beat < 5; beat++) {
      here.real += 9 * MINUTE
      await here.store.beat(beat)
    }
    await here.reopen()
    expect(await here.store.coldSince('acc_a')).toBeNull()
    expect(await here.store.coldSince('acc_unknown')).toBeNull()
  })
})
