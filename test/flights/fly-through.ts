import { describe, expect, test } from 'vitest'
import { scenarios } from '../../src/emulator/index.ts'
import { type Job, JobHeld, type JobInput, type JobSettings, type Receipt } from '../../src/index.ts'
import { eventTypes, type Field, type FieldOptions, field, idOf, type Named, outputLines, until } from './field.ts'
import { judge } from './judge.ts'

/** More than none and fewer than all: which lines are struck is drawn from their bodies. */
export const SOME = -1

export interface Expectation {
  /** With parameters, or with others beside it. Default: the name alone. */
  readonly scenario?: string
  readonly speed?: number
  /** Median seconds in progress. */
  readonly median?: number
  /** Default: the vendor's 40 requests. */
  readonly input?: JobInput
  readonly settings?: JobSettings
  /** What the user does once the job is bought; else the job is waited for. */
  readonly meanwhile?: (job: Job, on: Field) => Promise<unknown>
  /** Requests by outcome. Default: all succeed. */
  readonly ends?: Partial<Omit<Receipt['requests'], 'total'>>
  /** The job is held for this reason first, exit code 4, and lands when the scenario is lifted. */
  readonly held?: string
  /** Events that prove that the trouble was met; of a list, one does. */
  readonly sees?: readonly (string | readonly string[])[]
  /** At the vendor. Default 1. */
  readonly purchases?: number
  /** Of them, those of which a row ran. Default: all. */
  readonly ran?: number
  /** Bodies that had to be paid for twice, because nobody can know better. */
  readonly paidTwice?: number
  /** The vendor perhaps billed what nobody saw. */
  readonly unproven?: true
}

/** A day passes in three seconds. */
export const DAY_FAST = 28_800
/** Slow enough that a minute at the vendor is seen as a minute. */
export const SLOW = 300
/** Slow enough that two seconds at the vendor are some time here. */
export const SLOWEST = 5

/** Once some rows have run, and not all. */
export const cancelHalfWay = async (job: Job, { emulator }: Field): Promise<unknown> => {
  await job.untilBought()
  await until(async () => ((await emulator.log()).purchases[0]?.executed ?? 0) > 0)
  return job.cancel()
}

export type Expectations = Readonly<Record<string, Expectation | readonly Expectation[]>>

/** Of all scenarios, `npm test` flies so many, and `npm run scenarios` the others too. */
const ONE_OF = 3
const isAll = process.env['MODE'] === 'scenarios'

/**
 * A flight through every scenario of a vendor's emulator, judged by the vendor's own log and bill. Emulated time passes
 * while a busy machine does something else, so what a flight is to see (`sees`, `meanwhile`) has to come in any case, or
 * to last for seconds of real time.
 */
export function flyThrough(
  vendor: string,
  usual: readonly Named[],
  expectations: Expectations,
  options: FieldOptions = {},
): void {
  test('every scenario of the emulator has its expectation', () => {
    expect(Object.keys(expectations).sort()).toEqual(
      scenarios
        .filter(({ vendors }) => vendors?.includes(vendor))
        .map(({ name }) => name)
        .sort(),
    )
  })

  const flights = Object.entries(expectations).flatMap(([name, one]) =>
    (Array.isArray(one) ? (one as readonly Expectation[]) : [one as Expectation]).map((expected, index) => ({
      title: `${expected.scenario ?? name}${index === 0 ? '' : ` (${index + 1})`}`,
      scenario: expected.scenario ?? name,
      expected,
    })),
  )

  describe.concurrent(`a flight through ${vendor}`, () => {
    test.for(flights.filter((_, at) => isAll || at % ONE_OF === 0))(
      '$title ends as it should, and the books close',
      { timeout: 120_000 },
      async ({ scenario, expected }, { expect, signal }) => {
        await using on = await field({
          ...options,
          // A name may be another vendor's too, with parameters of its own.
          scenario: scenario.split('+').map((text) => `${vendor}/${text}`),
          ...(expected.speed === undefined ? {} : { speed: expected.speed }),
          ...(expected.median === undefined ? {} : { latency: { medianSeconds: expected.median, sigma: 0 } }),
        })
        const redeye = await on.open()
        const input = expected.input ?? usual
        const job = await redeye.submit(input, expected.settings)
        if (expected.held !== undefined) {
          const held = await job.wait({ signal }).catch((error: unknown) => error)
          expect(held).toBeInstanceOf(JobHeld)
          expect(held).toMatchObject({ code: `held_${expected.held}`, exitCode: 4 })
          expect((held as JobHeld).hint).toContain(`redeye watch ${job.id}`)
          on.emulator.setScenario([])
        }
        if (expected.meanwhile !== undefined) await expected.meanwhile(job, on)
        await job.wait({ signal })

        const total = (input as readonly unknown[]).length
        const receipt = await job.receipt()
        const { total: of, ...ended } = receipt.requests
        expect(of).toBe(total)
        for (const [outcome, count] of Object.entries(ended)) {
          const wanted =
            expected.ends === undefined && outcome === 'succeeded'
              ? total
              : (expected.ends?.[outcome as keyof typeof ended] ?? 0)
          expect
            .soft({ [outcome]: count === 0 || count === total || wanted !== SOME ? count : SOME })
            .toEqual({ [outcome]: wanted })
        }
        const seen = await eventTypes(job)
        for (const one of expected.sees ?? []) {
          expect
            .soft(
              [one].flat().filter((type) => seen.includes(type)),
              `${one} of ${seen}`,
            )
            .not.toEqual([])
        }

        const requests = expected.settings?.prompt === undefined
        const verdict = await judge(on.emulator, [
          {
            ids: requests ? (input as typeof usual).map(idOf) : null,
            receipt,
            lines: requests ? await outputLines(job) : null,
          },
        ])
        const { faults, purchases, ran, paidTwice, nanoUsd } = verdict
        expect.soft(faults.filter((fault) => !fault.includes('was paid for 2 times'))).toEqual([])
        expect.soft({ paidTwice }).toEqual({ paidTwice: expected.paidTwice ?? 0 })
        const wanted = expected.purchases ?? 1
        if (wanted === SOME) expect.soft(purchases).toBeGreaterThan(1)
        else expect.soft({ purchases, ran }).toEqual({ purchases: wanted, ran: expected.ran ?? wanted })
        expect.soft({ unproven: nanoUsd.unproven > 0n }).toEqual({ unproven: expected.unproven === true })
      },
    )
  })
}
