import { afterEach, beforeEach, describe, expect, type TestContext, test } from 'vitest'
import { VendorUnavailable } from '../../src/domain/errors.ts'
import { SLOT_BYTES } from '../../src/domain/file-slot.ts'
import { outcomes } from '../../src/domain/outcome.ts'
import type { ScannedRow } from '../../src/domain/scanned-row.ts'
import {
  type BatchLane,
  type Call,
  CredentialsRefused,
  type Mark,
  type Prepared,
  PrepareRefused,
  type Purchase,
  type Refusal,
  type Remote,
  type ResultStream,
  ResultsGone,
  type RowScanner,
} from '../../src/providers/contract.ts'
import { compatibles } from '../../src/providers/openai/compatible.ts'
import { batchLanes } from '../../src/providers/registry.ts'
import { type Double, type DoubleVendor, doubles, type Trouble } from './provider-doubles.ts'

/** One suite for every vendor that sells a batch lane; each is met in a double that runs here. */
const running: DoubleVendor[] = []
let context: TestContext
beforeEach((own) => {
  context = own
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((vendor) => vendor.close()))
})

/** In the letters that keys are made of. */
const keyOf = (number: number) =>
  `conformancekey${String(number)
    .padStart(6, '0')
    .replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] ?? '')}`
const yes = async () => true

/** The rows of one upload, framed as the engine frames them. */
function uploadOf(batch: BatchLane, double: Double, rows: number, key: string) {
  const { beforeId, afterId, afterBody, opensBody } = batch.rowFrame(double.endpoint)
  const all = Array.from({ length: rows }, (_, row) => {
    const body = Buffer.from(double.body(row)).subarray(opensBody ? 1 : 0)
    return Buffer.concat([beforeId, Buffer.from(idOf(key, row)), afterId, body, afterBody])
  })
  const bytes = all.reduce((sum, { length }) => sum + length, 0)
  const body = async function* () {
    yield* all
  }
  return { key, endpoint: double.endpoint, model: double.model, rows, bytes, body }
}
const idOf = (key: string, row: number) => `${key}-${String(row).padStart(7, '0')}`

async function untilEnded(batch: BatchLane, vendor: DoubleVendor, id: string): Promise<Remote> {
  for (let looks = 0; looks < 50; looks++) {
    const remote = await batch.poll(vendor.call, id)
    if (remote && (remote.state === 'ended' || remote.state === 'refused')) return remote
    vendor.advance(looks < 30 ? 60 : 6 * 3600)
  }
  throw new Error(`submission ${id} did not end`)
}

interface ReadRow {
  readonly id: string
  readonly outcome: string
  readonly billed: boolean
}

/** Every row of every file a submission left, by the lane's own scanner, and those of which it says what became of them. */
async function rowsOf(batch: BatchLane, call: Call, remote: Remote, of = remote.counts?.total): Promise<ReadRow[]> {
  const { scanRow } = (await import(batch.scanner.href)) as { scanRow: RowScanner }
  const rows: ReadRow[] = []
  for (const file of remote.files) {
    const { bytes, body } = await batch.open(call, file)
    const content = Buffer.concat(await Array.fromAsync(body))
    if (bytes !== null) expect(content.length).toBe(bytes)
    for (let start = 0; start < content.length; ) {
      const end = content.indexOf(10, start)
      const row = {} as ScannedRow
      expect(scanRow(content, start, end, row)).toBe(true)
      rows.push({
        id: content.toString('utf8', row.idStart, row.idEnd),
        outcome: outcomes[row.outcome] ?? '',
        billed: row.billed,
      })
      start = end + 1
    }
  }
  const unmentioned = remote.rest === undefined ? 0 : (of ?? 0) - rows.length
  for (let rest = 0; rest < unmentioned; rest++) rows.push({ id: '', outcome: remote.rest ?? '', billed: false })
  return rows.sort((a, b) => (a.id < b.id ? -1 : 1))
}

const tallyOf = (rows: readonly ReadRow[]) =>
  Object.fromEntries(
    Object.entries(Object.groupBy(rows, ({ outcome }) => outcome)).map(([outcome, all]) => [outcome, all?.length]),
  )
const billedIn = (rows: readonly ReadRow[]) => rows.filter(({ billed }) => billed).length
const remoteIn = (purchase: Purchase): Remote => {
  if (purchase.kind !== 'bought') throw new Error(`not bought: ${JSON.stringify(purchase)}`)
  return purchase.remote
}

const markOf = (vendor: DoubleVendor, { key, fileId, rows }: Prepared): Mark => {
  const sentAt = vendor.call.http.vendorNow(vendor.call.baseUrl)
  return { key, fileId, rows, sentAt, sendBy: sentAt + 60_000 }
}

/** Rows of one table share their code: two of them, with all that differs, stand for the others. */
const alike = Object.keys(compatibles).filter((name) => doubles[name] === undefined)

test('every lane is met here', () => {
  expect(batchLanes.map(({ name }) => name).sort()).toEqual([...Object.keys(doubles), ...alike].sort())
})

describe.each(batchLanes.filter(({ name }) => !alike.includes(name)))('$name', ({ name, batch }) => {
  const double = doubles[name] as Double

  async function start(trouble?: Trouble, options?: { slow?: boolean }): Promise<DoubleVendor> {
    const reason = trouble === undefined ? undefined : double.without[trouble]
    if (reason !== undefined) context.skip(reason)
    const vendor = await double.start(trouble, options)
    running.push(vendor)
    return vendor
  }
  async function prepare(vendor: DoubleVendor, rows = 5, key = keyOf(1)): Promise<Prepared> {
    const upload = uploadOf(batch, double, rows, key)
    return (
      (await batch.prepare?.(vendor.call, upload)) ?? {
        fileId: null,
        key,
        endpoint: double.endpoint,
        model: double.model,
        rows,
      }
    )
  }
  const buy = (vendor: DoubleVendor, prepared: Prepared, release: () => Promise<boolean> = yes): Promise<Purchase> =>
    batch.buy(vendor.call, prepared, release, uploadOf(batch, double, prepared.rows, prepared.key))
  async function bought(vendor: DoubleVendor, rows = 5): Promise<Remote> {
    return remoteIn(await buy(vendor, await prepare(vendor, rows)))
  }

  async function refusalOf(trouble: Trouble): Promise<Refusal | undefined> {
    const vendor = await start(trouble)
    const remote = await bought(vendor, 10)
    const { state, refusal } = await untilEnded(batch, vendor, remote.id)
    expect(state).toBe('refused')
    expect((await vendor.bought()).rows).toBe(0)
    return refusal
  }

  test('has a double to run against', () => {
    expect(double).toBeDefined()
  })

  describe('buys', () => {
    test('what was prepared, and every row comes back under its id', async () => {
      const vendor = await start()
      const remote = await bought(vendor, 5)
      expect(remote).toMatchObject({ state: 'open', key: batch.idIn === undefined ? keyOf(1) : null })
      const ended = await untilEnded(batch, vendor, remote.id)
      expect(ended.counts).toEqual(double.tellsCounts === false ? null : { total: 5, completed: 5, failed: 0 })
      const rows = await rowsOf(batch, vendor.call, ended)
      expect(rows.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4].map((row) => idOf(keyOf(1), row)))
      expect(tallyOf(rows)).toEqual({ succeeded: 5 })
      expect(await vendor.bought()).toEqual({ submissions: 1, rows: billedIn(rows) })
    })

    test('nothing while the last byte is held back', async () => {
      const vendor = await start()
      const prepared = await prepare(vendor)
      const asked = Promise.withResolvers<void>()
      const decided = Promise.withResolvers<boolean>()
      const purchase = buy(vendor, prepared, () => {
        asked.resolve()
        return decided.promise
      })
      await asked.promise
      expect(await batch.find(vendor.call, markOf(vendor, prepared))).toEqual({ kind: 'absent' })
      decided.resolve(true)
      expect((await purchase).kind).toBe('bought')
      expect((await vendor.bought()).submissions).toBe(1)
    })

    test('nothing when the last byte is withheld', async () => {
      const vendor = await start()
      const prepared = await prepare(vendor)
      expect(await buy(vendor, prepared, async () => false)).toEqual({ kind: 'withheld' })
      expect(await vendor.bought()).toEqual({ submissions: 0, rows: 0 })
      expect((await buy(vendor, prepared)).kind).toBe('bought')
      expect((await vendor.bought()).submissions).toBe(1)
    })

    test('again from a fresh upload after one that broke', async () => {
      const vendor = await start('an upload breaks')
      if (batch.prepare) await expect(prepare(vendor, 2000)).rejects.toBeInstanceOf(VendorUnavailable)
      // More than any buffer on the way holds: a purchase whose body broke off cannot have been made.
      else
        expect(await buy(vendor, await prepare(vendor, 60_000))).toMatchObject({
          kind: 'refused',
          refusal: { kind: 'unavailable' },
        })
      expect((await bought(vendor, 5)).state).toBe('open')
    })
  })

  describe('is unsure of a purchase', () => {
    test.each<Trouble>([
      'the answer to a purchase is lost',
      'a purchase fails though it was made',
      'a purchase is answered with a page though it was made',
    ])('and finds it, once, when %s', async (trouble) => {
      const vendor = await start(trouble)
      const prepared = await prepare(vendor)
      expect(await buy(vendor, prepared)).toMatchObject({ kind: 'unsure' })
      const found = await batch.find(vendor.call, markOf(vendor, prepared))
      expect(found).toMatchObject(
        batch.marks
          ? { kind: 'found', remote: { state: 'open' } }
          : { kind: 'candidates', remotes: [{ counts: { total: prepared.rows } }] },
      )
      expect((await vendor.bought()).submissions).toBe(1)
    })

    test('and finds nothing when it is lost on its way', async () => {
      const vendor = await start('a purchase is lost on its way')
      const prepared = await prepare(vendor)
      expect(await buy(vendor, prepared)).toMatchObject({ kind: 'unsure' })
      expect(await batch.find(vendor.call, markOf(vendor, prepared))).toEqual({ kind: 'absent' })
    })

    test('and a fence lets none of it run when it lands late', async () => {
      if (batch.fence === undefined) context.skip('nothing makes a late purchase harmless at this vendor')
      const vendor = await start('a purchase lands late')
      const prepared = await prepare(vendor)
      const mark = markOf(vendor, prepared)
      expect(await buy(vendor, prepared)).toMatchObject({ kind: 'unsure' })
      expect(await batch.find(vendor.call, mark)).toEqual({ kind: 'absent' })
      await batch.fence?.(vendor.call, mark)
      vendor.advance(600)
      const found = await batch.find(vendor.call, mark)
      if (found.kind === 'found')
        expect(await untilEnded(batch, vendor, found.remote.id)).toMatchObject({ state: 'refused' })
      expect((await vendor.bought()).rows).toBe(0)
    })
  })

  describe('is refused at once', () => {
    test.each<[Trouble, Refusal['kind']]>([
      ['purchases come too fast', 'rate'],
      ['the money is used up', 'billing'],
      ['the input file is not there yet', 'file'],
    ])('when %s: %s', async (trouble, kind) => {
      const vendor = await start(trouble)
      const prepared = await prepare(vendor)
      expect(await buy(vendor, prepared)).toMatchObject({ kind: 'refused', refusal: { kind } })
      expect((await vendor.bought()).submissions).toBe(0)
    })

    test('with a wrong key, everywhere', async () => {
      const vendor = await start('the key is wrong')
      if (batch.prepare) {
        const refused = await prepare(vendor).catch((error: unknown) => error)
        expect(refused).toBeInstanceOf(PrepareRefused)
        expect((refused as PrepareRefused).refusal.kind).toBe('credentials')
      }
      const prepared = { key: keyOf(1), fileId: 'file-1', endpoint: double.endpoint, model: double.model, rows: 5 }
      expect(await buy(vendor, prepared)).toMatchObject({
        kind: 'refused',
        refusal: { kind: 'credentials' },
      })
      await expect(batch.poll(vendor.call, 'batch_1')).rejects.toBeInstanceOf(CredentialsRefused)
      await expect(batch.find(vendor.call, markOf(vendor, prepared))).rejects.toBeInstanceOf(CredentialsRefused)
    })
  })

  describe('is refused late', () => {
    test('when the queue is full, and learns its size', async () => {
      expect(await refusalOf('the queue is full')).toMatchObject({
        kind: 'quota',
        limit: { unit: 'tokens', max: 2_000_000 },
      })
    })

    test('when the input file is lost', async () => {
      expect(await refusalOf('the input file is lost')).toMatchObject({ kind: 'file' })
    })

    test('for rows that it names', async () => {
      const refusal = await refusalOf('validation names rows')
      expect(refusal?.kind).toBe('rows')
      const rows = refusal?.rows?.map(({ row }) => row) ?? []
      expect(rows.length).toBeGreaterThan(0)
      expect(rows.every((row) => row >= 0 && row < 10)).toBe(true)
    })

    test('as a whole when it names none', async () => {
      expect(await refusalOf('validation names no row')).toMatchObject({ kind: 'whole' })
    })
  })

  describe('keeps what was finished', () => {
    test('when the window closes half way', async () => {
      const vendor = await start('the window closes half way')
      const ended = await untilEnded(batch, vendor, (await bought(vendor, 10)).id)
      const rows = await rowsOf(batch, vendor.call, ended, 10)
      expect(tallyOf(rows)).toEqual({ succeeded: 6, expired: 4 })
      expect((await vendor.bought()).rows).toBe(billedIn(rows))
    })

    test('when the window closes on nothing: no answer, and nothing to pay', async () => {
      const vendor = await start('the window closes on nothing')
      const ended = await untilEnded(batch, vendor, (await bought(vendor, 3)).id)
      expect(tallyOf(await rowsOf(batch, vendor.call, ended, 3))).toEqual({ expired: 3 })
      expect((await vendor.bought()).rows).toBe(0)
    })

    test('when it is cancelled on its way', async () => {
      const vendor = await start(undefined, { slow: true })
      const remote = await bought(vendor, 10)
      vendor.advance(900)
      expect(await batch.cancel(vendor.call, remote.id)).toMatchObject({ state: 'cancelling' })
      const ended = await untilEnded(batch, vendor, remote.id)
      const rows = await rowsOf(batch, vendor.call, ended, 10)
      const { succeeded, cancelled } = tallyOf(rows)
      expect(succeeded).toBeGreaterThan(0)
      expect(cancelled).toBeGreaterThan(0)
      expect(rows).toHaveLength(10)
      expect((await vendor.bought()).rows).toBe(billedIn(rows))
    })

    test('when every row failed, which is no failure of the submission', async () => {
      const vendor = await start('every row fails')
      const ended = await untilEnded(batch, vendor, (await bought(vendor, 3)).id)
      expect(ended.state).toBe('ended')
      expect(tallyOf(await rowsOf(batch, vendor.call, ended))).toEqual({ failed: 3 })
    })

    test('when a file that is not there has an empty name', async () => {
      const vendor = await start('no file has an empty name')
      const ended = await untilEnded(batch, vendor, (await bought(vendor, 3)).id)
      expect(ended.files.map(({ role }) => role)).toEqual(['output'])
    })

    test('and fetches it again from the top when the download broke', async () => {
      const vendor = await start('a download breaks')
      const ended = await untilEnded(batch, vendor, (await bought(vendor, 200)).id)
      await expect(rowsOf(batch, vendor.call, ended)).rejects.toBeInstanceOf(VendorUnavailable)
      expect(await rowsOf(batch, vendor.call, ended)).toHaveLength(200)
    })

    test('and fetches it although the vendor refuses the download twice', async () => {
      const vendor = await start('a download is refused twice')
      const ended = await untilEnded(batch, vendor, (await bought(vendor, 3)).id)
      expect(await rowsOf(batch, vendor.call, ended)).toHaveLength(3)
    })
  })

  describe('looks at a submission', () => {
    test('that has a state nobody knows, which ends nothing', async () => {
      const vendor = await start('it has a state nobody knows', { slow: true })
      const remote = await bought(vendor, 3)
      vendor.advance(30)
      expect(await batch.poll(vendor.call, remote.id)).toMatchObject({
        state: 'unknown',
        vendorState: 'paused',
        files: [],
      })
      expect((await untilEnded(batch, vendor, remote.id)).state).toBe('ended')
    })

    test('that is not known yet, and then is', async () => {
      const vendor = await start('it is not known just after its purchase')
      const remote = await bought(vendor, 3)
      expect(await batch.poll(vendor.call, remote.id)).toBeUndefined()
      vendor.advance(120)
      expect(await batch.poll(vendor.call, remote.id)).toMatchObject({ id: remote.id })
    })

    test('that was never bought', async () => {
      const vendor = await start()
      expect(await batch.poll(vendor.call, 'batch_never')).toBeUndefined()
      expect(await batch.cancel(vendor.call, 'batch_never')).toBeUndefined()
    })

    test('that ended before it could be cancelled', async () => {
      const vendor = await start()
      const ended = await untilEnded(batch, vendor, (await bought(vendor, 3)).id)
      expect(await batch.cancel(vendor.call, ended.id)).toMatchObject({ id: ended.id, state: 'ended' })
    })
  })

  test('lists every submission back to a time, beyond one page', async () => {
    const vendor = await start()
    const ids: string[] = []
    for (let number = 0; number < 130; number++) {
      const prepared = await prepare(vendor, 1, keyOf(number))
      ids.push(remoteIn(await buy(vendor, prepared)).id)
      vendor.advance(30)
    }
    const all = await Array.fromAsync(batch.list(vendor.call, 0))
    expect(all.map(({ id }) => id).sort()).toEqual([...ids].sort())
    const first = all.find(({ id }) => id === ids[0]) as Remote
    const mark = {
      key: keyOf(0),
      fileId: first.fileId,
      rows: 1,
      sentAt: first.createdAt,
      sendBy: first.createdAt + 60_000,
    }
    const found = await batch.find(vendor.call, mark)
    if (found.kind === 'found') expect(found.remote.id).toBe(ids[0])
    else expect(found.kind === 'candidates' && found.remotes.map(({ id }) => id)).toContain(ids[0])
  })

  test('says of a submission what else there is to say, whoever has made it', async () => {
    const vendor = await start()
    const { about, createdAt } = await untilEnded(batch, vendor, (await bought(vendor)).id)
    expect(about?.endpoint).toBe(double.endpoint)
    const named = double.model.split('/').at(-1) as string
    if (about?.model != null) expect(about.model).toContain(named)
    if (about?.endedAt != null) expect(about.endedAt).toBeGreaterThanOrEqual(createdAt)
    expect(about?.elsewhere).toBeUndefined()
  })

  test('gives the requests of a submission back as batch lines', async () => {
    if (batch.input === undefined) context.skip('this vendor gives no requests back')
    const vendor = await start()
    const remote = await bought(vendor)
    const given = await batch.input?.(vendor.call, remote).catch((error: unknown) => error)
    if (given instanceof ResultsGone) context.skip(given.message)
    const { body } = given as ResultStream
    const text = Buffer.concat(await Array.fromAsync(body)).toString()
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.map(({ custom_id, key }) => custom_id ?? key)).toEqual(
      [0, 1, 2, 3, 4].map((row) => idOf(keyOf(1), row)),
    )
    for (const line of lines)
      if (double.endpoint.startsWith('/') && line['params'] === undefined)
        expect(line).toMatchObject({ method: 'POST', url: double.endpoint, body: { model: double.model } })
    const { fileId } = remote
    await batch.remove?.(vendor.call, fileId as string)
    await expect(batch.input?.(vendor.call, remote)).rejects.toBeInstanceOf(ResultsGone)
  })

  test('removes a file, and one that is not there', async () => {
    if (batch.remove === undefined || batch.prepare === undefined) context.skip('this vendor keeps no files of ours')
    const vendor = await start()
    const { fileId } = await prepare(vendor)
    await batch.remove?.(vendor.call, fileId as string)
    await batch.remove?.(vendor.call, fileId as string)
    const again = await buy(vendor, { key: keyOf(1), fileId, endpoint: double.endpoint, model: double.model, rows: 5 })
    const state =
      again.kind === 'bought'
        ? (await untilEnded(batch, vendor, again.remote.id)).refusal
        : again.kind === 'refused'
          ? again.refusal
          : undefined
    expect(state).toMatchObject({ kind: 'file' })
  })

  test('lists what is left of a purchase, and leaves nothing of it', async () => {
    if (batch.leftovers === undefined) context.skip('what is left at this vendor cannot be listed')
    const vendor = await start(undefined, { slow: true })
    const prepared = await prepare(vendor)
    const { id } = remoteIn(await buy(vendor, prepared))
    const left = async () =>
      (await Array.fromAsync(batch.leftovers?.(vendor.call) ?? [])).filter((item) =>
        batch.marks ? item.key === keyOf(1) : item.id === id,
      )
    const before = await left()
    expect(before.length).toBeGreaterThan(0)
    expect(before.every(({ running }) => running)).toBe(true)
    await untilEnded(batch, vendor, id)
    const after = (await left()).filter(({ removable }) => removable)
    expect(after.length).toBeGreaterThan(0)
    expect(after.every(({ running }) => !running)).toBe(true)
    for (const item of after) await batch.remove?.(vendor.call, item.id)
    for (const item of after) await batch.remove?.(vendor.call, item.id)
    expect((await left()).filter(({ removable }) => removable)).toEqual([])
  })

  describe('keeps files that requests name', () => {
    const types = ['application/pdf', 'image/png'] as const
    const content = Buffer.from('\r\n--not a boundary--\r\n'.repeat(500))
    const attach = async (vendor: DoubleVendor, type: (typeof types)[number] = 'application/pdf', key = keyOf(7)) => {
      if (batch.attach === undefined) return context.skip('requests of this lane name no files')
      const body = async function* () {
        yield content.subarray(0, 100)
        yield content.subarray(100)
      }
      return batch.attach(vendor.call, { key, type, bytes: content.length, body })
    }
    const kept = async (vendor: DoubleVendor) =>
      (await Array.fromAsync(batch.leftovers?.(vendor.call) ?? [])).filter(({ kind }) => kind === 'attachment')

    test.each(types)('%s: each upload is one of its own, is listed under its key, and goes', async (type) => {
      const vendor = await start()
      const [one, other] = [await attach(vendor, type), await attach(vendor, type)]
      expect(one.fileId).not.toBe(other.fileId)
      expect(one.text).not.toBe(other.text)
      const listed = await kept(vendor)
      expect(listed.map(({ id }) => id).sort()).toEqual([one.fileId, other.fileId].sort())
      for (const item of listed)
        expect(item).toMatchObject({ key: keyOf(7), bytes: content.length, running: false, removable: true })
      await batch.remove?.(vendor.call, one.fileId)
      await batch.remove?.(vendor.call, one.fileId)
      expect((await kept(vendor)).map(({ id }) => id)).toEqual([other.fileId])
    })

    test('by a reference that is short enough for its place, for as long as it says', async () => {
      const vendor = await start()
      const { text, expiresAt } = await attach(vendor)
      expect(Buffer.byteLength(JSON.stringify(text))).toBeLessThanOrEqual(SLOT_BYTES)
      const now = vendor.call.http.vendorNow(vendor.call.baseUrl)
      if (expiresAt !== null) expect(expiresAt - now).toBeGreaterThan(24 * 3_600_000)
    })

    test('says so when its key is wrong', async () => {
      const vendor = await start('the key is wrong')
      const refusal = await attach(vendor).catch((error: unknown) => error)
      expect(refusal instanceof PrepareRefused ? refusal.refusal.kind : refusal).toSatisfy(
        (found) => found === 'credentials' || found instanceof CredentialsRefused,
      )
    })

    test('where its limits say that some can be named, and nowhere else', () => {
      const files = batch.limits.endpoints.map((endpoint) => batch.limits.files?.(endpoint, null))
      expect(files.some((one) => (one?.referred?.types.length ?? 0) > 0)).toBe(batch.attach !== undefined)
    })
  })
})
