import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import * as redeye from '../src/index.ts'

// The surface that users build on. A change here is a change for them: it belongs into the changelog.

test('the front door exports these values and no others', () => {
  expect(Object.keys(redeye).sort()).toEqual([
    'BadInput',
    'Job',
    'JobHeld',
    'KeyConflict',
    'NoAdminKey',
    'NoCredentials',
    'NotReady',
    'OtherAccount',
    'PreflightRejected',
    'PriceMissing',
    'Redeye',
    'RedeyeError',
    'Refused',
    'StoreUnavailable',
    'UnknownJob',
    'UnknownLog',
    'UnknownModel',
    'UnknownRegion',
    'UnreadableInput',
    'UsageError',
    'VendorUnavailable',
    'advise',
    'allBatchPrices',
    'audit',
    'auditLive',
    'auditPage',
    'defineConfig',
    'homeOf',
    'lanes',
    'measureEngine',
    'open',
    'openPrices',
    'prices',
    'quoteTokens',
    'refreshPrices',
  ])
})

test('the types of the main path are what they are said to be', () => {
  expectTypeOf(redeye.open).returns.resolves.toEqualTypeOf<redeye.Redeye>()
  expectTypeOf<redeye.Redeye['submit']>().returns.resolves.toEqualTypeOf<redeye.Job>()
  expectTypeOf<redeye.Redeye['quote']>().returns.resolves.toEqualTypeOf<redeye.Quote>()
  expectTypeOf<redeye.Job['wait']>().returns.resolves.toEqualTypeOf<redeye.Receipt>()
  expectTypeOf<redeye.Job['wait']>().parameter(0).toEqualTypeOf<{ readonly signal?: AbortSignal } | undefined>()
  expectTypeOf<redeye.Job['events']>().returns.toExtend<AsyncIterable<redeye.JobEvent>>()
  expectTypeOf((job: redeye.Job) => job.cancel()).returns.resolves.toEqualTypeOf<redeye.Receipt>()
  expectTypeOf((job: redeye.Job) => job.cancel({ ids: ['a'] })).returns.resolves.toEqualTypeOf<redeye.Withdrawal>()
  expectTypeOf<redeye.Job['retry']>().returns.resolves.toBeNumber()
  expectTypeOf<redeye.Receipt['usd']['charged']>().toEqualTypeOf<string | null>()
  expectTypeOf<redeye.RedeyeError['code']>().toBeString()
})

test('results are typed by the schema that parses them', () => {
  const schema = z.object({ label: z.enum(['spam', 'ham']) })
  const typed = (job: redeye.Job) => job.results({ schema })
  expectTypeOf(typed).returns.toExtend<AsyncIterable<redeye.Result<{ label: 'spam' | 'ham' }>>>()
  const stated = (job: redeye.Job) => job.results<number>()
  expectTypeOf(stated).returns.toExtend<AsyncIterable<redeye.Result<number>>>()
  const lines: redeye.JobInput = (async function* () {
    yield new Uint8Array()
  })()
  expectTypeOf(lines).toExtend<redeye.JobInput>()
  expectTypeOf<{ text: string }[]>().toExtend<redeye.JobInput>()
})
