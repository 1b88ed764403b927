import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HOUR, MINUTE, SECOND } from '../kit/clock.ts'
import { decide } from './decide.ts'
import { priorOf } from './landing.ts'
import { outlookOf } from './outlook.ts'
import type { BatchOffer, Decision, FlightView, Offer, ShardView, SyncOffer, View } from './view.ts'

const landing = priorOf('openai/batch', 100)
if (landing === undefined) throw new Error('no prior')

const common = { account: 'a', down: false, room: Number.POSITIVE_INFINITY }
const batch = (facts: Partial<BatchOffer> = {}): BatchOffer => ({
  ...common,
  kind: 'batch',
  name: 'batch',
  lane: 'v/batch',
  price: 0.5,
  landing,
  cancelSeconds: 600,
  returnsPartial: true,
  ...facts,
})
const sync = (name: string, price: number, facts: Partial<SyncOffer> = {}): SyncOffer => ({
  ...common,
  kind: 'sync',
  name,
  lane: `v/${name}`,
  price,
  pace: { perSecond: 1, sigma: 0.1 },
  sheds: name === 'flex',
  window: null,
  cancelSeconds: 120,
  ...facts,
})
const standard = sync('standard', 1)
const flex = sync('flex', 0.5)

const idle = (id: string, tried: readonly string[] = [], requests = 100): ShardView => ({
  id,
  requests,
  flight: null,
  tried,
})
const flies = (id: string, flight: Partial<FlightView> = {}, tried: readonly string[] = []): ShardView => ({
  id,
  requests: 100,
  flight: { offer: 'batch', since: 0, done: null, movedAt: null, cancelledAt: null, ...flight },
  tried,
})
const many = (count: number, make: (id: string) => ShardView): ShardView[] =>
  Array.from({ length: count }, (_, at) => make(`s${at}`))
const viewOf = (facts: Partial<View>): View => ({
  deadline: 8 * HOUR,
  startedAt: 0,
  shards: many(20, (id) => idle(id)),
  landed: [],
  offers: [batch(), standard],
  budgetLeft: null,
  ...facts,
})
const shardsOf = (decision: Decision): readonly string[] => ('shards' in decision ? decision.shards : [])
const laneOf = (decision: Decision): string | undefined => ('offer' in decision ? decision.offer.lane : undefined)

describe('a job that begins', () => {
  test('goes to the submissions of the cheapest lane, all of it, and says what that costs and how likely it lands', () => {
    const decision = decide(viewOf({}), 0)
    expect(decision.do).toBe('submit')
    expect(laneOf(decision)).toBe('v/batch')
    expect(shardsOf(decision)).toHaveLength(20)
    expect(decision.reason).toMatch(/20 shards to v\/batch: it costs 50% of standard, .* chance of 9\d% .* in 7 h/)
  })

  test('fills the quota of one account, then uses the next', () => {
    const offers = [batch({ room: 850 }), batch({ name: 'other', account: 'b' }), standard]
    expect(shardsOf(decide(viewOf({ offers }), 0))).toHaveLength(8)
    const shards = [...many(8, (id) => flies(id)), ...many(12, (id) => idle(`rest ${id}`))]
    const next = decide(viewOf({ offers: [batch({ room: 50 }), offers[1] as Offer, standard], shards }), 0)
    expect(next).toMatchObject({ do: 'submit', offer: { account: 'b' } })
    expect(shardsOf(next)).toHaveLength(12)
  })

  test('waits for quota where there is none and nothing presses', () => {
    const view = viewOf({ offers: [batch({ room: 0 })], deadline: null })
    expect(decide(view, 0)).toMatchObject({ do: 'wait', for: 'quota' })
  })

  test('takes a dearer submission that lands in time over a cheaper one that would not', () => {
    const slow = { ...landing, mu: Math.log(20 * 3600), sigma: 0.5 }
    const offers = [batch({ name: 'cheap', lane: 'cheap/batch', price: 0.4, landing: slow }), batch(), standard]
    expect(laneOf(decide(viewOf({ offers }), 0))).toBe('v/batch')
    expect(laneOf(decide(viewOf({ offers, deadline: null }), 0))).toBe('cheap/batch')
  })

  test('goes to standard at once, and not all of it, when standard alone only just fits', () => {
    const decision = decide(viewOf({ deadline: 47 * MINUTE }), 0)
    expect(laneOf(decision)).toBe('v/standard')
    expect(shardsOf(decision).length).toBeLessThan(20)
    expect(decision.reason).toMatch(/2000 requests left need about 33 min there, and the deadline is 47 min away/)
  })

  test('keeps some shards for flex where submissions have no even chance to land soon', () => {
    const slow = { ...landing, mu: Math.log(3 * 3600) }
    const offers = [batch({ landing: slow }), flex, standard]
    const decision = decide(viewOf({ offers, deadline: 3 * HOUR }), 0)
    expect(laneOf(decision)).toBe('v/flex')
  })
})

describe('the latest safe moment', () => {
  const shards = many(20, (id) => flies(id))
  const { safeUntil } = outlookOf(viewOf({ shards }), HOUR)

  test('leaves time for the rest on standard, for the cancel, and for what may go wrong', () => {
    const forTheRest = 2000 * SECOND
    expect(8 * HOUR - safeUntil).toBeGreaterThan(forTheRest + 10 * MINUTE + 5 * MINUTE)
    expect(8 * HOUR - safeUntil).toBeLessThan(2 * forTheRest + 40 * MINUTE)
  })

  test('is later when less is left, when less is uncertain, and when the cancel is quick', () => {
    const at = (facts: Partial<View>): number => outlookOf(viewOf({ shards, ...facts }), HOUR).safeUntil
    expect(at({ shards: shards.slice(10) })).toBeGreaterThan(safeUntil)
    expect(at({ offers: [batch(), sync('standard', 1, { pace: { perSecond: 1, sigma: 0.02 } })] })).toBeGreaterThan(
      safeUntil,
    )
    expect(at({ offers: [batch({ cancelSeconds: 60 }), standard] })).toBe(safeUntil + 9 * MINUTE)
    const counted = many(20, (id) => flies(id, { done: 50 }))
    expect(at({ shards: counted })).toBeGreaterThan(safeUntil)
  })

  test('a count that says all is finished, from a submission that does not end, is not relied upon', () => {
    const full = many(20, (id) => flies(id, { done: 100 }))
    expect(outlookOf(viewOf({ shards: full }), HOUR).safeUntil).toBe(safeUntil)
  })

  test('before it the job waits, and looks again by then at the latest', () => {
    const decision = decide(viewOf({ shards }), safeUntil - 2 * MINUTE)
    expect(decision).toMatchObject({ do: 'wait', for: 'landing' })
    expect(decision.do === 'wait' && decision.until).toBeLessThanOrEqual(safeUntil)
    expect(decision.reason).toMatch(
      /dearer lane has to start in 2 min at the latest; 20 shards in flight with 2000 requests/,
    )
  })

  test('from then on only as many are cancelled as standard can take before the next ones end', () => {
    const decision = decide(viewOf({ shards }), safeUntil + SECOND)
    expect(decision).toMatchObject({ do: 'cancel', to: { lane: 'v/standard' } })
    expect(shardsOf(decision)).toHaveLength(8)
  })

  test('those that have finished least leave first', () => {
    const uneven = many(20, (id) => flies(id, { done: id === 's7' ? 3 : 60, movedAt: 6 * HOUR }))
    const moment = outlookOf(viewOf({ shards: uneven }), 7 * HOUR).safeUntil
    expect(shardsOf(decide(viewOf({ shards: uneven }), moment + SECOND))[0]).toBe('s7')
  })

  test('what a cancelled submission has not finished climbs, and nothing else', () => {
    const harvested = [idle('s0', ['batch'], 40), ...many(9, (id) => flies(`f${id}`))]
    const moment = outlookOf(viewOf({ shards: harvested }), 7 * HOUR).safeUntil
    const decision = decide(viewOf({ shards: harvested }), moment + SECOND)
    expect(decision).toMatchObject({ do: 'climb', shards: ['s0'], abandons: false })
  })

  test('priority joins only when standard alone would spend the margin', () => {
    const priority = sync('priority', 2)
    const busy = [
      ...many(10, (id) => flies(id, { offer: 'standard', movedAt: 1 })),
      ...many(10, (id) => idle(`i${id}`, ['batch'])),
    ]
    const view = viewOf({ shards: busy, offers: [batch(), standard, priority] })
    expect(decide(view, 8 * HOUR - 60 * MINUTE).do).toBe('wait')
    expect(laneOf(decide(view, 8 * HOUR - 40 * MINUTE))).toBe('v/priority')
  })
})

describe('cancels that lag', () => {
  const hanging = [flies('s0', { cancelledAt: 0 })]
  const view = (deadline: number): View => viewOf({ shards: hanging, deadline })

  test('are waited for up to three times the figure of the vendor, while the margin lasts', () => {
    expect(decide(view(31 * MINUTE), 20 * MINUTE).do).toBe('wait')
    expect(decide(view(33 * MINUTE), 30 * MINUTE)).toMatchObject({ do: 'climb', abandons: true })
  })

  test('are not waited for beyond that figure when the margin is being spent', () => {
    expect(decide(view(14 * MINUTE), 9 * MINUTE).do).toBe('wait')
    const decision = decide(view(14 * MINUTE), 11 * MINUTE)
    expect(decision).toMatchObject({ do: 'climb', abandons: true, shards: ['s0'] })
    expect(decision.reason).toContain('cancelled 11 min ago has not ended, and may be paid for besides')
  })
})

describe('stuck', () => {
  const landed = many(19, (id) => flies(id)).map(() => ({ offer: 'batch', seconds: 600 }))

  test('is a submission whose siblings of the same night landed long ago', () => {
    const decision = decide(viewOf({ shards: [flies('last')], landed }), 3 * HOUR)
    expect(decision).toMatchObject({ do: 'cancel', shards: ['last'], to: null })
    expect(decision.reason).toMatch(/as stuck: after 3 h on v\/batch/)
  })

  test('is not a night on which all are slow', () => {
    expect(decide(viewOf({ shards: many(20, (id) => flies(id)) }), 3 * HOUR).do).toBe('wait')
  })

  test('is not a submission whose count still grows', () => {
    const growing = [flies('last', { done: 40, movedAt: 3 * HOUR - MINUTE })]
    expect(decide(viewOf({ shards: growing, landed }), 3 * HOUR).do).toBe('wait')
  })

  test('is tried on the same lane once more, and then waits for the ladder', () => {
    const again = idle('last', ['batch'])
    expect(decide(viewOf({ shards: [again], landed }), 3 * HOUR)).toMatchObject({
      do: 'climb',
      offer: { name: 'batch' },
    })
    const twice = decide(viewOf({ shards: [flies('last', {}, ['batch'])], landed }), 3 * HOUR)
    expect(twice.do).toBe('wait')
  })

  test('moves to flex, where there is one, since that costs the same', () => {
    const view = viewOf({ shards: [idle('last', ['batch'])], landed, offers: [batch(), flex, standard] })
    expect(laneOf(decide(view, 3 * HOUR))).toBe('v/flex')
  })
})

test('what has left flex for want of time does not come back to it', () => {
  const shards = [idle('s0', ['batch', 'flex'])]
  expect(laneOf(decide(viewOf({ shards, offers: [batch({ down: true }), flex, standard] }), HOUR))).not.toBe('v/flex')
})

describe('without a deadline', () => {
  test('nothing is ever cancelled and nothing climbs, however long it takes', () => {
    const view = viewOf({ deadline: null, shards: many(20, (id) => flies(id)), offers: [batch(), flex, standard] })
    for (const now of [HOUR, 10 * HOUR, 100 * HOUR]) {
      expect(decide(view, now)).toMatchObject({ do: 'wait', for: 'landing' })
    }
  })

  test('what expired is submitted again on the same lane', () => {
    const view = viewOf({ deadline: null, shards: [idle('s0', ['batch', 'batch'])], offers: [batch(), flex, standard] })
    expect(laneOf(decide(view, 30 * HOUR))).toBe('v/batch')
  })
})

describe('an own engine in its idle hours', () => {
  const own = sync('idle', 0.2, { window: { opens: HOUR, closes: 6 * HOUR } })
  const view = viewOf({ offers: [batch(), own, standard] })

  test('is used while its window is open, and not before', () => {
    expect(laneOf(decide(view, 0))).toBe('v/batch')
    expect(laneOf(decide(view, 2 * HOUR))).toBe('v/idle')
  })

  test('is not what a deadline relies upon', () => {
    expect(outlookOf(view, 2 * HOUR).sure.map(({ offers }) => offers[0]?.name)).toEqual(['standard'])
  })
})

describe('walls', () => {
  test('a budget is one: the step that would pass it is not taken, and the job says so', () => {
    const shards = many(20, (id) => idle(id, ['batch', 'batch']))
    const view = viewOf({ shards, deadline: 40 * MINUTE, budgetLeft: 40 })
    expect(decide(view, 10 * MINUTE)).toMatchObject({ do: 'wait', for: 'budget' })
    const some = decide({ ...view, budgetLeft: 250 }, 10 * MINUTE)
    expect(shardsOf(some)).toHaveLength(2)
  })

  test('what could not be bought on the next lane is not cancelled on this one', () => {
    const view = viewOf({ shards: many(20, (id) => flies(id)), budgetLeft: 50 })
    expect(decide(view, 7.5 * HOUR).do).toBe('wait')
  })

  test('when no lane answers, the job waits for the vendor', () => {
    const offers = [batch({ down: true }), sync('standard', 1, { down: true })]
    expect(decide(viewOf({ offers }), 0)).toMatchObject({ do: 'wait', for: 'vendor' })
  })
})

test('a job whose every request has an outcome is finished', () => {
  expect(decide(viewOf({ shards: [] }), HOUR).do).toBe('finish')
  expect(decide(viewOf({ shards: [idle('s0', ['batch'], 0)] }), HOUR).do).toBe('finish')
})

describe('whatever the view', () => {
  const shard = fc.record({
    requests: fc.integer({ min: 0, max: 5000 }),
    flight: fc.option(
      fc.record({
        offer: fc.constantFrom('batch', 'flex', 'standard'),
        since: fc.integer({ min: 0, max: 4 * HOUR }),
        done: fc.option(fc.integer({ min: 0, max: 5000 })),
        movedAt: fc.option(fc.integer({ min: 0, max: 4 * HOUR })),
        cancelledAt: fc.option(fc.integer({ min: 0, max: 4 * HOUR })),
      }),
    ),
    tried: fc.array(fc.constantFrom('batch', 'flex'), { maxLength: 3 }),
  })
  const views = fc.record({
    deadline: fc.option(fc.integer({ min: HOUR, max: 12 * HOUR })),
    shards: fc.array(shard, { maxLength: 24 }),
    landed: fc.array(fc.record({ offer: fc.constant('batch'), seconds: fc.integer({ min: 1, max: 50_000 }) })),
    budgetLeft: fc.option(fc.integer({ min: 0, max: 20_000 })),
    room: fc.integer({ min: 0, max: 30_000 }),
    down: fc.record({ batch: fc.boolean(), flex: fc.boolean(), standard: fc.boolean() }),
    perSecond: fc.double({ min: 0.01, max: 100, noNaN: true }),
  })
  const build = ({ down, room, perSecond, shards, ...rest }: ReturnType<typeof views.generate>['value']): View => {
    const pace = { perSecond, sigma: 0.3 }
    return viewOf({
      ...rest,
      shards: shards.map((one, at) => ({ ...one, id: `s${at}` })),
      offers: [
        batch({ room, down: down.batch }),
        sync('flex', 0.5, { pace, down: down.flex }),
        sync('standard', 1, { pace, down: down.standard }),
      ],
    })
  }
  const cases = fc.tuple(
    views.map((parts) => build(parts as never)),
    fc.integer({ min: 4 * HOUR, max: 13 * HOUR }),
  )

  test('a decision can be carried out: shards that exist, not in flight to be bought, in flight to be cancelled', () => {
    fc.assert(
      fc.property(cases, ([view, now]) => {
        const decision = decide(view, now)
        const named = shardsOf(decision).map((id) => view.shards.find((one) => one.id === id))
        if (decision.do === 'wait') expect(decision.until).toBeGreaterThan(now)
        if (decision.do === 'finish') expect(view.shards.every(({ requests }) => requests === 0)).toBe(true)
        if ('shards' in decision) expect(named.length).toBeGreaterThan(0)
        for (const one of named) {
          expect(one?.requests).toBeGreaterThan(0)
          if (decision.do === 'submit') expect(one).toMatchObject({ flight: null })
          if (decision.do === 'climb' && !decision.abandons) expect(one).toMatchObject({ flight: null })
          if (decision.do === 'climb' && decision.abandons) expect(one?.flight?.cancelledAt).not.toBeNull()
          if (decision.do === 'cancel') expect(one?.flight).toMatchObject({ cancelledAt: null })
        }
      }),
    )
  })

  test('nothing is bought on a lane that is down, beyond its room, or beyond the budget', () => {
    fc.assert(
      fc.property(cases, ([view, now]) => {
        const decision = decide(view, now)
        if (decision.do !== 'submit' && decision.do !== 'climb') return
        const requests = view.shards
          .filter(({ id }) => decision.shards.includes(id))
          .reduce((sum, one) => sum + one.requests, 0)
        expect(decision.offer.down).toBe(false)
        expect(requests).toBeLessThanOrEqual(decision.offer.room)
        expect(requests * decision.offer.price).toBeLessThanOrEqual(view.budgetLeft ?? Number.POSITIVE_INFINITY)
      }),
    )
  })

  test('it is decided the same way twice, every decision says why', () => {
    fc.assert(
      fc.property(cases, ([view, now]) => {
        const before = JSON.stringify(view)
        const decision = decide(view, now)
        expect(decide(view, now)).toEqual(decision)
        expect(JSON.stringify(view)).toBe(before)
        expect(decision.reason).toMatch(/^[A-Z0-9].*\.$/)
        expect(decision.reason).not.toMatch(/NaN|Infinity|undefined/)
      }),
    )
  })
})
